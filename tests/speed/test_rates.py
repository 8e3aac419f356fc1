"""Rates of training, simulation and reading, each for one small piece."""

import pytest

from tests.detector.scenery import small_model
from zpix.progress import progress_bar
from zpix.speed.rates import draw_tiles, reading_rate, train_steps


def test_training_simulation_and_reading_have_a_rate(monkeypatch):
    monkeypatch.setattr("zpix.speed.rates._SHORTEST_TURN_S", 0.0)
    monkeypatch.setattr("zpix.speed.rates._MOSAIC_PIX", 256)
    assert train_steps(small_model(), 128, 1, "", "cpu", 0)().computed > 0
    with progress_bar("reading", 1) as bar:
        assert reading_rate(size=128, rounds=1, bar=bar).per_second > 0
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    assert draw_tiles(64, 0)().passed > 0
