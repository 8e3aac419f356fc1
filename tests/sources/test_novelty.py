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


def by_band(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Significances and colours of four bands and two sums each, of smooth spectra, and a hidden layer; S/N."""
    rng = np.random.default_rng(seed)
    snr = 10 ** rng.uniform(0.7, 3, n)
    slope, bend = rng.normal(size=(2, n, 1))
    light = np.log(snr)[:, None] + slope * np.linspace(-1, 1, 4) + 0.3 * bend * np.array([1, -1, -1, 1])
    light = light[:, :, None] + np.array([0.0, 0.4]) + rng.normal(size=(n, 4, 2)) / np.sqrt(snr)[:, None, None]
    colour = light - light.mean(1, keepdims=True)
    return np.hstack([light.reshape(n, 8), colour.reshape(n, 8), rng.normal(size=(n, 6))]).astype(np.float32), snr


def without(features: np.ndarray, band: int) -> np.ndarray:
    """The same sources where a band was not observed: zeros, and colours relative to the others; another layer."""
    light, colour = features[:, :8].reshape(-1, 4, 2).copy(), features[:, 8:16].reshape(-1, 4, 2).copy()
    seen = np.arange(4) != band
    colour -= colour[:, seen].mean(1, keepdims=True)
    light[:, band] = colour[:, band] = 0
    n = len(features)
    return np.hstack([light.reshape(n, 8), colour.reshape(n, 8), features[:, 16:] + 30])


def test_a_missing_band_makes_no_source_unusual_and_hides_no_unusual_one():
    features, snr = by_band(6000)
    novelty = Novelty.fit(features, snr, widths=(16, 6))
    features, snr = by_band(3000, seed=1)
    whole = novelty.distance(features, snr)
    observed = np.ones((3000, 4), bool)
    observed[:1500, 3] = False
    fewer = np.vstack([without(features[:1500], 3), features[1500:]])
    own = novelty.distance(fewer, snr, observed=observed, by_band=True)
    np.testing.assert_array_equal(own[1500:], whole[1500:])
    assert 0.005 < (own[:1500] > 1).mean() < 0.06
    odd = fewer[:1500].copy()
    odd[:, 2:4] += 1.0  # of the second band alone
    odd[:, 10:12] += 1.0
    beyond = novelty.distance(odd, snr[:1500], observed=observed[:1500], by_band=True) > 1
    assert beyond[snr[:1500] > 100].mean() > 0.85


def test_without_features_of_each_band_the_distance_of_an_incomplete_source_is_nan():
    features, snr = by_band(2000)
    novelty = Novelty.fit(features, snr, widths=(16, 6))
    observed = np.ones((2000, 4), bool)
    observed[5, 1] = False
    distance = novelty.distance(features, snr, observed=observed)
    assert np.isnan(distance[5]) and np.isfinite(np.delete(distance, 5)).all()
    observed[6] = False  # nothing was observed at all
    assert np.isnan(novelty.distance(features, snr, observed=observed, by_band=True)[6])
    one = np.array([[False, True, False, False]])
    assert np.isfinite(novelty.distance(features[:1], snr[:1], observed=one, by_band=True)).all()
