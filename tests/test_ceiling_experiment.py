"""The ceiling of the mock sky, in a tiny size."""

from __future__ import annotations

import json
import math

import pytest

pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")

from experiments.ceiling import aperture_noise, draw_galaxies, measure_ceiling

from zpix.training.ceiling import CeilingSettings


def test_galaxies_are_of_the_skys_own_mix_and_different_by_seed():
    one, two = (draw_galaxies(seed, 500, faintest=26.0) for seed in (1, 2))
    assert len(one) == len(two) == 500 and (one.mag < 26).all() and (one.label == 1).all()
    assert not set(one.z.tolist()) & set(two.z.tolist())
    assert (aperture_noise() > 0.3).all() and (aperture_noise() < 3).all()


def test_scores_by_magnitude_are_written_as_json():
    settings = CeilingSettings(hidden=64, layers=2, components=4, epochs=20, batch_size=256, learning_rate=3e-3)
    found = measure_ceiling(galaxies=3000, test_galaxies=600, seed=1, faintest=27.0, settings=settings)
    scores = json.loads(json.dumps(found))["scores"]
    assert scores["< 27"]["count"] == scores["< 28"]["count"] == 600 and scores["28-29"]["count"] == 0
    assert scores["< 28"]["sigma_nmad"]["value"] < 0.2  # it learns something in a second
    assert math.isnan(scores["28-29"]["crps"]["value"])
