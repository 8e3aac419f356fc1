"""Are sources that a catalogue puts beyond a redshift really there, brown dwarfs and spurious detections included?

A source is selected when its PDF has more than half of its probability beyond the redshift, whatever its class: what
observers who look for distant galaxies would follow up.
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
    """How well P(z > z_limit), above 0.5 or another value, finds galaxies beyond z_limit, down to a magnitude.

    Attributes
    ----------
    z_limit : float
    mag_limit : float
        True magnitude, or for detections without a true source their own.
    recall : CountedFraction of length 1
        Of all true galaxies beyond the redshift in the field, those detected and selected.
    recall_detected : CountedFraction of length 1
        Of those that are detected, those selected.
    purity : CountedFraction of length 1
        Of the selected sources, those that are galaxies beyond the redshift; stars, brown dwarfs, nearer galaxies and
        detections of nothing are not.
    n_stars : int
        How many of the selected are stars or brown dwarfs.
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
    """Recall and purity of a selection of detections (left) among true sources (right).

    Parameters
    ----------
    probability : (n_left,) float
        P(z > z_limit) of each detection; NaN is not selected.
    detected_mag : (n_left,) float
        Magnitude of each detection, which counts where there is no true one.
    in_field : (n_right,) bool
    least_probability : float
        What a selected source has more of.
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
    """True magnitudes of detections (n_left,), their own where there is no true source."""
    magnitude = np.array(detected_mag, np.float64)
    magnitude[matching.left] = truth.magnitude[matching.right]
    return magnitude


def _fraction(success: NDArray[np.bool_], among: NDArray[np.bool_]) -> CountedFraction:
    return CountedFraction(np.array([success.sum()]), np.array([among.sum()]))
