import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from zpix.errors import BandError, GridError
from zpix.image import JADES_BANDS, Pixels, Region, ebv_at, open_mosaic, tangent_wcs, write_mosaic

from .small_mosaics import ONES, SHAPE, jades_file, refused

BANDS = ("F150W", "F444W")
CUTOUT = Path(__file__).parents[2] / ".." / "shared" / "data" / "jades-gsz14"  # real pixels around JADES-GS-z14-0
needs_cutout = pytest.mark.skipif(not CUTOUT.is_dir(), reason="the real cutout ../shared/data/jades-gsz14 is not here")


@pytest.fixture
def mosaic(tmp_path, pixels, wcs):
    write_mosaic(tmp_path, pixels, bands=BANDS, wcs=wcs)
    with open_mosaic(tmp_path) as opened:
        yield opened


def test_windows_are_parts_of_the_whole(mosaic):
    whole = mosaic.read(Region.whole(SHAPE))
    window = mosaic.read(Region(7, 11, 50, 31))
    for name in ("flux", "error", "valid"):
        np.testing.assert_array_equal(getattr(window, name), getattr(whole, name)[:, 11:31, 7:50])
    assert window.flux.dtype == window.error.dtype == np.float32
    assert window.flux.dtype.isnative and window.flux.flags.writeable


def test_outside_the_mosaic_nothing_is_valid(mosaic):
    around = mosaic.read(Region(-5, -6, 90, 70))
    np.testing.assert_array_equal(around.flux[:, 6:66, 5:85], mosaic.read(Region.whole(SHAPE)).flux)
    assert around.valid.sum() == mosaic.read(Region.whole(SHAPE)).valid.sum()
    for empty in (mosaic.read(Region(200, 0, 210, 10)), mosaic.read(Region(0, -50, 10, -40))):
        assert empty.shape == (2, 10, 10) and not empty.valid.any()


def test_pixels_that_are_not_valid_have_no_flux_and_infinite_error(mosaic):
    whole = mosaic.read(Region.whole(SHAPE))
    assert not whole.valid[0, :10, :20].any() and whole.valid.sum() == whole.valid.size - 200
    assert np.all(whole.flux[~whole.valid] == 0) and np.all(np.isposinf(whole.error[~whole.valid]))
    assert np.all(np.isfinite(whole.error[whole.valid])) and np.all(whole.error > 0)


def test_bands_come_in_the_order_asked_for_and_missing_ones_are_not_valid(mosaic):
    whole = mosaic.read(Region.whole(SHAPE))
    asked = mosaic.read(Region.whole(SHAPE), bands=["f444w", "F277W", "F150W"])
    np.testing.assert_array_equal(asked.flux[[2, 0]], whole.flux)
    assert not asked.valid[1].any() and np.all(np.isposinf(asked.error[1]))


def test_an_empty_region_is_an_empty_array(mosaic):
    assert mosaic.read(Region(5, 5, 5, 20)).shape == (2, 15, 0)


def test_sky_and_pixel_are_inverse(mosaic):
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 60, (2, 50))
    np.testing.assert_allclose(mosaic.pixel(*mosaic.sky(x, y)), [x, y], atol=1e-6)
    ra, dec = mosaic.sky((SHAPE[1] - 1) / 2, (SHAPE[0] - 1) / 2)
    assert (float(ra), float(dec)) == pytest.approx((53.1, -27.8))
    assert mosaic.sky([], [])[0].shape == mosaic.pixel([], [])[1].shape == (0,)


def test_east_is_left_and_north_is_up(mosaic):
    assert mosaic.sky(0, 0)[0] > mosaic.sky(10, 0)[0] and mosaic.sky(0, 0)[1] < mosaic.sky(0, 10)[1]


def test_a_mosaic_can_be_sent_to_another_process(mosaic):
    twin = pickle.loads(pickle.dumps(mosaic))
    assert twin.bands == mosaic.bands
    np.testing.assert_array_equal(twin.read(Region(0, 0, 9, 9)).flux, mosaic.read(Region(0, 0, 9, 9)).flux)


def test_bands_can_be_chosen_and_are_by_wavelength_from_a_directory(tmp_path, wcs):
    flux = np.ones((9, *SHAPE), np.float32)
    paths = write_mosaic(tmp_path, Pixels(flux, flux, flux > 0), bands=JADES_BANDS[::-1], wcs=wcs)
    with open_mosaic(tmp_path) as by_wavelength, open_mosaic(paths) as as_given:
        assert by_wavelength.bands == JADES_BANDS and as_given.bands == JADES_BANDS[::-1]
    with open_mosaic(tmp_path, bands=["F444W", "F090W"]) as chosen:
        assert chosen.bands == ("F444W", "F090W")


def test_memory_is_that_of_the_window_not_of_the_mosaic(tmp_path):
    shape = (1500, 1500)
    flux = np.ones((1, *shape), np.float32)
    write_mosaic(tmp_path, Pixels(flux, flux, flux > 0), bands=["F444W"], wcs=tangent_wcs(0, 0, shape, 0.03))
    tracemalloc.start()
    with open_mosaic(tmp_path) as mosaic:
        for start in range(0, 1400, 100):
            mosaic.read(Region(start, start, start + 64, start + 64))
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2e6  # the mosaic has 18 MB


def test_an_exact_zero_is_valid_only_with_an_error(tmp_path, wcs):
    flux, error = np.zeros(SHAPE, np.float32), np.ones(SHAPE, np.float32)
    error[0] = 0
    error[1] = np.nan
    flux[2] = np.inf
    error[3] = np.inf
    error[4] = -1
    with open_mosaic(jades_file(tmp_path / "a_f444w_drz.fits", wcs, flux, error)) as mosaic:
        valid = mosaic.read(Region.whole(SHAPE)).valid[0]
    assert not valid[:5].any() and valid[5:].all()


def test_a_closed_mosaic_cannot_be_read(mosaic):
    mosaic.close()
    with pytest.raises(ValueError, match="closed"):
        mosaic.read(Region(0, 0, 9, 9))


def test_different_shapes(tmp_path, wcs):
    jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    jades_file(tmp_path / "a_f200w_drz.fits", wcs, ONES[1:], ONES[1:])
    refused(GridError, "F444W", "F200W", "80 × 59", "80 × 60", "zpix align", paths=tmp_path)


@pytest.mark.parametrize(("shift_pix", "same"), [(0.05, True), (0.2, False)])
def test_different_wcs(tmp_path, wcs, shift_pix, same):
    jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    moved = tangent_wcs(53.1, -27.8 + shift_pix * 0.03 / 3600, SHAPE, 0.03)
    jades_file(tmp_path / "a_f200w_drz.fits", moved, ONES, ONES)
    if same:
        open_mosaic(tmp_path).close()
    else:
        refused(GridError, "F444W", "F200W", "zpix align", paths=tmp_path)


def test_opposite_side_of_the_sky(tmp_path, wcs):
    jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    jades_file(tmp_path / "a_f200w_drz.fits", tangent_wcs(233.1, 27.8, SHAPE, 0.03), ONES, ONES)
    refused(GridError, "F444W", "F200W", paths=tmp_path)


@pytest.mark.parametrize("which", ["science", "error"])
def test_all_nan_band(tmp_path, wcs, which):
    nan = np.full(SHAPE, np.nan, np.float32)
    images = (nan, ONES) if which == "science" else (ONES, nan)
    refused(BandError, "F444W", "no valid pixel", paths=jades_file(tmp_path / "a_f444w_drz.fits", wcs, *images))


def test_one_valid_pixel_is_found(tmp_path, wcs):
    science = np.full(SHAPE, np.nan, np.float32)
    science[33, 44] = 1
    open_mosaic(jades_file(tmp_path / "a_f444w_drz.fits", wcs, science, ONES)).close()


@needs_cutout
def test_the_real_cutout_opens_with_nine_bands_and_its_position():
    with open_mosaic(CUTOUT) as mosaic:
        assert mosaic.bands == JADES_BANDS and mosaic.shape == (110, 195)
        assert mosaic.pixel_scale_arcsec == pytest.approx(0.03)
        ra, dec = mosaic.sky(97, 48)
        assert (float(ra), float(dec)) == pytest.approx((53.08294, -27.85563), abs=1e-6)
        assert 0.004 < ebv_at(ra, dec)[0] < 0.015


@needs_cutout
def test_the_galaxy_drops_out_below_lyman_alpha():
    with open_mosaic(CUTOUT) as mosaic:
        pixels = mosaic.read(Region(94, 45, 101, 52))
    assert pixels.valid.all()
    flux = dict(zip(JADES_BANDS, pixels.flux.sum((1, 2)), strict=True))
    # Carniani et al. 2024 give about 46 nJy in F277W in total; this aperture holds part of it.
    assert 10 < flux["F277W"] < 60
    assert max(abs(flux[band]) for band in ("F090W", "F115W", "F150W")) < 0.2 * flux["F277W"]
    assert np.median(pixels.error) < 1  # nJy per pixel
