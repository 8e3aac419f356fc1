"""The coverage of a field holds every observed pixel, and nothing far from one."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from zpix.catalogue import write_footprint
from zpix.image import Pixels, open_mosaic, tangent_wcs, write_mosaic

SHAPE = (150, 230)


@pytest.mark.parametrize("dec", [-27.8, 0.0, 89.9])
def test_it_holds_what_some_band_has_seen(tmp_path, dec):
    from mocpy import MOC

    valid = np.zeros((2, *SHAPE), bool)
    valid[0, :, :100] = True
    valid[1, 40:, 80:200] = True
    pixels = Pixels(np.ones(valid.shape, np.float32), np.where(valid, 1, np.inf).astype(np.float32), valid)
    wcs = tangent_wcs(53.1, dec, SHAPE, 0.03)
    write_mosaic(tmp_path / "field", pixels, bands=("F200W", "F444W"), wcs=wcs)
    with open_mosaic(tmp_path / "field") as mosaic:
        write_footprint(tmp_path / "moc.fits", mosaic)
        moc = MOC.from_fits(str(tmp_path / "moc.fits"))
        y, x = np.mgrid[:150, :230]
        inside = moc.contains_skycoords(SkyCoord(*mosaic.sky(x, y), unit="deg"))
        seen = valid.any(0)
        assert inside[seen].mean() > 0.998  # the tip of a cell may reach in between two points of the edge
        far = SkyCoord(*mosaic.sky([-150, 400], [75, 75]), unit="deg")
        assert not moc.contains_skycoords(far).any()
    area = moc.sky_fraction * 41252.96 * 3600**2 / 0.03**2
    assert seen.sum() < area < 2.5 * seen.sum()  # cells of 1.6 arcsec around a field of 5 times 7 arcsec
    assert moc.max_order == 17


def test_a_large_field_has_no_holes(tmp_path):
    from mocpy import MOC

    valid = np.ones((1, 600, 700), bool)
    pixels = Pixels(np.ones(valid.shape, np.float32), np.ones(valid.shape, np.float32), valid)
    write_mosaic(tmp_path / "field", pixels, bands=("F200W",), wcs=tangent_wcs(10, 41.6, (600, 700), 0.03))
    with open_mosaic(tmp_path / "field") as mosaic:
        write_footprint(tmp_path / "moc.fits", mosaic)
        y, x = np.mgrid[:600:7, :700:7]
        moc = MOC.from_fits(str(tmp_path / "moc.fits"))
        assert moc.contains_skycoords(SkyCoord(*mosaic.sky(x, y), unit="deg"))[2:-2, 2:-2].all()
