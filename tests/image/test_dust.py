import numpy as np
import pytest
from astropy.io import fits

from zpix.errors import ConfigError, InputFileError
from zpix.image import ebv_at


def _map(path, values, **header):
    table = fits.BinTableHDU.from_columns([fits.Column("EBV", "E", array=values)])
    table.header.update({"NSIDE": 2, "ORDERING": "RING", **header})
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
    return path


def test_sfd_in_goods_south_and_at_the_galactic_plane():
    ebv = ebv_at([53.16, 266.4], [-27.79, -29.0])
    assert ebv.dtype == np.float32 and ebv.shape == (2,)
    assert 0.005 < ebv[0] < 0.012  # Schlegel et al. 1998 give 0.008 there
    assert ebv[1] > 5


def test_constant():
    np.testing.assert_array_equal(ebv_at([1.0, 2.0], [3.0, 4.0], dust=0.25), np.full(2, 0.25, np.float32))
    np.testing.assert_array_equal(ebv_at([1.0], [3.0], dust="0.25"), ebv_at([1.0], [3.0], dust=0.25))
    for bad in (-0.1, np.nan, np.inf):
        with pytest.raises(ConfigError, match="dust"):
            ebv_at([1.0], [3.0], dust=bad)


@pytest.mark.parametrize("system", ["G", "C"])
def test_own_map(tmp_path, system):
    values = np.where(np.arange(48) < 24, 0.1, 0.3)  # the northern half of its system first
    path = _map(tmp_path / "ebv.fits", values, COORDSYS=system)
    assert ebv_at([192.0], [80.0], dust=path) == pytest.approx(0.1)
    assert ebv_at([12.0], [-80.0], dust=str(path)) == pytest.approx(0.3)
    galactic_north_equatorial_south = ebv_at([192.9], [-20.0], dust=path)
    assert galactic_north_equatorial_south == pytest.approx(0.1 if system == "G" else 0.3, abs=0.05)


def test_no_positions():
    for dust in ("sfd", 0.1):
        assert ebv_at([], [], dust=dust).shape == (0,)


def test_maps_that_cannot_be_used(tmp_path):
    with pytest.raises(InputFileError, match=r"nowhere.fits' does not exist"):
        ebv_at([1.0], [2.0], dust=tmp_path / "nowhere.fits")
    fits.PrimaryHDU(np.ones((3, 3))).writeto(tmp_path / "image.fits")
    with pytest.raises(InputFileError, match="not a HEALPix map"):
        ebv_at([1.0], [2.0], dust=tmp_path / "image.fits")
    with pytest.raises(InputFileError, match="NSIDE 2"):
        ebv_at([1.0], [2.0], dust=_map(tmp_path / "short.fits", np.ones(40)))
    with pytest.raises(InputFileError, match="COORDSYS"):
        ebv_at([1.0], [2.0], dust=_map(tmp_path / "ecliptic.fits", np.ones(48), COORDSYS="E"))
    with pytest.raises(InputFileError, match="no value at 2 of 2 positions"):
        ebv_at([1.0, 2.0], [2.0, 3.0], dust=_map(tmp_path / "unseen.fits", np.full(48, -1.6375e30)))
