"""Which redshift intervals contain the true redshift as often as stated, even if the PDFs are wrong?

Split conformal prediction (Vovk et al. 2005; Romano et al. 2019): for sources of known redshift that the network was
not trained on, measure how far from the median of its PDF, in probability, each true redshift lies. Central intervals
that reach as far as 68 % of these distances contain 68 % of the true redshifts of new sources. The only assumption is
that the new sources are drawn from the same population as the known ones.
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

#: Fractions of true redshifts inside the intervals: only those of the catalogue, to keep a checkpoint's header short.
_LEVELS = (0.68, 0.95)
#: log₁₀ S/N between groups of sources; each group has its own intervals.
_EDGES = (1.0, 1.5, 2.0, 2.5)
# A group with fewer sources uses the reaches of all sources.
_FEWEST = 50
_FARTHEST = 8.0  # σ: beyond, probabilities are 0 or 1 to the precision of numbers


@dataclass(frozen=True)
class ConformalIntervals:
    """How far intervals must reach from the median of a PDF, by signal-to-noise ratio.

    Attributes
    ----------
    log_snr : tuple of B floats, increasing
        Edges in log₁₀ S/N between B + 1 groups of sources.
    level : tuple of L floats
        Fractions of true redshifts that intervals can contain.
    reach : B + 1 tuples of L floats, σ
        Distance from the median of its PDF within which that fraction of the known sources of a group lies, in σ of
        the normal distribution whose central interval has the same probability, |2 PIT − 1|; 8 stands for no limit.
    count : tuple of B + 1 ints
        Number of known sources that the reaches of each group were measured on.
    """

    log_snr: tuple[float, ...]
    level: tuple[float, ...]
    reach: tuple[tuple[float, ...], ...]
    count: tuple[int, ...]

    @staticmethod
    def fit(mixture: ZMixture, snr: ArrayLike, z_true: ArrayLike, *, weight: ArrayLike = 1.0) -> ConformalIntervals:
        """Measure the reaches on N sources of known redshift.

        Parameters
        ----------
        mixture : ZMixture of length N ≥ 1
            Redshift PDFs, with calibrated widths if those are used.
        snr : (N,) float
            Signal-to-noise ratio of each source.
        z_true : (N,) float
            Known redshift of each source.
        weight : float or (N,) float, default 1
            How many new sources each stands for, 1 on average (Tibshirani et al. 2019): known ones that are brighter
            than the new ones have other weights.

        Returns
        -------
        ConformalIntervals
            Reaches for intervals of 68 and 95 %.
        """
        pit = mixture.cdf(np.asarray(z_true, np.float64)[:, None])[:, 0]
        score, group = np.minimum(np.abs(ndtri(pit)), _FARTHEST), _group(snr, _EDGES)
        weights = np.broadcast_to(np.asarray(weight, np.float64), score.shape)
        reach, count = [], []
        for index in range(len(_EDGES) + 1):
            rows = np.flatnonzero(group == index) if (group == index).sum() >= _FEWEST else np.arange(len(score))
            rows = rows[np.argsort(score[rows], kind="stable")]
            # a new score is equally likely to lie below the lowest of n, in any gap, or above the highest: n + 1 places
            below = np.cumsum(weights[rows])
            total = below[-1] if len(below) else 0.0
            rank = np.searchsorted(below, np.array(_LEVELS) * (total + 1) * (1 - 1e-12))
            ordered = np.append(score[rows], _FARTHEST)
            reach.append(tuple(ordered[rank].round(4).tolist()))
            count.append(len(rows))
        return ConformalIntervals(_EDGES, _LEVELS, tuple(reach), tuple(count))

    def interval(self, mixture: ZMixture, snr: ArrayLike, *, level: float) -> Floats:
        """Return the intervals that contain a fraction `level` of true redshifts.

        Parameters
        ----------
        mixture : ZMixture of length N
            Redshift PDFs.
        snr : (N,) float
            Signal-to-noise ratio of each source.
        level : float
            The fraction, one of the attribute `level`.

        Returns
        -------
        (N, 2) float64
            Lower and upper ends in redshift: 0 and infinity where there were too few known sources, or their
            redshifts lay too far from the PDFs, for a limit.

        Raises
        ------
        ValueError
            If `level` is not one of those measured.
        """
        if level not in self.level:
            raise ValueError(f"level = {level}: must be one of {', '.join(map(str, self.level))}")
        reach = np.array(self.reach)[_group(snr, self.log_snr), self.level.index(level)]
        ends = np.empty((len(mixture), 2))
        for value in np.unique(reach):  # as many as there are groups
            rows = reach == value
            limited = value < _FARTHEST
            ends[rows] = mixture[rows].quantile(ndtr(np.array([-value, value]))) if limited else (0.0, np.inf)
        return ends

    def no_narrower_than_pdfs(self) -> ConformalIntervals:
        """Give intervals that reach at least as far as the quantiles of the PDFs themselves.

        What is fitted on the skies of the training does not know how foreign a field is: it may widen intervals, but
        should not narrow them. They then hold at least the stated fraction on sources like the known ones.

        Returns
        -------
        ConformalIntervals
            With the reach of the central interval of a normal distribution, 1 σ for 68 %, as the least of each group.
        """
        least = ndtri((1 + np.array(self.level)) / 2).round(4)
        reach = tuple(tuple(np.maximum(own, least).tolist()) for own in self.reach)
        return ConformalIntervals(self.log_snr, self.level, reach, self.count)

    @staticmethod
    def from_saved(values: Mapping[str, Any] | None) -> ConformalIntervals | None:
        """Make the intervals whose values a checkpoint keeps; None without values.

        Parameters
        ----------
        values : mapping of str to object, optional
            The attributes by name, as a checkpoint keeps them.

        Returns
        -------
        ConformalIntervals or None
            The intervals; None without values.
        """
        if not values:
            return None
        reach = tuple(tuple(row) for row in values["reach"])
        return ConformalIntervals(tuple(values["log_snr"]), tuple(values["level"]), reach, tuple(values["count"]))


def _group(snr: ArrayLike, edges: tuple[float, ...]) -> NDArray[np.intp]:
    """Group of each source, (N,), counted from the lowest signal-to-noise ratio."""
    log_snr = np.log10(np.maximum(np.nan_to_num(np.asarray(snr, np.float64)), 1e-3))
    return np.searchsorted(edges, log_snr, side="right")
