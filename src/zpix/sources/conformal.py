"""Which redshift intervals hold the true redshift as often as they say, whatever the PDFs are worth?

Split conformal prediction (Vovk et al. 2005; Romano et al. 2019): of sources of known redshift that the network has not
learnt from, how far from the middle of its PDF, in probability, is each true redshift? The central interval of a new
source that reaches as far as a share of those covers as large a share of new sources, if they are drawn as the known
ones were; no other assumption is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from zpix.sources.mixture import ZMixture

Floats = NDArray[np.float64]

#: Shares of true redshifts that intervals hold: those of the catalogue. A checkpoint's header stays short.
_LEVELS = (0.68, 0.95)
#: log₁₀ S/N between groups of sources, each with intervals of its own.
_EDGES = (1.0, 1.5, 2.0, 2.5)
# A group with fewer sources takes the reaches of all sources.
_FEWEST = 50
_FARTHEST = 8.0  # σ: beyond, probabilities are 0 or 1 to the precision of numbers


@dataclass(frozen=True)
class ConformalIntervals:
    """How far intervals must reach from the middle of a PDF, by signal-to-noise.

    Attributes
    ----------
    log_snr : (B,) float, increasing
        Edges between B + 1 groups.
    level : (L,) float
        Shares of true redshifts that intervals can hold.
    reach : (B + 1, L) float
        How far from the middle of their PDFs that share of the known sources of each group lies, in σ of the normal
        distribution whose central interval has the same probability, |2 PIT − 1|; 8 is any distance.
    count : (B + 1,) int
        How many known sources the reaches of a group are from.
    """

    log_snr: tuple[float, ...]
    level: tuple[float, ...]
    reach: tuple[tuple[float, ...], ...]
    count: tuple[int, ...]

    @staticmethod
    def fit(mixture: ZMixture, snr: ArrayLike, z_true: ArrayLike) -> ConformalIntervals:
        """Learn from N sources of known redshift.

        Parameters
        ----------
        mixture : ZMixture of length N ≥ 1
        snr, z_true : (N,) float
        """
        pit = mixture.cdf(np.asarray(z_true, np.float64)[:, None])[:, 0]
        score, group = np.minimum(np.abs(ndtri(pit)), _FARTHEST), _group(snr, _EDGES)
        reach, count = [], []
        for index in range(len(_EDGES) + 1):
            own = score[group == index] if (group == index).sum() >= _FEWEST else score
            # the score of a new source is as likely below the lowest of n as above the highest: n + 1 places
            rank = np.ceil(np.array(_LEVELS) * (len(own) + 1)).astype(int)
            ordered = np.concatenate([[0.0], np.sort(own), [_FARTHEST]])
            reach.append(tuple(ordered[rank].round(4).tolist()))
            count.append(len(own))
        return ConformalIntervals(_EDGES, _LEVELS, tuple(reach), tuple(count))

    def interval(self, mixture: ZMixture, snr: ArrayLike, *, level: float) -> Floats:
        """Lower and upper end of the intervals that hold a share `level` of true redshifts, shape (N, 2).

        They are 0 and infinity where known sources are too few, or too far from their PDFs, for less.
        """
        if level not in self.level:
            raise ValueError(f"level = {level}: must be one of {', '.join(map(str, self.level))}")
        reach = np.array(self.reach)[_group(snr, self.log_snr), self.level.index(level)]
        ends = np.empty((len(mixture), 2))
        for value in np.unique(reach):  # as many as there are groups
            rows = reach == value
            told = value < _FARTHEST
            ends[rows] = mixture[rows].quantile(ndtr(np.array([-value, value]))) if told else (0.0, np.inf)
        return ends

    @staticmethod
    def from_saved(values: Mapping[str, Any] | None) -> ConformalIntervals | None:
        """Make the intervals whose values a checkpoint keeps; None without values."""
        if not values:
            return None
        reach = tuple(tuple(row) for row in values["reach"])
        return ConformalIntervals(tuple(values["log_snr"]), tuple(values["level"]), reach, tuple(values["count"]))


def _group(snr: ArrayLike, edges: tuple[float, ...]) -> NDArray[np.intp]:
    log_snr = np.log10(np.maximum(np.nan_to_num(np.asarray(snr, np.float64)), 1e-3))
    return np.searchsorted(edges, log_snr, side="right")
