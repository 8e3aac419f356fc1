import sys

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from zpix.errors import ConfigError, InputFileError, MissingExtraError
from zpix.image import ebv_at
from zpix.image.dust import _full_map


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


def test_the_full_map_is_read_where_dustmaps_keeps_it(tmp_path, monkeypatch):
    std_paths = pytest.importorskip("dustmaps.std_paths", reason="needs the extra 'dust'")
    monkeypatch.setattr(std_paths, "data_dir", lambda: str(tmp_path))
    _full_map.cache_clear()
    with pytest.raises(InputFileError, match=r"SFD_dust_4096_ngp.fits' is missing: download it once"):
        ebv_at([1.0], [2.0], dust="dustmaps")
    (tmp_path / "sfd").mkdir()
    for pole, latitude, ebv in (("ngp", 90.0, 0.02), ("sgp", -90.0, 0.07)):  # the true format, 64 pixels for 4096
        wcs = WCS(naxis=2)
        wcs.wcs.ctype, wcs.wcs.crval = ["GLON-ZEA", "GLAT-ZEA"], [0.0, latitude]
        wcs.wcs.crpix, wcs.wcs.cdelt = [32.5, 32.5], [-2.5, 2.5]
        values = np.full((64, 64), ebv, np.float32)
        fits.PrimaryHDU(values, wcs.to_header()).writeto(tmp_path / "sfd" / f"SFD_dust_4096_{pole}.fits")
    found = ebv_at([192.86, 53.16], [27.13, -27.79], dust="dustmaps")  # the north galactic pole; GOODS-S
    np.testing.assert_allclose(found, [0.02, 0.07])
    _full_map.cache_clear()


def test_without_dustmaps_the_full_map_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "dustmaps.sfd", None)
    _full_map.cache_clear()
    with pytest.raises(MissingExtraError, match=r"zpix\[dust\]"):
        ebv_at([1.0], [2.0], dust="dustmaps")
