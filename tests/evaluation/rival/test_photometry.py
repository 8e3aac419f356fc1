"""Detection and photometry of point sources whose positions and fluxes are known."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("photutils", reason="the rival needs the extra 'rival'")

from zpix.errors import BandError, InputFileError
from zpix.evaluation.rival import (
    DetectionSettings,
    RivalPhotometry,
    detect,
    find_and_measure,
    pulls,
)
from zpix.evaluation.rival.psf_matching import check_psfs, enclosed_light, matched, matching_kernel
from zpix.image import Pixels, Region, open_mosaic, tangent_wcs, write_mosaic

from .conftest import gaussian_psf

#: Finds the stars and none of the noise.
BRIGHT = DetectionSettings(threshold_sigma=8.0)


def test_a_kernel_turns_one_psf_into_the_other():
    narrow, broad = gaussian_psf(1.0), gaussian_psf(2.4)
    np.testing.assert_allclose(matched(narrow, matching_kernel(narrow, broad)), broad, atol=2e-3 * broad.max())


def test_matching_is_right_for_apertures_at_any_roll_angle():
    """Elongated PSFs at two angles, matched with a kernel that knows neither: a circle holds what it should."""
    axis = np.arange(51) - 25
    x, y = axis[None], axis[:, None]

    def elongated(angle: float, sigma: float) -> np.ndarray:
        u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        psf = np.exp(-0.5 * ((u / (1.1 * sigma)) ** 2 + (v / (0.9 * sigma)) ** 2))
        return psf / psf.sum()

    target = elongated(0.0, 2.4)
    kernel = matching_kernel(elongated(0.0, 1.2), target)
    for angle in (0.3, 1.2):
        image = matched(elongated(angle, 1.2), kernel)
        assert enclosed_light(image, 5) == pytest.approx(enclosed_light(target, 5), rel=0.003)


def test_psfs_must_fit_the_bands():
    psfs = {"F200W": gaussian_psf(1.0), "F444W": gaussian_psf(2.0)}
    check_psfs(psfs, ["F200W", "F444W"])
    with pytest.raises(BandError, match="F277W"):
        check_psfs(psfs, ["F200W", "F277W"])
    with pytest.raises(InputFileError, match="odd side"):
        check_psfs(psfs | {"F444W": np.ones((50, 50))}, ["F200W", "F444W"])
    with pytest.raises(InputFileError, match="positive sum"):
        check_psfs(psfs | {"F444W": -gaussian_psf(2.0)}, ["F200W", "F444W"])


def test_every_star_is_found_once(star_field):
    with star_field.open() as mosaic:
        segments = detect(mosaic, aperture_radius_pix=5, settings=BRIGHT)
    assert len(segments) == 64
    distance = np.hypot(segments.x[:, None] - star_field.x, segments.y[:, None] - star_field.y)
    assert distance.min(1).max() < 0.5 and len(set(distance.argmin(1))) == 64
    inside = (segments.box[:, 0] <= segments.x) & (segments.x < segments.box[:, 2])
    assert inside.all() and segments.map.max() == 64


def test_fluxes_of_points_are_total_and_errors_honest(star_field):
    with star_field.open() as mosaic:
        sources = find_and_measure(mosaic, star_field.psfs, detection=BRIGHT)
    true = np.array([[star_field.flux_njy[band] for band in sources.bands]] * len(sources))
    measured = sources.photometry
    np.testing.assert_allclose(np.median(measured.flux_njy / true, axis=0), 1, atol=0.06)  # totals
    colours = measured.flux_njy / measured.flux_njy[:, -1:] / (true / true[:, -1:])
    np.testing.assert_allclose(np.median(colours, axis=0), 1, atol=0.02)
    assert (measured.correlation > 1.3).all()  # neighbours share their noise: pixel errors alone are too small
    pull = pulls(measured, true)
    assert 0.8 < pull.std() < 1.2 and abs(pull.mean()) < 0.25
    np.testing.assert_allclose(sources.magnitude("F444W"), 31.4 - 2.5 * np.log10(measured.flux_njy[:, 2]))


def test_what_was_not_observed_has_no_flux(star_field, tmp_path):
    with star_field.open() as mosaic:
        pixels = mosaic.read(Region.whole(mosaic.shape))
    valid = pixels.valid.copy()
    valid[0, :60, :60] = False  # the first star lies here, in the first band
    write_mosaic(
        tmp_path, Pixels(np.where(valid, pixels.flux, 0), np.where(valid, pixels.error, np.inf), valid),
        bands=("F200W", "F277W", "F444W"), wcs=tangent_wcs(53.1, -27.8, pixels.shape[1:], 0.03),
    )  # fmt: skip
    with open_mosaic(tmp_path) as mosaic:
        sources = find_and_measure(mosaic, star_field.psfs, detection=BRIGHT)
    first = np.hypot(sources["x"] - 30, sources["y"] - 30).argmin()
    assert np.isnan(sources.photometry.flux_njy[first]).tolist() == [True, False, False]
    assert np.isfinite(np.delete(sources.photometry.flux_njy, first, axis=0)).all()


def test_an_empty_sky_is_a_result(tmp_path):
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.05, (1, 128, 128)).astype(np.float32)
    pixels = Pixels(noise, np.full_like(noise, 0.05), np.ones(noise.shape, bool))
    write_mosaic(tmp_path, pixels, bands=("F444W",), wcs=tangent_wcs(53.1, -27.8, (128, 128), 0.03))
    with open_mosaic(tmp_path) as mosaic:
        sources = find_and_measure(mosaic, {"F444W": gaussian_psf(2.0)}, detection=BRIGHT)
    assert len(sources) == 0 and sources.photometry.flux_njy.shape == (0, 1)


def test_a_mosaic_without_long_bands_is_refused(tmp_path):
    image = np.ones((1, 64, 64), np.float32)
    pixels = Pixels(image, image, np.ones(image.shape, bool))
    write_mosaic(tmp_path, pixels, bands=("F090W",), wcs=tangent_wcs(53.1, -27.8, (64, 64), 0.03))
    with open_mosaic(tmp_path) as mosaic, pytest.raises(BandError, match=r"F277W.*F090W"):
        detect(mosaic, aperture_radius_pix=5)


def test_pulls_allow_for_the_scale():
    rng = np.random.default_rng(1)
    true = rng.uniform(5, 50, (4000, 9))
    error = rng.uniform(0.5, 2, true.shape)
    flux = 1.3 * true + error * rng.standard_normal(true.shape)
    pull = pulls(RivalPhotometry(flux, error, error, np.ones(9)), true)
    assert pull.std() == pytest.approx(1, abs=0.02)
