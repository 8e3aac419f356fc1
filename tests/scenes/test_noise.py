import numpy as np
import pytest

from zpix.image import JADES_BANDS, Region
from zpix.scenes.noise import deep_error, depth_variation, draw_noise, noise_over_error, white_equivalent


@pytest.mark.parametrize("correlated", [True, False])
def test_noise_has_unit_rms(correlated: bool) -> None:
    noise = draw_noise(np.random.default_rng(0), (256, 256), bands=JADES_BANDS, correlated=correlated)
    np.testing.assert_allclose(noise.std(axis=(1, 2)), 1.0, rtol=0.02)


def test_neighbours_share_noise_as_in_the_real_cutout() -> None:
    noise = draw_noise(np.random.default_rng(0), (512, 512), bands=("F444W",), correlated=True)[0]
    correlation = [(noise * np.roll(noise, shift, axis=1)).mean() for shift in (1, 2, 3)]
    np.testing.assert_allclose(correlation, (0.63, 0.20, 0.05), atol=0.03)


def test_noise_reaches_beyond_what_drizzling_shares() -> None:
    noise = draw_noise(np.random.default_rng(0), (1024, 1024), bands=("F200W", "F444W"), correlated=True)
    far = [(noise * np.roll(noise, shift, axis=1)).mean(axis=(1, 2)) for shift in (4, 5, 20)]
    assert (np.array(far[:2]) > 0.006).all() and np.abs(far[2]).max() < 0.004


def test_the_error_image_is_as_wrong_as_the_real_one() -> None:
    ratio = dict(zip(JADES_BANDS, noise_over_error(JADES_BANDS), strict=True))
    assert ratio["F335M"] > 1.2 and ratio["F200W"] < 0.8 and ratio["F444W"] == pytest.approx(0.95)
    assert (noise_over_error(JADES_BANDS, correlated=False) == 1).all()


def test_large_apertures_see_the_white_equivalent() -> None:
    noise = draw_noise(np.random.default_rng(0), (640, 640), bands=("F200W", "F444W"), correlated=True)
    sums = noise.reshape(2, 32, 20, 32, 20).sum(axis=(2, 4))
    np.testing.assert_allclose(sums.std(axis=(1, 2)) / 20, white_equivalent(("F200W", "F444W")), rtol=0.1)


def test_depth_varies_smoothly_and_seamlessly() -> None:
    def part(region: Region) -> np.ndarray:
        return depth_variation(np.random.default_rng(5), region, rms=0.1)

    whole = part(Region(0, 0, 600, 300))
    np.testing.assert_allclose(whole[:, 200:], part(Region(200, 0, 600, 300)), rtol=1e-5)
    assert np.abs(np.diff(whole, axis=1)).max() < 0.01


def test_short_bands_are_noisier_per_pixel() -> None:
    error = deep_error(JADES_BANDS)
    assert error.shape == (9,) and error[0] > error[4]
    medium, wide, narrower = deep_error(("F182M", "F200W", "F210M"))
    assert wide < medium < narrower < 2 * wide
