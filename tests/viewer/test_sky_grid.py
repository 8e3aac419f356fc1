"""The polynomials of a page place the sky where the WCS does."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.wcs import WCS, Sip

from zpix.image import tangent_wcs
from zpix.image.grids import pixel_positions, sky_positions
from zpix.viewer.sky_grid import SkyGrid


class Field:
    def __init__(self, wcs: WCS, shape: tuple[int, int]) -> None:
        self.wcs, self.shape = wcs, shape

    def sky(self, x, y):
        return sky_positions(self.wcs, x, y)


def distorted(shape: tuple[int, int]) -> WCS:
    wcs = tangent_wcs(0.01, 62.0, shape, 0.06)
    wcs.wcs.ctype = ["RA---TAN-SIP", "DEC--TAN-SIP"]
    a, b = np.zeros((3, 3)), np.zeros((3, 3))
    a[2, 0], b[1, 1] = 2e-6, -1e-6
    wcs.sip = Sip(a, b, None, None, wcs.wcs.crpix)
    return wcs


@pytest.mark.parametrize(
    ("wcs", "shape"),
    [
        (tangent_wcs(53.16, -27.79, (16384, 16384), 0.03), (16384, 16384)),
        (tangent_wcs(359.999, 89.0, (900, 2000), 0.03), (900, 2000)),
        (distorted((2000, 1500)), (2000, 1500)),
    ],
)
def test_positions_are_those_of_the_wcs(wcs, shape):
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, shape[1], 50), rng.uniform(0, shape[0], 50)
    ra, dec = sky_positions(wcs, x, y)
    own = np.stack(SkyGrid.of(Field(wcs, shape)).pixel(ra, dec))
    np.testing.assert_allclose(own, pixel_positions(wcs, ra, dec), atol=0.02)
