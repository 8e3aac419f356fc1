from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from scipy import fft

from zpix.image import JADES_BANDS
from zpix.scenes.psf import band_limit, transfer_function

REAL_PSFS = Path(__file__).parents[3] / "shared" / "data" / "psf-nircam"


def psf(band: str, size: int, scale: float) -> np.ndarray:
    """The PSF centred on pixel (size // 2, size // 2)."""
    return fft.fftshift(fft.irfft2(transfer_function(band, size, pixel_scale_arcsec=scale), (size, size)))


def finer(image: np.ndarray, factor: int = 5) -> np.ndarray:
    """The image on pixels `factor` times smaller, by its Fourier transform; pixel (0, 0) stays."""
    ny, nx = image.shape
    spectrum = np.zeros((ny * factor, nx * factor), complex)
    rows, columns = ((np.fft.fftfreq(n) * n).round().astype(int) for n in (ny, nx))
    spectrum[np.ix_(rows, columns)] = np.fft.fft2(image)
    return np.fft.ifft2(spectrum).real


def core_centre(image: np.ndarray) -> tuple[float, float]:
    """Centroid (y, x) of the pixels above a fifth of the peak."""
    core = np.where(image > 0.2 * image.max(), image, 0)
    y, x = np.indices(image.shape)
    return float((core * y).sum() / core.sum()), float((core * x).sum() / core.sum())


def fwhm(image: np.ndarray, scale: float) -> float:
    """Diameter in arcsec of the circle as large as the part above half the peak."""
    return float(2 * np.sqrt((image > 0.5 * image.max()).sum() / np.pi) * scale)


def encircled(image: np.ndarray, scale: float, radius: float) -> float:
    """Share of the light within 1.9 arcsec of the core that is within `radius` arcsec."""
    y, x = np.indices(image.shape)
    centre = core_centre(image)
    distance = np.hypot(y - centre[0], x - centre[1]) * scale
    return float(image[distance < radius].sum() / image[distance < 1.9].sum())


RADII = (0.05, 0.1, 0.2, 0.5)  # arcsec
SETS = {"smacs": "smacs0723_20mas_psf-smacs0723-{band}.fits", "ceers": "ceers_psf-ceers-nrca{module}-{band}.fits"}


def measured(image: np.ndarray, scale: float) -> np.ndarray:
    """FWHM in arcsec and encircled energy at `RADII`, shape (5,), measured on pixels a fifth as large."""
    fine = finer(image)
    return np.array([fwhm(fine, scale / 5), *(encircled(fine, scale / 5, radius) for radius in RADII)])


def real_psf(name: str, band: str) -> tuple[np.ndarray, float]:
    """A PSF measured in a mosaic, and its pixel scale."""
    module = 3 if int(band[1:4]) < 240 else 5
    with fits.open(REAL_PSFS / SETS[name].format(band=band.lower(), module=module)) as file:
        hdu = next(hdu for hdu in file if hdu.data is not None)
        return hdu.data.astype(float), float(hdu.header["PIXSCL"])


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
def test_width_and_encircled_energy_are_those_of_a_real_mosaic(band: str) -> None:
    differences = []
    for name in SETS:
        real, scale = real_psf(name, band)
        mock = psf(band, len(real) // 2 * 2, scale)
        differences.append(np.abs(measured(mock, scale) / measured(real, scale) - 1).max())
    assert min(differences) < 0.10, differences


def test_spikes_are_smooth_far_from_the_star() -> None:
    """Few wavelengths would make a dotted line of the horizontal spike."""
    image = psf("F444W", 1024, 0.03)
    spike = image[508:517, 512 + 150 : 512 + 450].sum(axis=0)
    trend = np.convolve(spike, np.ones(25) / 25, mode="valid")
    assert (np.abs(spike[12:-12] / trend - 1)).std() < 0.25
