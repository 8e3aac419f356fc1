"""Is a source like those that a model's redshifts were validated on?

A network predicts a redshift for any input. `Novelty` measures how far a source is from ordinary ones, the validation
sources of known redshift, in the features of the redshift head: the significances and colours measured in the pixels
(a colour–magnitude space with errors) and its hidden layer. In each space this is the Mahalanobis distance (1936; Lee
et al. 2018 for layers of networks) from sources of the same signal-to-noise ratio: compared with sources of all ratios,
bright sources, which are few, would all count as unusual, and noise would hide unusual faint ones.

Where bands are missing, ordinary sources are described as they would be without these bands, from the significances and
colours of the others; the hidden layer, which answers differently then, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv

# log₁₀ S/N at which sources are described; distances are interpolated in between and constant beyond.
_KNOTS = (0.75, 1.25, 1.75, 2.25, 2.75)
# A knot with fewer sources is left out.
_FEWEST = 50.0
_MOST_DIMENSIONS = 48  # of a space: hardly any variance is left in the others
_SOURCES_PER_DIMENSION = 10
# Of the dimensions that are left without some bands: the weakest hold noise that a space has not kept.
_KEPT_SHARE = 0.6
#: Fraction of ordinary sources within the limit of a space.
WITHIN = 0.98


@dataclass(frozen=True, eq=False)
class Space:
    """Distribution of ordinary sources in F features of one kind, along D directions, at K signal-to-noise ratios.

    Attributes
    ----------
    origin : (F,) float32
        Mean of the features.
    directions : (F, D) float32
        Matrix from features less `origin` to principal components of unit variance.
    mean : (K, D) float32
        Mean of the components at each signal-to-noise ratio.
    whitening : (K, D, D) float32
        Matrices from components less `mean` to independent components of unit variance.
    limit : (K,) float32
        Distance within which 98 % of ordinary sources lie.
    """

    origin: NDArray[np.float32]
    directions: NDArray[np.float32]
    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]
    limit: NDArray[np.float32]

    def distance(self, features: NDArray[np.floating], shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance of sources from ordinary ones.

        Parameters
        ----------
        features : (N, F) float
            Features of the sources.
        shares : (N, K) float64
            Weight of each signal-to-noise ratio for each source; rows sum to one.

        Returns
        -------
        (N,) float64
            Distance in units of the limit.
        """
        component = (features - self.origin) @ self.directions  # (N, D)
        squared = np.zeros(len(features))
        for share, mean, whitening in zip(shares.T, self.mean, self.whitening, strict=True):
            squared += share * (((component - mean) @ whitening) ** 2).sum(1)
        distance: NDArray[np.float64] = np.sqrt(squared) / np.exp(shares @ np.log(self.limit))
        return distance

    def projected(self, matrix: NDArray[np.float64], *, dimensions: int) -> Space:
        """Describe the same sources in linear combinations of the features.

        Parameters
        ----------
        matrix : (F, F) float64
            From the features to the combinations.
        dimensions : int
            Number of directions to keep, those of the largest variance.

        Returns
        -------
        Space
            Of the same F features. Its limit is scaled as that of normal distributions of so many dimensions is.
        """
        back = np.linalg.pinv(self.directions.astype(np.float64)) @ matrix  # (D, F), from components to combinations
        scale = np.sqrt((back**2).sum(0))
        scale[scale < 1e-6 * scale.max()] = np.inf  # what no longer varies, such as the colour of a single band
        variance, axes = np.linalg.eigh((back / scale).T @ (back / scale))
        strongest = np.argsort(-variance)[:dimensions]
        strongest = strongest[variance[strongest] > 1e-6 * variance.max()]
        onto = axes[:, strongest] / np.sqrt(variance[strongest]) / scale[:, None]  # (F, new D)
        turn = back @ onto  # (D, new D)
        whitening = []
        for earlier in self.whitening.astype(np.float64):
            spread = np.linalg.inv(earlier).T  # whose product with its transpose is the covariance
            values, vectors = np.linalg.eigh((spread.T @ turn).T @ (spread.T @ turn))
            whitening.append(vectors / np.sqrt(np.maximum(values, 1e-12)))
        new, old = len(strongest), self.directions.shape[1]  # quantiles of chi², by the incomplete gamma function
        ratio = np.sqrt(gammaincinv(0.5 * new, WITHIN) / gammaincinv(0.5 * old, WITHIN))
        arrays = (self.origin, matrix @ onto, self.mean @ turn, np.stack(whitening), self.limit * ratio)
        return Space(*(np.asarray(values, np.float32) for values in arrays))

    @staticmethod
    def fit(features: NDArray[np.floating], shares: NDArray[np.float64]) -> Space:
        """Describe ordinary sources: means and covariances from one half of them, the limit from the other.

        Parameters
        ----------
        features : (N, F) float
            Features of the sources.
        shares : (N, K) float64
            Weight of each signal-to-noise ratio for each source; rows sum to one.

        Returns
        -------
        Space
            Their distribution.
        """
        learnt, held_out = features[::2].astype(np.float64), features[1::2]
        most = min(_MOST_DIMENSIONS, features.shape[1], max(1, len(learnt) // _SOURCES_PER_DIMENSION))
        origin = learnt.mean(0)
        scale = np.maximum(learnt.std(0), 1e-6)
        variance, axes = np.linalg.eigh(np.cov((learnt - origin) / scale, rowvar=False).reshape(len(origin), -1))
        strongest = np.argsort(-variance)[:most]
        strongest = strongest[variance[strongest] > 1e-6 * variance.max()]
        directions = axes[:, strongest] / np.sqrt(variance[strongest]) / scale[:, None]
        component = (learnt - origin) @ directions
        described = [_centre_and_whitening(component, share) for share in shares[::2].T]
        mean, whitening = (np.stack(parts).astype(np.float32) for parts in zip(*described, strict=True))
        one = np.ones(shares.shape[1], np.float32)
        unlimited = Space(origin.astype(np.float32), directions.astype(np.float32), mean, whitening, one)
        distance = unlimited.distance(held_out, shares[1::2])
        limit = [_weighted_quantile(distance, share, WITHIN) for share in shares[1::2].T]
        return Space(unlimited.origin, unlimited.directions, mean, whitening, np.array(limit, np.float32))


@dataclass(frozen=True, eq=False)
class Novelty:
    """Distance of sources from those that a model was validated on.

    Attributes
    ----------
    log_snr : (K,) float32, increasing
        log₁₀ of the signal-to-noise ratio in the mask, all bands together.
    spaces : tuple of Space, default empty
        Distributions of the validation sources: the first is of the first features, and so on. Empty if there were
        too few of them.
    """

    log_snr: NDArray[np.float32]
    spaces: tuple[Space, ...] = ()

    def distance(
        self,
        features: NDArray[np.floating],
        snr: ArrayLike,
        *,
        observed: NDArray[np.bool_] | None = None,
        by_band: bool = False,
    ) -> NDArray[np.float32]:
        """Return the distance of sources from ordinary ones, in the space where it is largest.

        Parameters
        ----------
        features : (N, F) float
            Features of the redshift head, as in `Detections`.
        snr : (N,) float
            Signal-to-noise ratio of each source, in all observed bands together.
        observed : (N, B) bool, optional
            Bands in which each source was observed; all by default.
        by_band : bool, default: False
            Whether the features of the first kind are significances (B, sum) and after them colours (B, sum), each less
            the mean of the observed bands, so that the distance of a source with bands missing can be told.

        Returns
        -------
        (N,) float32
            Distance in units of the limit; NaN if there are no spaces, or bands are missing and it cannot be told.
        """
        if not self.spaces:
            return np.full(len(features), np.nan, np.float32)
        distance = self._of_all_bands(features, snr)
        if observed is None or observed.all():
            return distance
        distance[~observed.all(1)] = np.nan
        if by_band:
            snr = np.asarray(snr, np.float64)
            for bands in np.unique(observed, axis=0):
                rows = (observed == bands).all(1)
                if bands.any() and not bands.all():
                    # of the knots, which are for all bands
                    whole = snr[rows] * np.sqrt(len(bands) / bands.sum())
                    first = features[rows, : len(self.spaces[0].origin)]
                    space = _without(self.spaces[0], tuple(bands.tolist()))
                    distance[rows] = space.distance(first, _shares(whole, self.log_snr))
        return distance

    def _of_all_bands(self, features: NDArray[np.floating], snr: ArrayLike) -> NDArray[np.float32]:
        """Distance of sources that were observed in every band, (N,)."""
        shares = _shares(snr, self.log_snr)
        stops = np.cumsum([len(space.origin) for space in self.spaces])
        parts = np.split(features, stops[:-1], axis=1)
        own = [space.distance(part, shares) for space, part in zip(self.spaces, parts, strict=True)]
        largest: NDArray[np.float32] = np.max(own, axis=0).astype(np.float32)
        return largest

    @staticmethod
    def fit(features: NDArray[np.floating], snr: ArrayLike, *, widths: Sequence[int]) -> Novelty:
        """Describe N ordinary sources that the network was not trained on.

        Parameters
        ----------
        features : (N, F) float
            Features of the redshift head, as in `Detections`.
        snr : (N,) float
            Signal-to-noise ratio of each source.
        widths : sequence of int
            Number of features of each kind; they sum to F.

        Returns
        -------
        Novelty
            Their distribution at every signal-to-noise ratio with at least 50 sources.
        """
        knots = np.array(_KNOTS)
        knots = knots[_shares(snr, knots).sum(0) >= _FEWEST]
        if not len(knots):
            return Novelty(np.zeros(0, np.float32))
        shares = _shares(snr, knots)
        parts = np.split(np.asarray(features), np.cumsum(widths)[:-1], axis=1)
        return Novelty(knots.astype(np.float32), tuple(Space.fit(part, shares) for part in parts if part.shape[1]))

    def to_arrays(self) -> dict[str, NDArray[np.float32]]:
        """Return everything as named arrays, to be written to a file.

        Returns
        -------
        dict of str to float32 array
            `log_snr`, and the arrays of each space under its number.
        """
        arrays = {"log_snr": self.log_snr}
        for number, space in enumerate(self.spaces):
            arrays |= {f"{number}.{f.name}": np.ascontiguousarray(getattr(space, f.name)) for f in fields(Space)}
        return arrays

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[np.float32]]) -> Novelty:
        """Rebuild from named arrays; the inverse of `to_arrays`.

        Parameters
        ----------
        arrays : mapping of str to float32 array
            As `to_arrays` returns them; an empty mapping gives no spaces.

        Returns
        -------
        Novelty
            The same as was written.
        """
        count = len({name.partition(".")[0] for name in arrays if "." in name})
        spaces = (Space(*(arrays[f"{number}.{f.name}"] for f in fields(Space))) for number in range(count))
        return Novelty(arrays.get("log_snr", np.zeros(0, np.float32)), tuple(spaces))


@lru_cache(maxsize=64)  # the same few sets of bands in every tile
def _without(space: Space, observed: tuple[bool, ...]) -> Space:
    """The first space as it is for sources that were observed in some of B bands."""
    bands = np.array(observed)
    sums = len(space.origin) // (2 * len(bands))
    kept = np.diag(bands.astype(np.float64))
    relative = kept - np.outer(bands, bands) / bands.sum()  # colours are relative to the mean of the bands
    each = np.eye(sums)
    nothing = np.zeros((len(bands) * sums, len(bands) * sums))
    matrix = np.block([[np.kron(kept, each), nothing], [nothing, np.kron(relative, each)]])
    most = max(1, round(_KEPT_SHARE * space.directions.shape[1] * bands.mean()))
    return space.projected(matrix, dimensions=most)


def _shares(snr: ArrayLike, log_snr: NDArray[np.floating]) -> NDArray[np.float64]:
    """Weight of each of K increasing signal-to-noise ratios for N sources, (N, K); rows sum to one."""
    own = np.log10(np.maximum(np.nan_to_num(np.asarray(snr, np.float64)), 1e-3))
    return np.stack([np.interp(own, log_snr, row) for row in np.eye(len(log_snr))], axis=1)


def _centre_and_whitening(
    component: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted mean (D,) of points (N, D), and the matrix (D, D) that makes them independent and of unit variance.

    The covariance is shrunk towards a sphere with the weight of D points, so that few points give one as well.
    """
    total, size = weight.sum(), component.shape[1]
    mean = weight @ component / total
    offset = component - mean
    scatter = (offset * weight[:, None]).T @ offset
    sphere = np.trace(scatter) / total * np.eye(size)
    variance, axes = np.linalg.eigh((scatter + sphere) / (total + size))
    return mean, axes / np.sqrt(np.maximum(variance, 1e-12))


def _weighted_quantile(values: NDArray[np.float64], weight: NDArray[np.float64], quantile: float) -> float:
    """Quantile of weighted values."""
    order = np.argsort(values)
    below = np.cumsum(weight[order]) - 0.5 * weight[order]
    return float(np.interp(quantile * weight.sum(), below, values[order]))
