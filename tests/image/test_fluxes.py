import math

import pytest

from zpix.errors import InputFileError
from zpix.image.fluxes import njy_per_unit, refuse_other_unit


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"BUNIT": "MJy/sr", "PIXAR_SR": 2e-14}, 20.0),
        ({"PIXAR_SR": 2e-14}, 20.0),
        ({"BUNIT": "nJy"}, 1.0),
        ({"BUNIT": "uJy/pixel"}, 1e3),
        ({"BUNIT": "mJy"}, 1e6),
        ({"BUNIT": "MJy sr-1", "PIXAR_SR": 2e-14}, 20.0),
        ({"BUNIT": "Jy arcsec**-2", "PIXAR_A2": 9e-4}, 9e5),
        ({"BUNIT": "1e-8 Jy"}, 10.0),
        ({"BUNIT": "10nJy"}, 10.0),
        ({"BUNIT": "nJy pix-1"}, 1.0),
        ({"BUNIT": "nanomaggies"}, 3630.78),
        ({"BUNIT": "erg/s/cm2/Hz"}, 1e32),
        ({"BUNIT": "counts s^-1", "PHOTMJSR": 0.5, "PIXAR_SR": 2e-14, "PHOTFNU": 1.01e-8}, 10.0),
        ({"BUNIT": "10.0*nanoJansky"}, 10.0),
        ({"BUNIT": "DN/s", "PHOTMJSR": 0.5, "PIXAR_SR": 2e-14}, 10.0),
        ({"BUNIT": "ELECTRONS/S", "PHOTFNU": 1e-7}, 100.0),
        ({"BUNIT": "ELECTRONS/S", "ZEROPNT": 26.4}, 100.0),
        ({"ZEROPNT": 26.4}, 100.0),  # the Hubble Legacy Fields
    ],
)
def test_known_units(header, expected):
    assert njy_per_unit(header, path="a.fits") == pytest.approx(expected)


def test_photflam_agrees_with_the_ab_zeropoint_of_hst():
    # WFC3/IR F160W: AB zeropoint 25.946 for these two keywords (WFC3 data handbook).
    factor = njy_per_unit({"BUNIT": "ELECTRONS/S", "PHOTFLAM": 1.9275602e-20, "PHOTPLAM": 15369.176}, path="a.fits")
    assert factor == pytest.approx(10 ** (-0.4 * (25.946 - 31.4)), rel=2e-3)


F160W = {"PHOTFLAM": 1.9275602e-20, "PHOTPLAM": 15369.176}


def test_the_default_is_for_files_without_unit():
    assert njy_per_unit({}, path="a.fits", default=10.0) == 10.0
    assert njy_per_unit({"BUNIT": "nJy"}, path="a.fits", default=10.0) == 1.0
    assert njy_per_unit({"TELESCOP": "HST"}, path="a.fits", default=10.0) == 10.0
    assert njy_per_unit({"TELESCOP": "JWST"} | F160W, path="a.fits", default=10.0) == 10.0
    rate = njy_per_unit({"BUNIT": "electrons/s"} | F160W, path="a.fits")
    assert njy_per_unit({"TELESCOP": "HST"} | F160W, path="a.fits", default=10.0) == rate


def test_the_zero_point_of_a_mosaic_goes_before_that_of_an_exposure():
    remarks: list[str] = []
    header = {"BUNIT": "ELECTRONS/S", "ZEROPNT": 25.9463} | F160W
    assert njy_per_unit(header, path="a.fits", remarks=remarks) == pytest.approx(10 ** (0.4 * (31.4 - 25.9463)))
    assert not remarks
    assert njy_per_unit(header | {"ZEROPNT": 26.4}, path="a.fits", remarks=remarks) == pytest.approx(100)
    assert "ZEROPNT is 26.400 mag" in remarks[0] and "25.94" in remarks[0]


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ({"BUNIT": "MJy/sr"}, "PIXAR_SR is missing"),
        ({"BUNIT": "MJy/sr", "PIXAR_SR": 0.0}, "PIXAR_SR is '0.0'"),
        ({"BUNIT": "ELECTRONS/S"}, "ELECTRONS/S"),
        ({"TELESCOP": "HST"}, "PHOTFLAM and PHOTPLAM"),
        ({"BUNIT": "ELECTRONS", "PHOTFNU": 1e-7}, "per second"),
        ({"BUNIT": "Jy/beam"}, "Jy/beam"),
        ({"BUNIT": "mag(AB)"}, "AB"),
        ({"BUNIT": "DN/s", "PHOTMJSR": 0.5, "PIXAR_SR": 2e-14, "PHOTFNU": 2e-8}, "10 nJy and PHOTFNU 20 nJy"),
        ({"BUNIT": "furlong"}, "furlong"),
    ],
)
def test_units_that_cannot_be_converted_are_named(header, what):
    with pytest.raises(InputFileError, match=what) as caught:
        njy_per_unit(header, path="a.fits")
    assert "'a.fits'" in str(caught.value)


@pytest.mark.parametrize(
    ("header", "expected", "said"),
    [
        ({"PIXAR_SR": 2e-14}, 20.0, None),
        ({"PIXAR_SR": 2.03e-14}, 20.3, None),  # 1.6 % as NIRCam's native pixels
        ({"PIXAR_SR": 9.31e-14}, 20.0, ("PIXAR_SR is 9.31e-14", "2e-14")),
        ({"PIXAR_SR": "2,03E-14"}, 20.0, ("'2,03E-14'",)),
        ({"PIXAR_A2": 2.01e-14 * (180 / math.pi * 3600) ** 2}, 20.1, None),
        ({"PIXAR_A2": 0.0039}, 20.0, ("PIXAR_A2 is 0.0039",)),
        ({}, 20.0, ("PIXAR_SR is missing",)),
        ({"BUNIT": "nJy", "PIXAR_SR": 9.31e-14}, 1.0, None),  # is not needed
        ({"BUNIT": "DN/s", "PHOTMJSR": 0.5}, 10.0, ("PIXAR_SR is missing",)),
    ],
)
def test_the_pixel_of_the_wcs_decides_where_the_header_differs(header, expected, said):
    remarks: list[str] = []
    factor = njy_per_unit(header, path="a.fits", pixel_area_sr=2e-14, remarks=remarks)
    assert factor == pytest.approx(expected)
    assert len(remarks) == (said is not None)
    assert all(word in remarks[0] for word in said or ())


def test_count_rates_per_pixels_of_two_sizes_are_refused():
    header = {"BUNIT": "DN/s", "PHOTMJSR": 0.5, "PIXAR_SR": 9.31e-14}
    with pytest.raises(InputFileError, match=r"9.31e-14 sr and a pixel of the WCS has 2e-14 sr"):
        njy_per_unit(header, path="a.fits", pixel_area_sr=2e-14)


@pytest.mark.parametrize(
    ("units", "same"), [(("MJy/sr", "MJy sr-1"), True), (("nJy", "uJy"), False), (("nJy", ""), True)]
)
def test_errors_are_in_the_unit_of_the_science(units, same):
    science, errors = ({"BUNIT": unit} for unit in units)
    if same:
        refuse_other_unit(science, errors, path="a.fits")
    else:
        with pytest.raises(InputFileError, match="'nJy' and errors in 'uJy'"):
            refuse_other_unit(science, errors, path="a.fits")
