"""The network and the tile that are measured."""

import pytest

from zpix.speed.shapes import make_contest


def test_the_shipped_model_searches_a_simulated_tile(tiny_model):
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    name, contest = make_contest(tiny_model, None, size_pix=128, device="cpu")
    assert name.startswith("tiny (ResNet18") and contest.load.answers is None
    assert contest.load.pixels.shape == (9, 128, 128) and contest.load.pixels.valid.any()
