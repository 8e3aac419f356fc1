"""Images in memory are read as mosaics are, and mistakes in them are one sentence."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pytest
from astropy.nddata import CCDData, InverseVariance, NDData, StdDevUncertainty, UnknownUncertainty, VarianceUncertainty
from astropy.wcs import WCS

from zpix.errors import ArrayError, BandError, GridError
from zpix.image import JADES_BANDS, Region, open_mosaic, tangent_wcs
from zpix.search.array_image import ArrayImage, image_of_arrays, image_of_nddata

BANDS = ("F090W", "F444W")


def arrays(shape: tuple[int, ...] = (2, 20, 30)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=shape), rng.uniform(1, 2, shape)


def assert_same(a: ArrayImage, b: ArrayImage, *, rtol: float = 1e-6) -> None:
    assert a.bands == b.bands
    np.testing.assert_array_equal(a.pixels.valid, b.pixels.valid)
    for name in ("flux", "error"):
        np.testing.assert_allclose(getattr(a.pixels, name), getattr(b.pixels, name), rtol=rtol)


@pytest.mark.parametrize("region", [Region(0, 0, 280, 180), Region(-7, 100, 90, 200), Region(300, 0, 310, 5)])
def test_a_window_is_that_of_the_mosaic(blob_field, region):
    mosaic = open_mosaic(blob_field)
    whole = mosaic.read(Region.whole(mosaic.shape))
    image = image_of_arrays(whole.flux, whole.error, bands=JADES_BANDS, wcs=mosaic.wcs)
    wanted = ("F444W", "F999W", "F090W")
    own, expected = image.read(region, bands=wanted), mosaic.read(region, bands=wanted)
    for name in ("flux", "error", "valid"):
        np.testing.assert_array_equal(getattr(own, name), getattr(expected, name))
    assert image.shape == mosaic.shape and image.pixel_scale_arcsec == mosaic.pixel_scale_arcsec
    np.testing.assert_array_equal(image.sky([3, 4], 5), mosaic.sky([3, 4], 5))


def test_without_a_wcs_there_is_no_sky():
    image = image_of_arrays(*arrays(), bands=BANDS)
    assert np.isnan(image.sky([1, 2], [3, 4])).all() and image.pixel_scale_arcsec is None


def test_pixels_without_a_number_or_an_error_are_not_valid():
    flux, error = arrays()
    flux[0, 0, :2] = np.nan, np.inf
    error[0, 1, :4] = np.nan, np.inf, 0, -1
    pixels = image_of_arrays(flux, error, bands=BANDS).pixels
    assert (~pixels.valid).sum() == 6
    assert (pixels.flux[~pixels.valid] == 0).all() and np.isposinf(pixels.error[~pixels.valid]).all()


def test_the_arrays_are_copied():
    flux, error = (values.astype(np.float32) for values in arrays())
    image = image_of_arrays(flux, error, bands=BANDS)
    before = image.pixels.flux.copy()
    flux += 1
    image.read(Region(0, 0, 9, 9)).flux[:] = 0
    np.testing.assert_array_equal(image.pixels.flux, before)


def test_uncertainties_of_any_kind_are_errors():
    flux, error = arrays()
    expected = image_of_arrays(flux, error, bands=BANDS)
    kinds = (StdDevUncertainty(error[0]), VarianceUncertainty(error[1] ** 2))
    assert_same(image_of_nddata(_images(flux, kinds)), expected)
    kinds = (InverseVariance(error[0] ** -2.0), StdDevUncertainty(error[1] / 1000, unit="uJy"))
    assert_same(image_of_nddata(_images(flux, kinds)), expected)


def _images(flux: np.ndarray, uncertainties: tuple, unit: object = u.nJy) -> dict[str, NDData]:
    return {
        band: CCDData(plane, unit=unit, uncertainty=uncertainty)
        for band, plane, uncertainty in zip(BANDS, flux, uncertainties, strict=True)
    }


@pytest.mark.parametrize(("unit", "njy"), [("nJy", 1), ("uJy", 1e3), ("nJy / pix", 1), ("Jy", 1e9)])
def test_units_of_flux_are_converted(unit, njy):
    flux, error = arrays()
    images = _images(flux / njy, tuple(StdDevUncertainty(plane / njy) for plane in error), u.Unit(unit))
    assert_same(image_of_nddata(images), image_of_arrays(flux, error, bands=BANDS))


@pytest.mark.parametrize("how", ["wcs", "scale"])
def test_surface_brightness_needs_the_size_of_a_pixel(how):
    flux, error = arrays()
    wcs = tangent_wcs(53.0, -27.0, (20, 30), 0.03)
    images = _images(flux, tuple(map(StdDevUncertainty, error)), u.MJy / u.sr)
    size = {"wcs": {"wcs": wcs}, "scale": {"scale_arcsec": 0.03}}[how]
    njy = 1e15 * (0.03 / 3600 * np.pi / 180) ** 2
    assert_same(image_of_nddata(images, **size), image_of_arrays(flux * njy, error * njy, bands=BANDS), rtol=1e-5)
    with pytest.raises(ArrayError, match=r"F090W is in MJy / sr, which needs .* wcs or pixel_scale_arcsec"):
        image_of_nddata(images)


def test_masked_pixels_are_not_valid_and_the_grid_is_that_of_the_images():
    flux, error = arrays()
    wcs, mask = tangent_wcs(53.0, -27.0, (20, 30), 0.03), flux[0] > 0.5
    images = _images(flux, tuple(map(StdDevUncertainty, error)))
    images["F090W"] = CCDData(flux[0], unit=u.nJy, uncertainty=StdDevUncertainty(error[0]), mask=mask, wcs=wcs)
    image = image_of_nddata(images)
    np.testing.assert_array_equal(image.pixels.valid[0], ~mask)
    assert image.pixels.valid[1].all() and image.pixel_scale_arcsec == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("flux", "error", "options", "kind", "words"),
    [
        (np.ones((4, 4)), np.ones((4, 4)), {}, ArrayError, r"shape \(4, 4\): it must be \(band, y, x\)"),
        (np.ones((2, 0, 4)), np.ones((2, 0, 4)), {}, ArrayError, "one pixel or more"),
        (np.ones((2, 4, 4)), np.ones((2, 4, 5)), {}, ArrayError, r"error has shape \(2, 4, 5\)"),
        ([["a"]], np.ones((2, 4, 5)), {}, ArrayError, "flux is not an array of numbers"),
        (np.ones((3, 4, 4)), np.ones((3, 4, 4)), {}, BandError, "3 planes and there are 2 bands"),
        (np.ones((2, 4, 4)), np.ones((2, 4, 4)), {"bands": "F444W"}, BandError, "2 planes and there are 1 bands"),
        (np.ones((2, 4, 4)), np.ones((2, 4, 4)), {"bands": ["F444W", "f444w"]}, BandError, "F444W is given 2 times"),
        (np.ones((2, 4, 4)), np.ones((2, 4, 4)), {"bands": ["F444W", "4"]}, BandError, "'4' cannot be a band"),
        (np.ones((2, 4, 4)), np.zeros((2, 4, 4)), {}, BandError, "F090W has no valid pixel"),
        (np.ones((2, 4, 4)), -np.ones((2, 4, 4)), {}, BandError, "F090W has no valid pixel"),
        (np.ones((2, 4, 4)), np.ones((2, 4, 4)), {"wcs": WCS(naxis=2)}, GridError, "two celestial axes"),
        (np.ones((2, 4, 4)), np.ones((2, 4, 4)), {"wcs": "a.fits"}, GridError, "wcs is a str"),
    ],
)
def test_a_mistake_in_arrays_is_one_sentence(flux, error, options, kind, words):
    with pytest.raises(kind, match=words) as problem:
        image_of_arrays(flux, error, **{"bands": BANDS, **options})
    assert "\n" not in str(problem.value)


def test_a_mistake_in_images_is_one_sentence():
    flux, error = arrays()
    sigma = tuple(map(StdDevUncertainty, error))
    wcs, other = (tangent_wcs(ra, -27.0, (20, 30), 0.03) for ra in (53.0, 53.001))
    good = _images(flux, sigma)
    one = {"unit": u.nJy, "uncertainty": sigma[1]}
    for images, kind, words in (
        ({}, BandError, "empty mapping"),
        ({**good, "F444W": flux[1]}, ArrayError, "F444W is a ndarray: a mapping must hold NDData"),
        ({**good, "F444W": CCDData(flux[1], unit="nJy")}, ArrayError, "F444W has no uncertainty"),
        ({**good, "F444W": NDData(flux[1], uncertainty=StdDevUncertainty(error[1]))}, ArrayError, "the unit None"),
        ({**good, "F444W": CCDData(flux[1], unit="adu", uncertainty=StdDevUncertainty(error[1]))}, ArrayError,
         "F444W is in adu"),
        ({**good, "F444W": NDData(flux[1], unit="nJy", uncertainty=UnknownUncertainty(error[1]))}, ArrayError,
         "type UnknownUncertainty: allowed are StdDevUncertainty"),
        ({**good, "F444W": CCDData(flux[1, :9], unit="nJy", uncertainty=StdDevUncertainty(error[1, :9]))}, ArrayError,
         "different shapes"),
        ({"F090W": CCDData(flux[0], wcs=wcs, **one), "F444W": CCDData(flux[1], wcs=other, **one)}, GridError,
         "F444W is not on the pixel grid of F090W"),
    ):  # fmt: skip
        with pytest.raises(kind, match=words):
            image_of_nddata(images)
