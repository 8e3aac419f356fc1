"""Ordinary sources are within the limit at any signal-to-noise ratio; unusual ones are beyond it."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.sources import Novelty

WIDTHS = (6, 8)


def sources(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two kinds of features: a locus with noise that grows as S/N falls, and numbers on other scales; S/N."""
    rng = np.random.default_rng(seed)
    snr = 10 ** rng.uniform(0.7, 3, n)
    noise = rng.normal(size=(n, 6)) / np.sqrt(snr)[:, None]
    colours = np.outer(rng.normal(size=n), np.arange(1, 7)) + noise
    hidden = np.log(snr)[:, None] + rng.normal(size=(n, 8)) * 10.0 ** np.arange(-4, 4)
    return np.hstack([colours, hidden]).astype(np.float32), snr


@pytest.fixture(scope="module")
def novelty() -> Novelty:
    features, snr = sources(6000)
    return Novelty.fit(features, snr, widths=WIDTHS)


def test_few_ordinary_sources_are_beyond_the_limit_bright_or_faint(novelty):
    features, snr = sources(6000, seed=1)
    strange = novelty.distance(features, snr) > 1
    for low, high in ((5, 20), (20, 100), (100, 1000)):
        own = (snr >= low) & (snr < high)
        assert 0.01 < strange[own].mean() < 0.08


def test_unusual_colours_and_hidden_layers_are_beyond_the_limit(novelty):
    features, snr = sources(400, seed=2)
    off = features.copy()
    off[:, 2] += 0.5  # a tenth of the colours' spread, but off the locus
    beyond = novelty.distance(off, snr) > 1
    assert beyond[snr > 300].all() and beyond[snr < 10].mean() < 0.5
    hidden = features.copy()
    hidden[:, 6] += 3.0  # whose neighbours stay where they are
    assert (novelty.distance(hidden, snr) > 1).all()


def test_arrays_give_the_same_novelty(novelty):
    features, snr = sources(50, seed=3)
    again = Novelty.from_arrays(novelty.to_arrays())
    np.testing.assert_array_equal(again.distance(features, snr), novelty.distance(features, snr))


def test_without_validation_sources_the_distance_is_nan():
    features, snr = sources(40)
    for novelty in (Novelty.from_arrays({}), Novelty.fit(features, snr, widths=WIDTHS)):
        assert np.isnan(novelty.distance(features, snr)).all()
    assert Novelty.from_arrays({}).distance(features[:0], snr[:0]).shape == (0,)


def test_constant_features_are_ignored():
    features, snr = sources(2000)
    features[:, 3] = 1.0
    novelty = Novelty.fit(features, snr, widths=WIDTHS)
    assert np.isfinite(novelty.distance(features, snr)).all()
