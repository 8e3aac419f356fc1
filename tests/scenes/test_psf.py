from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from scipy import fft

from zpix.image import JADES_BANDS
from zpix.scenes.psf import band_limit, transfer_function
from zpix.sources.filters import pivot_um

REAL_PSFS = Path(__file__).parents[3] / "shared" / "data" / "psf-nircam"


def psf(band: str, size: int, scale: float) -> np.ndarray:
    """The PSF centred on pixel (size // 2, size // 2)."""
    return fft.fftshift(fft.irfft2(transfer_function(band, size, pixel_scale_arcsec=scale), (size, size)))


def encircled(image: np.ndarray, scale: float, centre: tuple[float, float], radius: float) -> float:
    """Light within `radius` arcsec; pixels at the rim count by the part inside."""
    y, x = np.indices(image.shape)
    offsets = (np.arange(5) - 2) / 5
    inside = [np.hypot(y + dy - centre[0], x + dx - centre[1]) * scale < radius for dy in offsets for dx in offsets]
    return float((image * np.mean(inside, axis=0)).sum())


@pytest.mark.parametrize("band", ["F090W", "F200W", "F444W"])
def test_wings_wrap_around_and_no_light_is_lost(band: str) -> None:
    small, large = psf(band, 32, 0.03), psf(band, 256, 0.03)
    folded = np.roll(large, (16 - 128, 16 - 128), axis=(0, 1)).reshape(8, 32, 8, 32).sum(axis=(0, 2))
    np.testing.assert_allclose(small, folded, atol=1e-5)
    assert small.sum() == pytest.approx(1, abs=1e-5)


def test_long_waves_blur_more() -> None:
    peaks = [psf(band, 128, 0.03).max() for band in ("F115W", "F200W", "F277W", "F356W", "F444W")]
    assert np.all(np.diff(peaks) < 0)


def test_nothing_passes_beyond_the_diffraction_limit() -> None:
    transfer = transfer_function("F444W", 64)
    fy, fx = np.fft.fftfreq(64, 0.03)[:, None], np.fft.rfftfreq(64, 0.03)[None]
    assert np.abs(transfer[np.hypot(fy, fx) > band_limit("F444W")]).max() < 1e-6


@pytest.mark.skipif(not REAL_PSFS.is_dir(), reason=f"real PSFs are not at {REAL_PSFS}")
@pytest.mark.parametrize("band", [band for band in JADES_BANDS if band != "F335M"])
def test_encircled_energy_is_that_of_real_mosaics(band: str) -> None:
    with fits.open(REAL_PSFS / f"smacs0723_20mas_psf-smacs0723-{band.lower()}.fits") as file:
        real = next(hdu.data for hdu in file if hdu.data is not None).astype(float)
    core = np.where(real > 0.2 * real.max(), real, 0)
    y, x = np.indices(real.shape)
    centre = ((core * y).sum() / core.sum(), (core * x).sum() / core.sum())
    mock = psf(band, 400, 0.02)
    for radius in (0.1, 0.2, 0.5):
        of_real = encircled(real, 0.02, centre, radius) / encircled(real, 0.02, centre, 1.9)
        of_mock = encircled(mock, 0.02, (200, 200), radius) / encircled(mock, 0.02, (200, 200), 1.9)
        assert of_mock == pytest.approx(of_real, rel=0.10), (radius, pivot_um((band,)))
