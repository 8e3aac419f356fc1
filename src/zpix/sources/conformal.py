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

#: log₁₀ S/N between groups of sources, each with intervals of its own.
_EDGES = (1.0, 1.5, 2.0, 2.5)
_REACHES = 201  # quantiles that are kept per group
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
    reach : (B + 1, Q) float
        Quantiles, at levels 0 to 1 in equal steps, of how far known sources of each group lie from the middle of their
        PDFs, in σ of the normal distribution whose central interval has the same probability, |2 PIT − 1|; at most 8.
    count : (B + 1,) int
        How many known sources the reaches of a group are from.
    """

    log_snr: tuple[float, ...]
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
        levels, reach, count = np.linspace(0, 1, _REACHES), [], []
        for index in range(len(_EDGES) + 1):
            own = score[group == index] if (group == index).sum() >= _FEWEST else score
            # the score of a new source is as likely below the lowest of n as above the highest: n + 1 places
            rank = np.ceil(levels * (len(own) + 1)).astype(int)
            ordered = np.concatenate([[0.0], np.sort(own), [_FARTHEST]])
            reach.append(tuple(ordered[np.clip(rank, 0, len(own) + 1)].round(4).tolist()))
            count.append(len(own))
        return ConformalIntervals(_EDGES, tuple(reach), tuple(count))

    def interval(self, mixture: ZMixture, snr: ArrayLike, *, level: float) -> Floats:
        """Lower and upper end of the intervals that hold a share `level` of true redshifts, shape (N, 2)."""
        if not 0 < level < 1:
            raise ValueError(f"level = {level}: a share between 0 and 1")
        step = int(np.ceil(level * (_REACHES - 1) - 1e-9))  # the next level that is kept, so as not to cover less
        reach = np.array([row[step] for row in self.reach])[_group(snr, self.log_snr)]
        ends = np.empty((len(mixture), 2))
        for value in np.unique(reach):  # as many as there are groups
            rows = reach == value
            ends[rows] = mixture[rows].quantile(ndtr(np.array([-value, value])))
        return ends

    def to_about(self) -> dict[str, Any]:
        """As a checkpoint remembers it."""
        return {"log_snr": list(self.log_snr), "reach": [list(row) for row in self.reach], "count": list(self.count)}

    @staticmethod
    def from_about(about: Mapping[str, Any]) -> ConformalIntervals | None:
        """The intervals that a checkpoint remembers under `conformal`, if any."""
        kept = about.get("conformal")
        if not kept:
            return None
        return ConformalIntervals(
            tuple(kept["log_snr"]), tuple(tuple(row) for row in kept["reach"]), tuple(kept["count"])
        )


def _group(snr: ArrayLike, edges: tuple[float, ...]) -> NDArray[np.intp]:
    log_snr = np.log10(np.maximum(np.nan_to_num(np.asarray(snr, np.float64)), 1e-3))
    return np.searchsorted(edges, log_snr, side="right")
