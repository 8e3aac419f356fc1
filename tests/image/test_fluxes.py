import pytest

from zpix.errors import InputFileError
from zpix.image.fluxes import njy_per_unit


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"BUNIT": "MJy/sr", "PIXAR_SR": 2e-14}, 20.0),
        ({"PIXAR_SR": 2e-14}, 20.0),
        ({"BUNIT": "nJy"}, 1.0),
        ({"BUNIT": "uJy/pixel"}, 1e3),
        ({"BUNIT": "mJy"}, 1e6),
        ({"BUNIT": "10.0*nanoJansky"}, 10.0),
        ({"BUNIT": "DN/s", "PHOTMJSR": 0.5, "PIXAR_SR": 2e-14}, 10.0),
        ({"BUNIT": "ELECTRONS/S", "PHOTFNU": 1e-7}, 100.0),
    ],
)
def test_known_units(header, expected):
    assert njy_per_unit(header, path="a.fits") == pytest.approx(expected)


def test_photflam_agrees_with_the_ab_zeropoint_of_hst():
    # WFC3/IR F160W: AB zeropoint 25.946 for these two keywords (WFC3 data handbook).
    factor = njy_per_unit({"BUNIT": "ELECTRONS/S", "PHOTFLAM": 1.9275602e-20, "PHOTPLAM": 15369.176}, path="a.fits")
    assert factor == pytest.approx(10 ** (-0.4 * (25.946 - 31.4)), rel=2e-3)


def test_the_default_is_for_files_without_unit():
    assert njy_per_unit({}, path="a.fits", default=10.0) == 10.0
    assert njy_per_unit({"BUNIT": "nJy"}, path="a.fits", default=10.0) == 1.0


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ({"BUNIT": "MJy/sr"}, "no PIXAR_SR"),
        ({"BUNIT": "MJy/sr", "PIXAR_SR": 0.0}, "PIXAR_SR = 0.0"),
        ({"BUNIT": "ELECTRONS/S"}, "ELECTRONS/S"),
        ({"BUNIT": "furlong"}, "furlong"),
    ],
)
def test_units_that_cannot_be_converted_are_named(header, what):
    with pytest.raises(InputFileError, match=f"'a.fits'.*{what}"):
        njy_per_unit(header, path="a.fits")
