"""Does an examination measure what was put into the pixels, and say nothing where they say nothing?"""

from __future__ import annotations

import numpy as np
import pytest

from tests.image.examined_fields import BANDS, ERRORS_NJY, SCALE_ARCSEC, SMOOTHED_PIX, blob_image, with_pixels
from zpix.image import Examination, Region, examine_mosaic
from zpix.image.empty_sky import round_aperture
from zpix.search.array_image import ArrayImage


def examined(image: ArrayImage) -> Examination:
    return examine_mosaic(image, pixel_scale_arcsec=SCALE_ARCSEC)


@pytest.fixture(scope="module")
def image() -> ArrayImage:
    return blob_image()


@pytest.fixture(scope="module")
def healthy(image) -> Examination:
    return examined(image)


def test_noise_and_depth_are_those_of_the_field(healthy):
    aperture = round_aperture(0.15 / SCALE_ARCSEC)
    weight, area = aperture.ravel().astype(float), float((aperture**2).sum())
    y, x = (axis.ravel() for axis in np.indices(aperture.shape))
    distance2 = (y[:, None] - y) ** 2 + (x[:, None] - x) ** 2
    # White noise smoothed with a Gaussian of σ is correlated as exp(-d² / 4σ²).
    expected = np.sqrt(weight @ np.exp(-distance2 / (4 * SMOOTHED_PIX**2)) @ weight / area)
    for own, error in zip(healthy.bands, ERRORS_NJY, strict=True):
        assert own.error_njy == pytest.approx(error)
        assert own.noise_over_error == pytest.approx(1, abs=0.03)
        assert own.sums_over_error == pytest.approx(expected, rel=0.1)  # the highest peaks of noise are masked
        assert own.depth_mag == pytest.approx(
            31.4 - 2.5 * np.log10(5 * own.sums_over_error * error * area**0.5), abs=1e-6
        )
        assert own.correlation[0] == pytest.approx(np.exp(-1 / (4 * SMOOTHED_PIX**2)), abs=0.03)
        assert abs(own.correlation[7]) < 0.03
        assert 1.4 < own.correlation_length_pix < 1.8
        assert own.coverage == 1 and own.saturated == 0


def test_sharp_sources_and_registration_are_those_of_the_field(healthy):
    for own in healthy.bands:
        assert own.fwhm_arcsec == pytest.approx(0.1, abs=0.008)
        assert own.n_sharp > 10
        assert own.offset_pix < 0.1
    assert healthy.sources > 20


def test_the_sky_is_measured_whatever_the_errors(image):
    sky = np.array([3.0, 0.05, -0.04], np.float32)
    uneven = image.pixels.error * np.linspace(0.5, 1.5, 384, dtype=np.float32)
    found = examined(with_pixels(image, flux=image.pixels.flux + sky[:, None, None], error=uneven))
    without = examined(with_pixels(image, error=uneven))
    for own, other, put, error in zip(found.bands, without.bands, sky, ERRORS_NJY, strict=True):
        assert own.sky_njy - other.sky_njy == pytest.approx(put, abs=0.01 * error)
        assert own.sky_error < 0.05


def test_errors_of_another_scale_are_seen(image, healthy):
    factor = np.array([2.0, 0.25, 1.0], np.float32)[:, None, None]
    found = examined(with_pixels(image, error=image.pixels.error * factor))
    for own, other, by in zip(found.bands, healthy.bands, factor.ravel(), strict=True):
        assert own.sums_over_error == pytest.approx(other.sums_over_error / by, rel=0.03)
        assert own.depth_mag == pytest.approx(other.depth_mag, abs=0.04)


def test_a_band_that_is_moved_is_found(image):
    flux = image.pixels.flux.copy()
    flux[2] = np.roll(flux[2], (-1, 2), axis=(0, 1))
    found = examined(with_pixels(image, flux=flux))
    assert found["F444W"].shift_pix == pytest.approx((2, -1), abs=0.1)
    assert found["F444W"].shift_error_pix < 0.1


def test_saturated_cores_and_coverage_are_counted(image):
    valid = image.pixels.valid.copy()
    valid[1, :, :96] = False
    row, column = np.unravel_index(image.pixels.flux[0].argmax(), valid.shape[1:])
    valid[0, row - 1 : row + 2, column - 1 : column + 2] = False
    error = np.where(valid, image.pixels.error, np.inf).astype(np.float32)
    found = examined(with_pixels(image, valid=valid, error=error, flux=np.where(valid, image.pixels.flux, 0)))
    assert found["F200W"].coverage == pytest.approx(0.75) and found["F200W"].saturated == 0
    assert found["F115W"].saturated == pytest.approx(9 / 384**2)


def test_a_small_cutout_tells_what_it_can():
    found = examined(blob_image((65, 65), sources=2))
    assert all(own.sums_over_error == pytest.approx(2.4, rel=0.3) for own in found.bands)
    assert all(own.sums_error > 0.15 for own in found.bands)
    found = examined(blob_image((35, 35), sources=1))
    for own in found.bands:
        assert own.noise_over_error == pytest.approx(1, abs=0.1)
        assert np.isnan([own.sums_over_error, own.depth_mag, own.fwhm_arcsec, own.offset_pix]).all()
    assert "-" in found.table()[2][0]
    assert found.to_json()["bands"][0]["depth_mag"] is None


@pytest.mark.parametrize("what", ["nothing", "zeros"])
def test_where_there_is_nothing_there_is_no_number(image, what):
    if what == "nothing":
        empty = with_pixels(
            image,
            flux=0 * image.pixels.flux,
            error=np.full_like(image.pixels.error, np.inf),
            valid=image.pixels.valid & False,
        )
    else:
        empty = with_pixels(image, flux=0 * image.pixels.flux)
    found = examined(empty)
    assert found.sources == 0
    assert all(np.isnan(own.sums_over_error) and np.isnan(own.offset_pix) for own in found.bands)


class Counting:
    """A field of one pattern as large as one likes, which counts the pixels that are read."""

    bands, shape = BANDS, (9000, 12000)

    def __init__(self, image: ArrayImage) -> None:
        self._image, self.read_pixels = image, 0

    def read(self, region, *, bands=None, spare=None):
        self.read_pixels += region.width * region.height
        return self._image.read(Region(0, 0, region.width, region.height), bands=bands)


def test_the_cost_does_not_grow_with_the_mosaic(image):
    large = Counting(image)
    found = examine_mosaic(large, pixel_scale_arcsec=SCALE_ARCSEC, bands=["F444W"])
    assert large.read_pixels < 1.3e6 and found.windows == 12
    assert found.bands[0].noise_over_error == pytest.approx(1, abs=0.05)
    assert np.isnan(found.bands[0].offset_pix)  # one band has nothing to be compared with


def test_the_same_pixels_give_the_same_numbers(image, healthy):
    assert repr(examined(image)) == repr(healthy)
