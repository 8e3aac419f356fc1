"""Colour pictures of images with known colours."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.plots import (
    colour_composite,
)


def test_composite_shows_colours_of_sources():
    rng = np.random.default_rng(0)
    flux = rng.normal(size=(9, 40, 40))
    flux[:, 5:10, 5:10] += 50  # flat
    flux[6:, 20:25, 20:25] += 100  # only at long wavelengths
    flux[:3, 30:35, 30:35] += 100  # only at short wavelengths
    bands = ["F090W", "F115W", "F150W", "F200W", "F277W", "F335M", "F356W", "F410M", "F444W"]
    picture = colour_composite(flux, bands)
    assert picture.shape == (40, 40, 3) and picture.min() >= 0 and picture.max() <= 1
    flat, red, blue = (picture[s, s].mean((0, 1)) for s in (slice(5, 10), slice(20, 25), slice(30, 35)))
    assert np.ptp(flat) < 0.1 < flat.mean()
    assert red[0] > 3 * red[2] and blue[2] > 3 * blue[0]
    shuffled = rng.permutation(9)
    np.testing.assert_allclose(colour_composite(flux[shuffled], [bands[i] for i in shuffled]), picture, atol=1e-5)


@pytest.mark.parametrize("n_bands", [1, 2, 5])
def test_composite_of_few_bands_and_missing_pixels(n_bands):
    flux = np.random.default_rng(0).normal(size=(n_bands, 20, 20))
    valid = np.ones(flux.shape, bool)
    valid[:, :4] = False
    flux[:, :4] = 0
    picture = colour_composite(flux, [f"band{i}" for i in range(n_bands)], valid=valid)
    assert np.isfinite(picture).all() and np.ptp(picture[:4]) == 0
    nothing = colour_composite(flux, ["x"] * n_bands, valid=np.zeros(flux.shape, bool))
    assert np.ptp(nothing) == 0
