import gzip
import tempfile

import numpy as np
import pytest
from astropy.io import fits

from zpix.errors import BandError, GridError, InputFileError
from zpix.image import open_mosaic, tangent_wcs

from .small_mosaics import SHAPE, jades_file

ONES = np.ones(SHAPE, np.float32)


def _refused(error, *words, paths, **options) -> str:
    with pytest.raises(error) as caught:
        open_mosaic(paths, **options)
    message = str(caught.value)
    assert "\n" not in message and not message.endswith(".")
    for word in words:
        assert word in message
    return message


def test_missing_file_or_directory(tmp_path):
    _refused(InputFileError, "no_f444w_drz.fits", "does not exist", paths=tmp_path / "no_f444w_drz.fits")
    _refused(InputFileError, "nowhere", "does not exist", paths=tmp_path / "nowhere")


def test_directory_without_mosaics(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    fits.BinTableHDU.from_columns([fits.Column("id", "J", array=[1])]).writeto(tmp_path / "truth.fits")
    _refused(InputFileError, str(tmp_path), "_drz.fits", paths=tmp_path)
    _refused(InputFileError, "no mosaic files", paths=[])


def test_unknown_layout(tmp_path, wcs):
    (tmp_path / "a.fits").write_text("not FITS")
    _refused(InputFileError, "a.fits", "not a FITS file", paths=tmp_path / "a.fits")
    fits.PrimaryHDU(ONES, wcs.to_header()).writeto(tmp_path / "b.fits")
    _refused(InputFileError, "b.fits", "SCI and ERR", paths=tmp_path / "b.fits")
    (tmp_path / "empty_f444w_drz.fits").touch()
    _refused(InputFileError, "empty_f444w_drz.fits", paths=tmp_path / "empty_f444w_drz.fits")


def test_band_twice(tmp_path, wcs):
    paths = [jades_file(tmp_path / f"{name}_f444w_drz.fits", wcs, ONES, ONES) for name in "ab"]
    _refused(BandError, "F444W", "a_f444w_drz.fits", "b_f444w_drz.fits", "twice", paths=paths)


def test_band_that_cannot_be_told_or_is_contradicted(tmp_path, wcs):
    _refused(BandError, "FILTER", paths=jades_file(tmp_path / "a_drz.fits", wcs, ONES, ONES))
    stale = jades_file(tmp_path / "b_f200w_drz.fits", wcs, ONES, ONES, FILTER="F444W")
    _refused(BandError, "F200W", "F444W", "b_f200w_drz.fits", paths=stale)


def test_band_asked_for_but_missing(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    _refused(BandError, "F090W", "F444W", paths=path, bands=["F090W"])
    _refused(BandError, "F444W", "twice", paths=path, bands=["F444W", "f444w"])


def test_different_shapes(tmp_path, wcs):
    jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    jades_file(tmp_path / "a_f200w_drz.fits", wcs, ONES[1:], ONES[1:])
    _refused(GridError, "F444W", "F200W", "80 × 59", "80 × 60", "zpix align", paths=tmp_path)


@pytest.mark.parametrize(("shift_pix", "same"), [(0.05, True), (0.2, False)])
def test_different_wcs(tmp_path, wcs, shift_pix, same):
    jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    moved = tangent_wcs(53.1, -27.8 + shift_pix * 0.03 / 3600, SHAPE, 0.03)
    jades_file(tmp_path / "a_f200w_drz.fits", moved, ONES, ONES)
    if same:
        open_mosaic(tmp_path).close()
    else:
        _refused(GridError, "F444W", "F200W", "zpix align", paths=tmp_path)


def test_opposite_side_of_the_sky(tmp_path, wcs):
    jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    jades_file(tmp_path / "a_f200w_drz.fits", tangent_wcs(233.1, 27.8, SHAPE, 0.03), ONES, ONES)
    _refused(GridError, "F444W", "F200W", paths=tmp_path)


@pytest.mark.parametrize("which", ["science", "error"])
def test_all_nan_band(tmp_path, wcs, which):
    nan = np.full(SHAPE, np.nan, np.float32)
    images = (nan, ONES) if which == "science" else (ONES, nan)
    _refused(BandError, "F444W", "no valid pixel", paths=jades_file(tmp_path / "a_f444w_drz.fits", wcs, *images))


def test_one_valid_pixel_is_found(tmp_path, wcs):
    science = np.full(SHAPE, np.nan, np.float32)
    science[33, 44] = 1
    open_mosaic(jades_file(tmp_path / "a_f444w_drz.fits", wcs, science, ONES)).close()


@pytest.mark.parametrize("shape", [None, (0, 80), (3, 60, 80)])
def test_no_two_dimensional_pixels(tmp_path, wcs, shape):
    data = None if shape is None else np.ones(shape, np.float32)
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, data, data)
    _refused(InputFileError, "a_f444w_drz.fits", "two dimensions", paths=path)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.6, 0.99])
def test_truncated(tmp_path, wcs, kept):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    _refused(InputFileError, "a_f444w_drz.fits", "truncated", paths=path)


def test_truncated_at_the_end_of_the_science_or_in_a_header(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    whole = path.read_bytes()
    with fits.open(path) as hdus:
        error_header = hdus[2].fileinfo()["hdrLoc"]
    path.write_bytes(whole[:error_header])
    _refused(InputFileError, "a_f444w_drz.fits", "no HDU 2", paths=path)
    path.write_bytes(whole[: error_header + 1000])
    _refused(InputFileError, "a_f444w_drz.fits", "truncated", paths=path)


def test_truncated_gzip(tmp_path, monkeypatch, wcs):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, np.random.default_rng(0).normal(size=SHAPE), ONES)
    packed = tmp_path / "b_f444w_drz.fits.gz"
    packed.write_bytes(gzip.compress(path.read_bytes())[:-5000])
    _refused(InputFileError, "b_f444w_drz.fits.gz", "truncated", paths=packed)
    (cache,) = tmp_path.glob("zpix-*")
    assert list(cache.iterdir()) == []


def test_missing_hdu(tmp_path, wcs):
    header = wcs.to_header()
    header.update(BUNIT="MJy/sr", PIXAR_SR=2e-14)
    science = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(ONES, header, name="SCI")])
    for name, missing in (
        ("a_f444w_drz.fits", "HDU 2"),
        ("a_f444w_i2d.fits", "ERR"),
        ("a_f444w.fits", "ERR"),
    ):
        science.writeto(tmp_path / name)
        _refused(InputFileError, name, missing, paths=tmp_path / name)


def test_missing_weight(tmp_path, wcs):
    fits.PrimaryHDU(ONES, wcs.to_header()).writeto(tmp_path / "a-f444w_drc_sci.fits")
    _refused(InputFileError, "a-f444w_drc_sci.fits", "a-f444w_drc_wht.fits", paths=tmp_path)
    fits.PrimaryHDU(ONES[1:], wcs.to_header()).writeto(tmp_path / "a-f444w_drc_wht.fits")
    _refused(InputFileError, "a-f444w_drc_wht.fits", "(59, 80)", paths=tmp_path)


def test_error_of_another_shape(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES[1:])
    _refused(InputFileError, "different shapes", "(60, 80)", "(59, 80)", paths=path)


def test_missing_pixel_area(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES, drop="PIXAR_SR")
    _refused(InputFileError, "a_f444w_drz.fits", "PIXAR_SR", paths=path)


def test_missing_wcs(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    with fits.open(path, mode="update") as hdus:
        for axis in "12":
            del hdus[1].header[f"CTYPE{axis}"]
    _refused(InputFileError, "a_f444w_drz.fits", "WCS", paths=path)


def test_contradictory_wcs(tmp_path, wcs):
    half_sip = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES, A_ORDER=2, A_2_0=1e-9)
    _refused(InputFileError, "a_f444w_drz.fits", "WCS", "A_ORDER", paths=half_sip)
    singular = jades_file(tmp_path / "b_f444w_drz.fits", wcs, ONES, ONES, PC1_1=0.0, PC2_2=0.0)
    _refused(InputFileError, "b_f444w_drz.fits", "WCS", paths=singular)
