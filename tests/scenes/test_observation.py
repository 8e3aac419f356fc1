import itertools
from typing import Any

import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS, Region
from zpix.scenes import Sky

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
CLEAN = {
    "hot_pixels_per_arcmin2": 0.0, "snowballs_per_arcmin2": 0.0, "striping": 0.0, "wisps_per_arcmin2": 0.0,
    "sky_residual_sigma": 0.0, "missing_coverage": 0.0, "depth_structure": 0.0, "chip_gaps": False,
}  # fmt: skip
EMPTY = CLEAN | {"source_density": 0.0, "star_density": 0.0, "brown_dwarf_per_arcmin2": 0.0}
VARIED = {
    "zero_point_scatter_mag": 0.05, "psf_width_scatter": 0.15, "psf_ellipticity": 0.05,
    "noise_over_error_range": (0.15, 1.5), "noise_correlation_range": (0.35, 1.0), "band_depth_scatter_mag": 0.3,
    "sky_gradient_sigma": 0.1,
}  # fmt: skip
TWO = ("F150W", "F444W")


def config(**changes: Any) -> SimulationConfig:
    options = {"cell_size_pix": 256, "limit_mag": 27.0, "psf_angle_deg": 0.0, "ebv": 0.0} | changes
    return SimulationConfig(**options)


def empty(seed: int = 1, bands: tuple[str, ...] = JADES_BANDS, **changes: Any) -> tuple[Sky, np.ndarray, np.ndarray]:
    """A sky without sources, and flux and error of a window of it."""
    sky = Sky(seed, bands, config(**EMPTY | changes))
    pixels = sky.observe(Region(0, 0, 256, 256)).pixels
    return sky, pixels.flux, pixels.error


@pytest.mark.parametrize("matched", [0.0, 1.0])
def test_scatter_over_error_is_that_of_the_record(matched: float) -> None:
    options = {key: value for key, value in VARIED.items() if key != "sky_gradient_sigma"}
    sky, flux, error = empty(**options, matched_fraction=matched)
    record = sky.drawn["bands"]
    expected = [record[band]["noise_over_error"] for band in JADES_BANDS]
    np.testing.assert_allclose((flux / error).std(axis=(1, 2)), expected, rtol=0.06)
    np.testing.assert_allclose(np.median(error, axis=(1, 2)), [record[b]["error_njy"] for b in JADES_BANDS], rtol=1e-2)
    assert (sky.conditions.noise_over_error == tuple(expected)) == (matched == 0)


def test_a_wrong_error_image_changes_no_flux() -> None:
    _, plain, error = empty(bands=TWO, poisson_noise=False)
    sky, flux, wrong = empty(bands=TWO, poisson_noise=False, noise_over_error_range=(0.15, 0.15))
    np.testing.assert_array_equal(flux, plain)
    np.testing.assert_allclose(wrong, error * np.array([0.73, 0.95])[:, None, None] / 0.15, rtol=1e-4)
    assert sky.drawn["bands"]["F150W"]["noise_over_error"] == 0.15


@pytest.mark.parametrize("options", [{"noise_correlation_range": (0.9, 0.9)}, {"matched_fraction": 1.0}])
def test_noise_of_large_areas_follows_the_depth(options: dict[str, Any]) -> None:
    """It is what labels of sources are made with."""
    sums, sigma = [], []
    for changes in ({}, options):
        sky, flux, _ = empty(bands=TWO, **changes)
        sums.append(flux.reshape(2, 8, 32, 8, 32).sum(axis=(2, 4)).std(axis=(1, 2)) / 32)
        sigma.append(sky._observation.detection_sigma)
    np.testing.assert_allclose(sums[1], sums[0], rtol=0.15)
    np.testing.assert_array_equal(sigma[1], sigma[0])
    np.testing.assert_allclose(sums[0], sigma[0], rtol=0.25)


def test_each_band_has_its_own_depth() -> None:
    (plain, flux, _), (sky, shallower, _) = (
        empty(poisson_noise=False),
        empty(band_depth_scatter_mag=0.3, poisson_noise=False),
    )
    factor = 10 ** (-0.4 * np.array(sky.conditions.depth_mag))
    np.testing.assert_allclose(shallower, flux * factor[:, None, None], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(sky._observation.detection_sigma, plain._observation.detection_sigma * factor)
    assert sky.depth == plain.depth and factor.std() > 0.1


def test_a_sky_varies_smoothly() -> None:
    (plain, flux, _), (_, sloped, _) = empty(bands=TWO), empty(bands=TWO, sky_gradient_sigma=0.5)
    sky = (sloped - flux) / plain.error[:, None, None].astype(np.float32)
    assert np.ptp(sky, axis=(1, 2)).min() > 0.05 and np.abs(np.diff(sky, axis=2)).max() < 0.02
    assert np.abs(sky[0] - sky[1]).max() > 0.05


def test_light_is_scaled_and_the_truth_stays_true() -> None:
    options = CLEAN | {"poisson_noise": False, "star_density": 0.0}
    plain, wrong = (Sky(4, TWO, config(**options, zero_point_scatter_mag=rms)) for rms in (0.0, 0.1))
    region = Region(0, 0, 96, 96)
    known, seen = plain.observe(region), wrong.observe(region)
    assert known.truth["detectable"].any()
    for name in known.truth.colnames:
        np.testing.assert_array_equal(seen.truth[name], known.truth[name])
    np.testing.assert_array_equal(seen.segmentation, known.segmentation)
    np.testing.assert_array_equal(seen.pixels.error, known.pixels.error)
    model = np.full((2, 96, 96), 10.0, np.float32)
    more = wrong._observation.pixels(region, model, 0).flux - plain._observation.pixels(region, model, 0).flux
    gain = 1 + more / 10  # noise is not scaled
    np.testing.assert_allclose(gain[1], 10 ** (0.4 * wrong.conditions.zero_point_mag[1]), rtol=1e-4)
    assert 0.7 < gain[0].min() != 1


def test_matched_fields_have_one_width_in_all_bands(make_source) -> None:
    bands = ("F090W", "F200W", "F444W")
    plain, matched = (
        Sky(1, bands, config(**CLEAN, psf_width_scatter=0.1, matched_fraction=share)) for share in (0.0, 1.0)
    )
    peaks = []
    for sky in (plain, matched):
        star = make_source(64.0, 64.0)
        light, _ = sky._draw(
            Region(0, 0, 128, 128), Region(0, 0, 128, 128), star, np.ones((1, 3), np.float32), np.array([128]), None
        )
        peaks.append(light.max(axis=(1, 2)))
    assert peaks[0][0] > 3 * peaks[0][2]
    np.testing.assert_allclose(peaks[1], peaks[0][2], rtol=1e-4)


@pytest.mark.parametrize("matched", [0.0, 1.0])
def test_windows_of_a_varied_sky_fit_together_and_seeds_repeat(matched: float) -> None:
    options = config(**VARIED, matched_fraction=matched, striping=0.3, hot_pixels_per_arcmin2=200.0)
    whole, part = Region(0, 0, 200, 160), Region(60, 30, 150, 140)
    scenes = Sky(3, TWO, options).realisations(whole)
    first, second = itertools.islice(scenes, 2)
    again = Sky(3, TWO, options).observe(whole)
    np.testing.assert_array_equal(again.pixels.flux, first.pixels.flux)
    np.testing.assert_array_equal(again.pixels.error, first.pixels.error)
    np.testing.assert_array_equal(second.segmentation, first.segmentation)
    assert (second.pixels.flux != first.pixels.flux).any()
    seen = Sky(3, TWO, options).observe(part, bounds=whole)
    difference = np.abs(seen.pixels.flux - first.pixels.flux[(slice(None), *part.slices)])
    assert (difference / seen.pixels.error).max() < 2e-3
