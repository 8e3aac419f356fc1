import numpy as np
import pytest
from astropy.io import fits

from zpix.errors import BandError, OutputError
from zpix.image import MosaicWriter, Pixels, Region, open_mosaic, write_mosaic

BANDS = ("F150W", "HSC-G")


def _equal(one: Pixels, other: Pixels) -> None:
    np.testing.assert_array_equal(one.valid, other.valid)
    np.testing.assert_allclose(one.flux, other.flux, rtol=1e-6)
    np.testing.assert_allclose(one.error, other.error, rtol=1e-6)


def test_what_is_written_reads_back(tmp_path, pixels, wcs):
    paths = write_mosaic(tmp_path, pixels, bands=BANDS, wcs=wcs, prefix="sky")
    assert [path.name for path in paths] == ["sky_f150w_drz.fits", "sky_hsc-g_drz.fits"]
    with open_mosaic(tmp_path) as mosaic:
        assert mosaic.bands == BANDS
        assert mosaic.pixel_scale_arcsec == pytest.approx(0.03)
        _equal(mosaic.read(Region.whole(mosaic.shape)), pixels)


def test_files_follow_the_fits_standard_and_the_jades_layout(tmp_path, pixels, wcs):
    path, _ = write_mosaic(tmp_path, pixels, bands=BANDS, wcs=wcs, header={"SEED": 7})
    with fits.open(path) as hdus:
        hdus.verify("exception")
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "SCI", "ERR"]
        header, science = hdus[1].header, hdus[1].data
        assert (header["FILTER"], header["BUNIT"], header["SEED"]) == ("F150W", "MJy/sr", 7)
        njy = science * header["PIXAR_SR"] * 1e15
    assert science.dtype == np.dtype(">f4")
    np.testing.assert_allclose(njy[pixels.valid[0]], pixels.flux[0][pixels.valid[0]], rtol=1e-6)
    assert np.isnan(njy[~pixels.valid[0]]).all()


def test_regions_make_the_same_file_as_the_whole(tmp_path, pixels, wcs):
    whole = write_mosaic(tmp_path / "whole", pixels, bands=BANDS, wcs=wcs)
    with MosaicWriter(tmp_path / "parts", bands=BANDS, shape=(60, 80), wcs=wcs) as writer:
        for region in (Region(32, 0, 80, 60), Region(0, 32, 32, 60), Region(0, 0, 32, 32)):
            part = (..., *region.slices)
            writer.write(region, Pixels(pixels.flux[part], pixels.error[part], pixels.valid[part]))
    for one, other in zip(whole, writer.paths, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_pixels_outside_are_dropped_and_missing_ones_are_not_valid(tmp_path, wcs):
    ones = np.ones((1, 40, 40), np.float32)
    with MosaicWriter(tmp_path, bands=["F444W"], shape=(60, 80), wcs=wcs) as writer:
        writer.write(Region(-20, -20, 20, 20), Pixels(ones, ones, ones > 0))
        writer.write(Region(100, 100, 140, 140), Pixels(ones, ones, ones > 0))
    with open_mosaic(tmp_path) as mosaic:
        valid = mosaic.read(Region.whole(mosaic.shape)).valid[0]
    assert valid[:20, :20].all() and valid.sum() == 400


def test_an_exception_leaves_nothing_behind(tmp_path, pixels, wcs):
    def write_and_fail() -> None:
        with MosaicWriter(tmp_path, bands=BANDS, shape=(60, 80), wcs=wcs) as writer:
            writer.write(Region.whole((60, 80)), pixels)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert list(tmp_path.iterdir()) == []


def test_files_get_their_names_only_when_complete(tmp_path, wcs):
    writer = MosaicWriter(tmp_path, bands=["F444W"], shape=(60, 80), wcs=wcs)
    assert not writer.paths[0].exists()
    writer.close()
    writer.close()
    assert [path.name for path in tmp_path.iterdir()] == ["mosaic_f444w_drz.fits"]


def test_existing_files_are_kept_unless_overwriting_is_allowed(tmp_path, pixels, wcs):
    paths = write_mosaic(tmp_path, pixels, bands=BANDS, wcs=wcs)
    before = paths[0].read_bytes()
    with pytest.raises(OutputError, match=r"mosaic_f150w_drz.fits' exists"):
        write_mosaic(tmp_path, pixels, bands=BANDS, wcs=wcs)
    assert paths[0].read_bytes() == before
    write_mosaic(tmp_path, pixels, bands=BANDS, wcs=wcs, overwrite=True)


def test_a_directory_that_cannot_be_written_is_named(tmp_path, pixels, wcs):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        write_mosaic(tmp_path / "file", pixels, bands=BANDS, wcs=wcs)


def test_a_band_cannot_be_written_twice(tmp_path, pixels, wcs):
    with pytest.raises(BandError, match="F444W is given twice"):
        write_mosaic(tmp_path, pixels, bands=["F444W", "f444w"], wcs=wcs)


def test_pixels_must_fill_their_region(tmp_path, pixels, wcs):
    with (
        pytest.raises(ValueError, match="do not fill"),
        MosaicWriter(tmp_path, bands=BANDS, shape=(60, 80), wcs=wcs) as writer,
    ):
        writer.write(Region(0, 0, 10, 10), pixels)
