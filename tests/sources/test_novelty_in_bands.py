"""Sources seen in other bands than those in which ordinary sources are described."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.sources import Novelty, NoveltyInBands

MANY = tuple(f"B{number:02d}" for number in range(27))
NINE = MANY[1:27:3]
SUMS, HIDDEN = 2, 6


def spectra(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Brightness (n, band, sum) of smooth spectra in all bands, with noise, and S/N in all bands together."""
    rng = np.random.default_rng(seed)
    snr = 10 ** rng.uniform(0.8, 3, n)
    x = np.linspace(-1, 1, len(MANY))
    light = sum(rng.normal(size=(n, 1)) / order * np.cos(order * np.pi * x / 2 + order) for order in (1, 2, 3))
    light = np.log(snr)[:, None] + light + 3 * rng.normal(size=(n, len(MANY))) / np.sqrt(snr)[:, None]
    return light[:, :, None] + 0.1 * rng.normal(size=(n, 1, SUMS)), snr


def features(light: np.ndarray, bands: tuple[str, ...]) -> np.ndarray:
    """What a head gives that sees these bands alone."""
    own = light[:, [MANY.index(band) for band in bands]]
    hidden = np.random.default_rng(len(light)).normal(size=(len(light), HIDDEN))
    colour = own - own.mean(1, keepdims=True)
    return np.hstack([own.reshape(len(own), -1), colour.reshape(len(own), -1), hidden]).astype(np.float32)


def fitted(bands: tuple[str, ...]) -> Novelty:
    light, snr = spectra(8000, 0)
    snr = snr * np.sqrt(len(bands) / len(MANY))
    return Novelty.fit(features(light, bands), snr, widths=(2 * len(bands) * SUMS, HIDDEN))


def seen(light: np.ndarray, snr: np.ndarray, novelty: Novelty, described: tuple[str, ...], bands: tuple[str, ...]):
    own = NoveltyInBands(novelty, described, bands, True)
    fewer = snr * np.sqrt(len(bands) / len(MANY))
    return own.distance(features(light, bands), fewer, observed=np.ones((len(light), len(bands)), bool))


@pytest.fixture(scope="module")
def of_many() -> Novelty:
    return fitted(MANY)


def test_nine_of_many_bands_tell_ordinary_from_unusual_sources(of_many):
    light, snr = spectra(2000, 1)
    ordinary = seen(light, snr, of_many, MANY, NINE) > 1
    assert 0.002 < ordinary.mean() < 0.08
    odd = light.copy()
    odd[:, MANY.index(NINE[3])] += 2.0  # one band alone
    beyond = seen(odd, snr, of_many, MANY, NINE) > 1
    assert beyond[snr > 100].mean() > 0.9


def test_the_order_of_the_bands_does_not_matter(of_many):
    light, snr = spectra(200, 2)
    order = MANY[::-1]
    np.testing.assert_allclose(
        seen(light, snr, of_many, MANY, order), of_many.distance(features(light, MANY), snr), rtol=1e-3
    )


def test_bands_that_are_not_described_are_left_out(of_many):
    novelty = fitted(NINE)
    light, snr = spectra(2000, 1)
    with_more = seen(light, snr, novelty, NINE, MANY)
    assert 0.005 < (with_more > 1).mean() < 0.06
    odd = light.copy()
    odd[:, MANY.index(NINE[3])] += 2.0
    assert (seen(odd, snr, novelty, NINE, MANY) > 1)[snr > 100].mean() > 0.9
    elsewhere = light.copy()
    elsewhere[:, 0] += 2.0  # of a band that is not described
    np.testing.assert_allclose(seen(elsewhere, snr, novelty, NINE, MANY), with_more, rtol=1e-2, atol=1e-3)


def test_what_cannot_be_told_is_nan(of_many):
    light, snr = spectra(5, 3)
    none = NoveltyInBands(of_many, MANY, ("A", "B"), True)
    values = np.zeros((5, 2 * 2 * SUMS + HIDDEN), np.float32)
    assert np.isnan(none.distance(values, snr, observed=np.ones((5, 2), bool))).all()
    without = NoveltyInBands(of_many, MANY, NINE, False)
    assert np.isnan(without.distance(features(light, NINE), snr, observed=np.ones((5, 9), bool))).all()
    unknown = NoveltyInBands(Novelty.from_arrays({}), MANY, NINE, True)
    assert np.isnan(unknown.distance(features(light, NINE), snr, observed=np.ones((5, 9), bool))).all()
    assert unknown.distance(features(light, NINE)[:0], snr[:0], observed=np.ones((0, 9), bool)).shape == (0,)
