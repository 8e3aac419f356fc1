"""Random sets of bands, in which a model learns to serve any."""

from __future__ import annotations

from collections import Counter

import numpy as np

from zpix.config import BAND_SETS
from zpix.training.bands_seen import draw_bands_seen

BANDS = tuple(dict.fromkeys(BAND_SETS["MegaScience"] + BAND_SETS["JADES with ACS"]))


def drawn(bands: tuple[str, ...], count: int) -> list[tuple[str, ...]]:
    rng = np.random.default_rng(1)
    return [tuple(np.array(bands)[draw_bands_seen(bands, "sets", rng)]) for _ in range(count)]


def test_surveys_are_seen_most_often_and_every_band_with_and_without_every_other():
    sets = drawn(BANDS, 3000)
    assert min(map(len, sets)) >= 3
    common = [set(names) for names, _ in Counter(sets).most_common(len(BAND_SETS))]
    assert all(set(survey) in common for survey in BAND_SETS.values())
    assert common[0] == set(BAND_SETS["JADES"])
    seen = np.array([np.isin(BANDS, own) for own in sets])
    assert len({row.tobytes() for row in seen}) > 500
    together = seen.astype(int).T @ seen
    apart = seen.astype(int).T @ ~seen
    assert together.min() > 0 and (apart + np.eye(len(BANDS), dtype=int)).min() > 0


def test_a_model_of_few_bands_and_one_that_sees_all_hide_none():
    rng = np.random.default_rng(0)
    assert draw_bands_seen(("F090W", "F150W", "F444W"), "sets", rng).all()
    assert draw_bands_seen(BANDS, "all", rng).all()
    assert all(len(own) >= 3 for own in drawn(("A", "B", "C", "D", "E"), 50))  # of no survey
