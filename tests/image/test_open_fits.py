import numpy as np
import pytest
from astropy import log as astropy_log
from astropy.coordinates import SkyCoord
from astropy.io import fits

from zpix.errors import InputFileError
from zpix.image import FitsFile, Region, open_mosaic

from .small_mosaics import NJY_PER_UNIT, ONES, SHAPE, WHOLE, check_mosaic, jades_file, refused


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
        check_mosaic(mosaic, NJY_PER_UNIT * values[0], NJY_PER_UNIT * values[1])


@pytest.mark.parametrize("shape", [None, (0, 80), (3, 60, 80)])
def test_no_two_dimensional_pixels(tmp_path, wcs, shape):
    data = None if shape is None else np.ones(shape, np.float32)
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, data, data)
    refused(InputFileError, "a_f444w_drz.fits", "two dimensions", paths=path)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.6, 0.97])
def test_truncated(tmp_path, wcs, kept):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    refused(InputFileError, "a_f444w_drz.fits", "truncated", paths=path)


def test_truncated_at_the_end_of_the_science_or_in_a_header(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    whole = path.read_bytes()
    with fits.open(path) as hdus:
        error_header = hdus[2].fileinfo()["hdrLoc"]
    path.write_bytes(whole[:error_header])
    refused(InputFileError, "a_f444w_drz.fits", "no HDU 2", paths=path)
    path.write_bytes(whole[: error_header + 1000])
    refused(InputFileError, "a_f444w_drz.fits", "truncated", paths=path)


def test_missing_wcs(tmp_path, wcs):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES)
    with fits.open(path, mode="update") as hdus:
        for axis in "12":
            del hdus[1].header[f"CTYPE{axis}"]
    refused(InputFileError, "a_f444w_drz.fits", "WCS", paths=path)


def test_contradictory_wcs(tmp_path, wcs):
    sip = {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "A_ORDER": 2, "A_2_0": 1e-9}
    half_sip = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES, **sip)
    refused(InputFileError, "a_f444w_drz.fits", "WCS", "A_ORDER", paths=half_sip)
    singular = jades_file(tmp_path / "b_f444w_drz.fits", wcs, ONES, ONES, PC1_1=0.0, PC2_2=0.0)
    refused(InputFileError, "b_f444w_drz.fits", "WCS", paths=singular)
    ecliptic = jades_file(tmp_path / "c_f444w_drz.fits", wcs, ONES, ONES, CTYPE1="ELON-TAN", CTYPE2="ELAT-TAN")
    refused(InputFileError, "c_f444w_drz.fits", "ELON-TAN", "galactic", paths=ecliptic)


def test_coefficients_that_ctype_does_not_ask_for_are_not_applied(tmp_path, wcs, caplog):
    sip = {"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 8.5e-4, "B_0_2": -7e-4}
    paths = [jades_file(tmp_path / f"a_{band}_drz.fits", wcs, ONES, ONES, **sip) for band in ("f200w", "f444w")]
    with astropy_log.log_to_list() as notes, open_mosaic(paths) as mosaic:
        np.testing.assert_allclose(mosaic.sky(70, 50), wcs.all_pix2world(70, 50, 0), rtol=1e-12)
    (said,) = caplog.messages
    assert said.startswith("F200W F444W (") and "SIP" in said and "RA---TAN" in said
    assert not notes
    sip |= {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP"}
    with open_mosaic(jades_file(tmp_path / "b_f444w_drz.fits", wcs, ONES, ONES, **sip)) as mosaic:
        assert abs(mosaic.sky(70, 50)[0] - wcs.all_pix2world(70, 50, 0)[0]) > 1e-6


@pytest.mark.parametrize("frame", ["galactic", "fk4", "fk5", "odd"])
def test_positions_are_icrs_whatever_the_frame(tmp_path, wcs, caplog, frame):
    centre = SkyCoord(53.1, -27.8, unit="deg")
    place = centre.transform_to("icrs" if frame == "odd" else frame).spherical
    cards = {"CRVAL1": place.lon.deg, "CRVAL2": place.lat.deg, "LATPOLE": place.lat.deg}
    if frame == "galactic":
        cards |= {"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN"}
    else:
        cards |= {"RADESYS": "J2000" if frame == "odd" else frame.upper()}
    if frame in ("fk4", "fk5"):
        cards["EQUINOX"] = 1950.0 if frame == "fk4" else 2000.0
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, ONES, ONES, **cards)
    with open_mosaic(path) as mosaic:
        ra, dec = mosaic.sky((SHAPE[1] - 1) / 2, (SHAPE[0] - 1) / 2)
        found = SkyCoord(ra, dec, unit="deg")
        assert found.separation(centre).arcsec < 1e-4
        np.testing.assert_allclose(mosaic.pixel(*mosaic.sky([3, 70], [5, 50])), [[3, 70], [5, 50]], atol=1e-5)
    assert ("RADESYS is 'J2000'" in caplog.text) == (frame == "odd")


def test_a_last_block_without_padding_is_read(tmp_path, wcs, values, caplog):
    path = jades_file(tmp_path / "a_f444w_drz.fits", wcs, *values)
    data_bytes = 4 * SHAPE[0] * SHAPE[1]
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - -data_bytes % 2880])
    with open_mosaic(path) as mosaic:
        check_mosaic(mosaic, NJY_PER_UNIT * values[0], NJY_PER_UNIT * values[1])
    (said,) = caplog.messages
    assert "a_f444w_drz.fits" in said and "complete" in said
    path.write_bytes(whole[: len(whole) - -data_bytes % 2880 - 4])
    refused(InputFileError, "a_f444w_drz.fits", "truncated", paths=path)


@pytest.mark.parametrize("kind", [np.uint32, np.int64, np.float64])
def test_whole_numbers_are_read_exactly(tmp_path, kind):
    stored = np.zeros(SHAPE, kind)
    stored[3, 4:6] = 2**24 + 1, 2**24 + 3  # which single precision cannot tell apart
    fits.PrimaryHDU(stored).writeto(tmp_path / "a.fits")
    image = FitsFile(tmp_path / "a.fits").image(0)
    np.testing.assert_array_equal(image.read_integers(Region(4, 3, 7, 4)), [[2**24 + 1, 2**24 + 3, 0]])
