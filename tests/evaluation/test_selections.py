"""Selections of distant galaxies, on a field whose right answer is counted by hand."""

from __future__ import annotations

import numpy as np

from zpix.evaluation import HIGH_REDSHIFTS, Truth, score_selection
from zpix.matching import assign


def truth_of(z: list[float], magnitude: list[float], is_star: list[bool]) -> Truth:
    n = len(z)
    return Truth(
        ra=np.zeros(n), dec=np.zeros(n), z=np.array(z), magnitude=np.array(magnitude), is_star=np.array(is_star),
        detectable=np.ones(n, bool), xy=np.zeros((n, 2)), box=np.full((n, 4), np.nan),
    )  # fmt: skip


def test_recall_and_purity_count_stars_nearer_galaxies_and_detections_of_nothing():
    nan = float("nan")
    # four distant galaxies: found, found and not selected, never detected, too faint; one outside the field
    truth = truth_of(
        z=[7.0, 8.0, 9.0, 8.0, 7.0, nan, 2.0], magnitude=[26, 27, 27, 29, 26, 25, 26],
        is_star=[False] * 5 + [True, False],
    )  # fmt: skip
    in_field = np.array([True] * 4 + [False] + [True] * 2)
    # detections of: 0, 1, 3 (faint), 5 (a brown dwarf), 6 (at z = 2), nothing, nothing too faint
    matching = assign([0, 1, 2, 3, 4], [0, 1, 3, 5, 6], np.ones(5), n_left=7, n_right=7)
    probability = [0.9, 0.3, 0.9, 0.8, 0.7, 0.6, 0.9]
    scores = score_selection(
        probability, matching, truth, z_limit=6, mag_limit=28,
        detected_mag=[26, 27, 27.5, 25, 26, 27.9, 28.5], in_field=in_field,
    )  # fmt: skip
    assert (scores.recall.count[0], scores.recall.total[0]) == (1, 3)
    assert (scores.recall_detected.count[0], scores.recall_detected.total[0]) == (1, 2)
    assert (scores.purity.count[0], scores.purity.total[0]) == (1, 4)  # right, dwarf, nearer galaxy, nothing
    assert scores.n_stars == 1


def test_an_empty_catalogue_recalls_nothing():
    truth = truth_of([7.0], [26], [False])
    nothing = np.zeros(0)
    scores = score_selection(
        nothing, assign([], [], [], n_left=0, n_right=1), truth, z_limit=HIGH_REDSHIFTS[0], mag_limit=28,
        detected_mag=nothing, in_field=np.array([True]),
    )  # fmt: skip
    assert scores.recall.value.tolist() == [0.0] and np.isnan(scores.purity.value[0])
