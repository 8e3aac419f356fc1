"""Positions on the sky: ICRS, from 0 to below 360 degrees, and areas of pixels."""

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS

from zpix.image.grids import (
    central_pixel_area_sr,
    grid_distance_pix,
    pixel_area_sr,
    pixel_positions,
    sky_positions,
    tangent_wcs,
    whole_circle,
)

SHAPE = (60, 80)


@pytest.mark.parametrize(("ra", "dec"), [(0.0, -27.8), (-0.001, -27.8), (359.9999, 60.0), (120.0, 89.9999), (0, -90)])
def test_right_ascensions_are_from_0_to_below_360(ra, dec):
    wcs = tangent_wcs(ra, dec, SHAPE, 0.03)
    x, y = np.meshgrid(np.arange(80.0), np.arange(60.0))
    alpha, delta = sky_positions(wcs, x, y)
    assert alpha.min() >= 0 and alpha.max() < 360
    np.testing.assert_allclose(pixel_positions(wcs, alpha, delta), [x, y], atol=1e-5)


def test_tiny_negative_numbers_are_zero():
    assert whole_circle([-1e-17, -0.5, 360.0, np.nan]).tolist()[:3] == [0.0, 359.5, 0.0]


def test_bands_in_two_frames_can_be_on_one_grid():
    icrs = tangent_wcs(53.1, -27.8, SHAPE, 0.03)
    fk5 = icrs.deepcopy()
    fk5.wcs.radesys, fk5.wcs.equinox = "FK5", 2000.0
    fk5.wcs.crval = [(place := SkyCoord(53.1, -27.8, unit="deg").fk5).ra.deg, place.dec.deg]
    fk5.wcs.set()
    assert grid_distance_pix(icrs, fk5, SHAPE) < 0.001
    fk5.wcs.crval = icrs.wcs.crval
    fk5.wcs.set()
    assert 0.3 < grid_distance_pix(icrs, fk5, SHAPE) < 2  # some 20 mas


def test_area_of_the_central_pixel():
    wcs = tangent_wcs(53.1, -27.8, SHAPE, 0.03)
    assert central_pixel_area_sr(wcs, SHAPE) == pytest.approx(pixel_area_sr(wcs), rel=1e-6)
    car = WCS(naxis=2)  # plate carrée: pixels shrink with declination
    car.wcs.ctype, car.wcs.crval, car.wcs.crpix = ["RA---CAR", "DEC--CAR"], [53.1, 0], [40, 60 * 36000 + 30]
    car.wcs.cdelt = [-1 / 36000, 1 / 36000]
    assert central_pixel_area_sr(car, SHAPE) == pytest.approx(pixel_area_sr(car) * np.cos(np.deg2rad(-60)), rel=1e-4)
