import numpy as np
import pytest

from zpix.image import JADES_BANDS
from zpix.scenes.band_psf import BandPsf
from zpix.scenes.matched_noise import convolved, matching_kernels, noise_left
from zpix.scenes.noise import draw_noise, noise_kernels, noise_over_error

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
PSFS = tuple(BandPsf(band, 0.0) for band in JADES_BANDS)
#: Scatter over the error image in the real cutout around JADES-GS-z14-0, which is matched to F444W.
REAL = (0.180, 0.184, 0.173, 0.175, 0.521, 0.709, 0.559, 0.693, 0.946)


@pytest.fixture(scope="module")
def kernels() -> np.ndarray:
    return matching_kernels(PSFS, PSFS[-1], 0.03)


def test_kernels_turn_one_psf_into_the_other(kernels: np.ndarray) -> None:
    stars = [
        np.fft.irfft2(psf.transfer_function(128, oversampling=1, pixel_scale_arcsec=0.03), (128, 128)) for psf in PSFS
    ]
    matched = convolved(np.array(stars, np.float32), kernels)
    assert np.abs(matched - stars[-1]).max() < 0.08 * stars[-1].max()  # kernels end at 20 pixels, wings do not
    np.testing.assert_allclose(kernels.sum(axis=(1, 2)), 1, rtol=1e-5)


def test_noise_that_is_left_is_that_of_real_matched_mosaics(kernels: np.ndarray) -> None:
    left = noise_left(kernels, noise_kernels(JADES_BANDS))
    noise = draw_noise(np.random.default_rng(0), (256, 256), bands=JADES_BANDS, correlated=True)
    np.testing.assert_allclose(convolved(noise, kernels).std(axis=(1, 2)), left, rtol=0.04)
    np.testing.assert_allclose(left * noise_over_error(JADES_BANDS), REAL, rtol=0.1)
    assert left[-1] == pytest.approx(1)


def test_convolution_wraps_around_and_keeps_the_sum() -> None:
    image, kernel = np.zeros((1, 8, 10), np.float32), np.zeros((1, 3, 3), np.float32)
    image[0, 0, 0], kernel[0, 1, :] = 1, (0.2, 0.5, 0.3)
    found = convolved(image, kernel)[0]
    np.testing.assert_allclose(found[0], [0.5, 0.3, 0, 0, 0, 0, 0, 0, 0, 0.2], atol=1e-6)
    assert np.abs(found[1:]).max() < 1e-6
