"""A small field in memory."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.wcs import WCS

from zpix.image import Pixels, tangent_wcs

from .small_mosaics import SHAPE


@pytest.fixture
def wcs() -> WCS:
    return tangent_wcs(53.1, -27.8, SHAPE, 0.03)


@pytest.fixture
def pixels() -> Pixels:
    """Two bands of noise around 5 nJy with errors near 1 nJy; a corner of the first band is not valid."""
    rng = np.random.default_rng(1)
    flux = rng.normal(5, 1, (2, *SHAPE)).astype(np.float32)
    error = rng.uniform(0.5, 1.5, flux.shape).astype(np.float32)
    valid = np.ones(flux.shape, bool)
    valid[0, :10, :20] = False
    return Pixels(np.where(valid, flux, 0), np.where(valid, error, np.inf).astype(np.float32), valid)


@pytest.fixture
def values() -> tuple[np.ndarray, np.ndarray]:
    """Science and error as they stand in a file, float32 (y, x)."""
    rng = np.random.default_rng(3)
    return rng.normal(size=SHAPE).astype(np.float32), rng.uniform(1, 2, SHAPE).astype(np.float32)
