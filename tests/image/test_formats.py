import gzip
import shutil
import tempfile

import numpy as np
import pytest
from astropy.io import fits

from zpix.image import Region, open_mosaic

from .small_mosaics import SHAPE, jades_file

WHOLE = Region.whole(SHAPE)


@pytest.fixture
def values():
    """Science and error as they stand in a file, float32 (y, x)."""
    rng = np.random.default_rng(3)
    return rng.normal(size=SHAPE).astype(np.float32), rng.uniform(1, 2, SHAPE).astype(np.float32)


def _check(mosaic, flux_njy, error_njy):
    window = mosaic.read(WHOLE)
    assert window.valid.all()
    np.testing.assert_allclose(window.flux[0], flux_njy, rtol=1e-5)
    np.testing.assert_allclose(window.error[0], error_njy, rtol=1e-5)


def test_jades_by_extension_number(tmp_path, wcs, values):
    science, error = values
    header = wcs.to_header()
    header["PIXAR_SR"] = 2e-14
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(science, header), fits.ImageHDU(error)]
    fits.HDUList(hdus).writeto(tmp_path / "hlsp_jades_goods-s-deep_f356w_v2.0_drz.fits")
    fits.PrimaryHDU(np.ones(SHAPE, np.int32), wcs.to_header()).writeto(
        tmp_path / "hlsp_jades_goods-s-deep_segmentation_v2.0_drz.fits"
    )
    with open_mosaic(tmp_path) as mosaic:
        assert mosaic.bands == ("F356W",)
        _check(mosaic, 20 * science, 20 * error)


def test_pipeline_by_extension_name_with_weight(tmp_path, wcs, values):
    science, error = values
    header = wcs.to_header()
    header.update(BUNIT="MJy/sr", PIXAR_SR=2e-14)
    weight = np.ones(SHAPE, np.float32)
    weight[5] = 0
    primary = fits.PrimaryHDU(header=fits.Header({"FILTER": "F150W2", "PUPIL": "F162M"}))
    images = {"WHT": weight, "CON": np.zeros((1, *SHAPE), np.int32), "ERR": error, "SCI": science}
    hdus = [fits.ImageHDU(data, header, name=name) for name, data in images.items()]
    fits.HDUList([primary, *hdus]).writeto(tmp_path / "jw01_nircam_i2d.fits")
    with open_mosaic(tmp_path) as mosaic:
        assert mosaic.bands == ("F162M",)
        window = mosaic.read(WHOLE)
    assert not window.valid[0, 5].any() and window.valid.sum() == window.valid.size - SHAPE[1]
    np.testing.assert_allclose(window.flux[0, 6:], 20 * science[6:], rtol=1e-5)


@pytest.mark.parametrize("ending", [".fits", ".fits.gz"])
def test_grizli(tmp_path, monkeypatch, wcs, values, ending):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    science, error = values
    folder = tmp_path / "mosaics"
    folder.mkdir()
    fits.PrimaryHDU(science, wcs.to_header()).writeto(folder / f"gds-f277w-clear_drc_sci{ending}")
    fits.PrimaryHDU(error**-2, wcs.to_header()).writeto(folder / f"gds-f277w-clear_drc_wht{ending}")
    with open_mosaic(folder) as mosaic:
        assert mosaic.bands == ("F277W",)
        _check(mosaic, 10 * science, 10 * error)


def test_grizli_takes_the_unit_of_the_header(tmp_path, wcs, values):
    science, error = values
    header = wcs.to_header()
    header.update(BUNIT="ELECTRONS/S", PHOTFNU=1e-7, FILTER="F160W")
    fits.PrimaryHDU(science, header).writeto(tmp_path / "gds-f160w_drz_sci.fits")
    fits.PrimaryHDU(np.where(error > 1.5, 0, error**-2), header).writeto(tmp_path / "gds-f160w_drz_wht.fits")
    with open_mosaic(tmp_path) as mosaic:
        window = mosaic.read(WHOLE)
    np.testing.assert_array_equal(window.valid[0], error <= 1.5)
    np.testing.assert_allclose(window.flux[0][window.valid[0]], 100 * science[error <= 1.5], rtol=1e-5)


@pytest.mark.parametrize("names", [("{}_SCI", "{}_ERR"), ("{}", "{}_ERR"), ("SCI-{}", "ERR-{}")])
def test_several_bands_in_one_file(tmp_path, wcs, values, names):
    science, error = values
    header = wcs.to_header()
    header["BUNIT"] = "nJy"
    hdus = [fits.PrimaryHDU()]
    for factor, band in ((1, "F200W"), (2, "HSC-G")):
        hdus.append(fits.ImageHDU(factor * science, header, name=names[0].format(band)))
        hdus.append(fits.ImageHDU(factor * error, header, name=names[1].format(band)))
    fits.HDUList(hdus).writeto(tmp_path / "field.fits")
    with open_mosaic(tmp_path / "field.fits") as mosaic:
        assert mosaic.bands == ("F200W", "HSC-G")
        _check(mosaic, science, error)
        np.testing.assert_allclose(mosaic.read(WHOLE, bands=["HSC-G"]).flux[0], 2 * science, rtol=1e-6)
    with open_mosaic(tmp_path) as by_directory:
        assert by_directory.bands == ("F200W", "HSC-G")


def test_several_bands_by_version_and_filter(tmp_path, wcs, values):
    science, error = values
    hdus = [fits.PrimaryHDU()]
    for version, band in ((1, "F115W"), (2, "F090W")):
        header = wcs.to_header()
        header.update(BUNIT="nJy", FILTER=band)
        hdus += [fits.ImageHDU(science, header, name=name, ver=version) for name in ("SCI", "ERR")]
        hdus[-1].data = error
    fits.HDUList(hdus).writeto(tmp_path / "field.fits")
    with open_mosaic(tmp_path / "field.fits") as mosaic:
        assert mosaic.bands == ("F115W", "F090W")
        _check(mosaic, science, error)


def test_gzip_is_unpacked_once_whatever_the_name(tmp_path, monkeypatch, wcs, values):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    plain = jades_file(tmp_path / "a_f444w_drz.fits", wcs, *values)
    packed = tmp_path / "packed" / "b_f444w_drz.fits"
    packed.parent.mkdir()
    with open(plain, "rb") as source, gzip.open(packed, "wb") as target:
        shutil.copyfileobj(source, target)
    for _ in range(2):
        with open_mosaic(packed) as mosaic:
            _check(mosaic, 20 * values[0], 20 * values[1])
    (cache,) = tmp_path.glob("zpix-*")
    assert len(list(cache.iterdir())) == 1


def test_tile_compressed_images_are_unpacked_once(tmp_path, wcs, values, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    header = wcs.to_header()
    header.update(BUNIT="MJy/sr", PIXAR_SR=2e-14, FILTER="F444W")
    options = {"compression_type": "GZIP_1", "quantize_level": 0.0, "tile_shape": (16, 16)}
    images = [
        fits.CompImageHDU(data, header, name=name, **options) for name, data in zip(("SCI", "ERR"), values, strict=True)
    ]
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(tmp_path / "a_f444w_drz.fits.fz")
    for _ in range(2):
        with open_mosaic(tmp_path / "a_f444w_drz.fits.fz") as mosaic:
            _check(mosaic, 20 * values[0], 20 * values[1])
            np.testing.assert_array_equal(
                mosaic.read(Region(3, 5, 40, 33)).flux, mosaic.read(WHOLE).flux[:, 5:33, 3:40]
            )
    (cache,) = tmp_path.glob("zpix-*")
    (copy,) = cache.iterdir()
    with fits.open(copy) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "SCI", "ERR"]
        np.testing.assert_array_equal(hdus["SCI"].data, values[0])


def test_scaled_integers_and_doubles(tmp_path, wcs):
    header = wcs.to_header()
    header.update(BUNIT="nJy", FILTER="F444W")
    stored = np.arange(SHAPE[0] * SHAPE[1], dtype=np.int16).reshape(SHAPE)
    science = fits.ImageHDU(stored, header, name="SCI")
    science.header.update(BSCALE=0.5, BZERO=100.0, BLANK=7)
    error = fits.ImageHDU(np.ones(SHAPE), header, name="ERR")
    fits.HDUList([fits.PrimaryHDU(), science, error]).writeto(tmp_path / "a_f444w_i2d.fits")
    with fits.open(tmp_path / "a_f444w_i2d.fits") as hdus:
        expected = hdus["SCI"].data
    with open_mosaic(tmp_path) as mosaic:
        window = mosaic.read(WHOLE)
    np.testing.assert_array_equal(window.valid[0], np.isfinite(expected))
    assert np.count_nonzero(~window.valid) == 1
    np.testing.assert_allclose(window.flux[0][window.valid[0]], expected[window.valid[0]])


def test_headers_of_the_pipeline_raise_no_warning(tmp_path, wcs, values):
    dates = {
        "DATE-OBS": "2022-10-01",
        "DATE-BEG": "2022-10-01T00:00:00",
        "MJD-OBS": 59853.1,
        "VELOSYS": -100.0,
    }
    path = jades_file(tmp_path / "a_f444w_i2d.fits", wcs, *values, **dates)
    with open_mosaic(path) as mosaic:
        _check(mosaic, 20 * values[0], 20 * values[1])
