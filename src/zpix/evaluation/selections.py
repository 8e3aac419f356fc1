"""How complete and pure is a selection of distant galaxies, with brown dwarfs and spurious detections counted?

A source is selected if its PDF has more than half of its probability beyond a redshift, whatever its class: the sources
that observers of distant galaxies would follow up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.evaluation.detection_scores import CountedFraction
from zpix.evaluation.truth import Truth
from zpix.matching.pairs import Matching

#: Redshifts beyond which galaxies are searched for.
HIGH_REDSHIFTS = (6.0, 10.0)
#: Probability beyond the redshift that selects a source.
SELECTION_PROBABILITY = 0.5


@dataclass(frozen=True, eq=False)
class SelectionScores:
    """Recall and purity of the sources with P(> z_limit) above a threshold, down to a magnitude.

    Attributes
    ----------
    z_limit : float
        Redshift beyond which galaxies are selected.
    mag_limit : float
        Faintest magnitude, AB: the true one, or for detections without a true source their own.
    recall : CountedFraction of length 1
        Of all true galaxies beyond the redshift in the field, the share that is detected and selected.
    recall_detected : CountedFraction of length 1
        Of those that are detected, the share that is selected.
    purity : CountedFraction of length 1
        Of the selected sources, the share of galaxies beyond the redshift; the others are stars, brown dwarfs, nearer
        galaxies and spurious detections.
    n_stars : int
        Number of stars and brown dwarfs among the selected sources.
    """

    z_limit: float
    mag_limit: float
    recall: CountedFraction
    recall_detected: CountedFraction
    purity: CountedFraction
    n_stars: int


def score_selection(
    probability: ArrayLike,
    matching: Matching,
    truth: Truth,
    *,
    z_limit: float,
    mag_limit: float,
    detected_mag: ArrayLike,
    in_field: NDArray[np.bool_],
    least_probability: float = SELECTION_PROBABILITY,
) -> SelectionScores:
    """Compute recall and purity of a selection by probability.

    Parameters
    ----------
    probability : (n_left,) float
        P(> z_limit) of each detection; a source with NaN is not selected.
    matching : Matching
        Detections (left) matched with true sources (right).
    truth : Truth
        The true sources.
    z_limit : float
        Redshift beyond which galaxies are selected.
    mag_limit : float
        Faintest magnitude, AB.
    detected_mag : (n_left,) float
        AB magnitude of each detection, used where there is no true one.
    in_field : (n_right,) bool
        Whether the true source lies in the field; others are not counted as missed.
    least_probability : float, default: 0.5
        Sources of a larger probability are selected.

    Returns
    -------
    SelectionScores
        The scores.
    """
    distant = (truth.z > z_limit) & (truth.magnitude < mag_limit)  # not true of NaN
    bright = matched_magnitude(matching, truth, detected_mag) < mag_limit
    selected = (np.asarray(probability) > least_probability) & bright
    right = np.zeros(matching.n_left, bool)  # detections of galaxies beyond the redshift
    right[matching.left] = distant[matching.right]
    star = np.zeros(matching.n_left, bool)
    star[matching.left] = truth.is_star[matching.right]
    wanted = distant & in_field
    found = np.zeros(matching.n_right, bool)
    found[matching.right] = selected[matching.left]
    return SelectionScores(
        z_limit=z_limit,
        mag_limit=mag_limit,
        recall=_fraction(found & wanted, wanted),
        recall_detected=_fraction(found & wanted, wanted & matching.right_matched),
        purity=_fraction(selected & right, selected),
        n_stars=int((selected & star).sum()),
    )


def matched_magnitude(matching: Matching, truth: Truth, detected_mag: ArrayLike) -> NDArray[np.float64]:
    """True magnitudes of detections, their own where there is no true source.

    Parameters
    ----------
    matching : Matching
        Detections (left) matched with true sources (right).
    truth : Truth
        The true sources.
    detected_mag : (n_left,) float
        AB magnitude of each detection.

    Returns
    -------
    (n_left,) float64
        AB magnitudes.
    """
    magnitude = np.array(detected_mag, np.float64)
    magnitude[matching.left] = truth.magnitude[matching.right]
    return magnitude


def _fraction(success: NDArray[np.bool_], among: NDArray[np.bool_]) -> CountedFraction:
    """One fraction from two masks."""
    return CountedFraction(np.array([success.sum()]), np.array([among.sum()]))
