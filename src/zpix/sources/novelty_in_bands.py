"""How unusual is a source in other bands than those that ordinary sources are described in?

A model that serves any bands is asked in those of a field. Features in these are brought to the bands in which
`Novelty` describes ordinary sources: in the same order, a band that the field lacks as one that was not observed, and
without bands that are not described.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.sources.novelty import Novelty


@dataclass(frozen=True, eq=False)
class NoveltyInBands:
    """Distance from ordinary sources, of sources that were seen in other bands than these.

    Attributes
    ----------
    novelty : Novelty
        What ordinary sources look like.
    described : tuple of str
        Bands in which it describes them, D of them.
    bands : tuple of str
        Bands in which sources were seen, B of them.
    by_band : bool
        As `Novelty.distance` takes it; if false, nothing is told in other bands.
    """

    novelty: Novelty
    described: tuple[str, ...]
    bands: tuple[str, ...]
    by_band: bool

    def distance(
        self, features: NDArray[np.floating], snr: ArrayLike, *, observed: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return the distance of sources from ordinary ones.

        Parameters
        ----------
        features : (N, F) float
            Features of the redshift head in B bands.
        snr : (N,) float
            Signal-to-noise ratio of each source, in all observed bands together.
        observed : (N, B) bool
            Bands in which each source was observed.

        Returns
        -------
        (N,) float32
            As `Novelty.distance`; NaN for a source without data in a described band.
        """
        if self.bands == self.described or not self.novelty.spaces:
            return self.novelty.distance(features, snr, observed=observed, by_band=self.by_band)
        if not self.by_band:
            return np.full(len(features), np.nan, np.float32)
        brought, seen = self._brought(features, observed)
        share = np.maximum(seen.sum(1), 1) / np.maximum(observed.sum(1), 1)
        novelty = self.novelty
        if set(self.bands) - set(self.described):  # what the hidden layer answers to further bands is not described
            novelty = replace(novelty, spaces=novelty.spaces[:1])
            brought = brought[:, : len(novelty.spaces[0].origin)]
        return novelty.distance(brought, np.asarray(snr, np.float64) * np.sqrt(share), observed=seen, by_band=True)

    def _brought(
        self, features: NDArray[np.floating], observed: NDArray[np.bool_]
    ) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
        """Features of N sources in the described bands, and in which of them they were observed, (N, D)."""
        count, bands, described = len(features), len(self.bands), len(self.described)
        sums = len(self.novelty.spaces[0].origin) // (2 * described)
        by_band = features[:, : 2 * bands * sums].reshape(count, 2, bands, sums)
        known = [place for place, band in enumerate(self.described) if band in self.bands]
        theirs = [self.bands.index(self.described[place]) for place in known]
        seen = np.zeros((count, described), bool)
        seen[:, known] = observed[:, theirs]
        brought = np.zeros((count, 2, described, sums), features.dtype)
        brought[:, :, known] = by_band[:, :, theirs]
        brought *= seen[:, None, :, None]
        # colours are relative to the mean of the observed bands, which are fewer without those that are left out
        mean = brought[:, 1].sum(1, keepdims=True) / np.maximum(seen.sum(1), 1)[:, None, None]
        brought[:, 1] -= mean * seen[:, :, None]
        return np.concatenate([brought.reshape(count, -1), features[:, 2 * bands * sums :]], axis=1), seen
