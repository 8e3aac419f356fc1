"""How many of the true sources are found, and how many of the found sources are true?

Completeness is counted in bins of the *true* magnitude: of all true sources in the field, whether or not they
stand out from the noise, the fraction with a detection matched one-to-one. Purity is counted in bins of the
*detected* magnitude (the flux inside the mask): of all detections, the fraction matched one-to-one to any
true source, bright or faint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from zpix.matching.pairs import Matching
from zpix.sources.rows import Rows

#: Bins of half a magnitude over the range of a JADES field.
MAG_EDGES = tuple(np.arange(21.0, 31.01, 0.5).tolist())
#: Magnitudes down to which one score is given.
MAG_LIMITS = (27.0, 28.0, 28.5)


@dataclass(frozen=True, eq=False)
class CountedFraction(Rows):
    """Fractions of counted sources, with their binomial uncertainty.

    Attributes
    ----------
    count : (B,) int
        Number of successes.
    total : (B,) int
        Number of trials.
    """

    count: NDArray[np.int64]
    total: NDArray[np.int64]

    @property
    def value(self) -> NDArray[np.float64]:
        """Fractions count / total, (B,); NaN where the total is zero."""
        fraction = np.full(len(self.total), np.nan)
        np.divide(self.count, self.total, out=fraction, where=self.total > 0)
        return fraction

    @property
    def error(self) -> NDArray[np.float64]:
        """Half the length of the 68 % interval, (B,); NaN where the total is zero."""
        low, high = self.interval()
        half: NDArray[np.float64] = 0.5 * (high - low)
        return half

    def interval(self, level: float = 0.6827) -> NDArray[np.float64]:
        """Score interval of Wilson (1927).

        Parameters
        ----------
        level : float, default: 0.6827
            Probability of the interval.

        Returns
        -------
        (2, B) float64
            Lower and upper ends; NaN where the total is zero.

        Examples
        --------
        >>> CountedFraction(np.array([90]), np.array([100])).interval().round(3)
        array([[0.866],
               [0.926]])
        """
        z = -ndtri(0.5 * (1 - level))
        total = np.where(self.total > 0, self.total, np.nan)
        p = self.count / total
        centre = (p + z**2 / (2 * total)) / (1 + z**2 / total)
        half = z / (1 + z**2 / total) * np.sqrt(p * (1 - p) / total + z**2 / (4 * total**2))
        ends: NDArray[np.float64] = np.clip([centre - half, centre + half], 0, 1)
        return ends

    @staticmethod
    def together(parts: Sequence[CountedFraction]) -> CountedFraction:
        """Count several fields as one.

        Parameters
        ----------
        parts : sequence of CountedFraction
            At least one, all of the same length B.

        Returns
        -------
        CountedFraction
            Sums of the counts and of the totals, of length B.
        """
        return CountedFraction(
            *(np.sum([getattr(part, name) for part in parts], axis=0) for name in ("count", "total"))
        )


@dataclass(frozen=True, eq=False)
class DetectionScores:
    """Completeness and purity against magnitude.

    Attributes
    ----------
    band : str
        Band of the magnitudes.
    mag_edges : (B + 1,) float
        Edges of the magnitude bins, AB.
    mag_limits : (L,) float
        The scores `..._below` count all sources brighter than these, AB.
    completeness, completeness_below : CountedFraction of length B, L
        Of all true sources, by true magnitude.
    completeness_detectable, completeness_detectable_below : CountedFraction of length B, L
        Of the true sources that have pixels of their own.
    purity, purity_below : CountedFraction of length B, L
        Of all detections, by detected magnitude, the share matched to any true source.
    """

    band: str
    mag_edges: NDArray[np.float64]
    mag_limits: NDArray[np.float64]
    completeness: CountedFraction
    completeness_below: CountedFraction
    completeness_detectable: CountedFraction
    completeness_detectable_below: CountedFraction
    purity: CountedFraction
    purity_below: CountedFraction


def score_detection(
    matching: Matching,
    *,
    detected_mag: ArrayLike,
    true_mag: ArrayLike,
    in_field: ArrayLike,
    detectable: ArrayLike,
    band: str,
    mag_edges: Sequence[float] = MAG_EDGES,
    mag_limits: Sequence[float] = MAG_LIMITS,
) -> DetectionScores:
    """Compute completeness and purity from matched detections.

    Parameters
    ----------
    matching : Matching
        Detections (left) matched with true sources (right).
    detected_mag : (n_left,) float
        AB magnitudes inside the masks; a detection without a finite one is in no bin.
    true_mag : (n_right,) float
        AB magnitudes of the total fluxes.
    in_field : (n_right,) bool
        Whether the true source lies in the field; one outside can make a detection true, but is not counted as missed.
    detectable : (n_right,) bool
        Whether the true source has pixels of its own.
    band : str
        Band of the magnitudes.
    mag_edges : sequence of float, optional
        Edges of the magnitude bins; steps of 0.5 from 21 to 31 by default.
    mag_limits : sequence of float, optional
        Limits of the scores of all brighter sources; 27, 28 and 28.5 by default.

    Returns
    -------
    DetectionScores
        The scores.
    """
    edges, limits = np.asarray(mag_edges, np.float64), np.asarray(mag_limits, np.float64)
    true_mag, found = np.asarray(true_mag, np.float64), matching.right_matched
    inside = np.asarray(in_field, bool)
    visible = inside & np.asarray(detectable, bool)
    all_true, visible_true = (_by_magnitude(true_mag[rows], found[rows], edges, limits) for rows in (inside, visible))
    pure = _by_magnitude(np.asarray(detected_mag, np.float64), matching.left_matched, edges, limits)
    return DetectionScores(band, edges, limits, *all_true, *visible_true, *pure)


def _by_magnitude(
    magnitude: NDArray[np.float64],
    success: NDArray[np.bool_],
    edges: NDArray[np.float64],
    limits: NDArray[np.float64],
) -> tuple[CountedFraction, CountedFraction]:
    """Fractions of success in bins of magnitude, and brighter than each limit."""
    total, _ = np.histogram(magnitude, edges)
    count, _ = np.histogram(magnitude[success], edges)
    below = magnitude[:, None] < limits  # (source, limit); not true of NaN
    return (
        CountedFraction(count, total),
        CountedFraction((below & success[:, None]).sum(0), below.sum(0)),
    )
