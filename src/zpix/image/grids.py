"""Where on the sky is a pixel grid, and are two grids the same?"""

from __future__ import annotations

import numpy as np
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_area

ARCSEC_PER_DEGREE = 3600.0
SR_PER_SQUARE_DEGREE = (np.pi / 180) ** 2


def tangent_wcs(ra: float, dec: float, shape: tuple[int, int], pixel_scale_arcsec: float) -> WCS:
    """Gnomonic (TAN) WCS with north up and east left.

    Parameters
    ----------
    ra, dec : float
        Position of the centre of the grid, ((nx − 1) / 2, (ny − 1) / 2) in pixels from 0, in degrees (ICRS).
    shape : (ny, nx)
    pixel_scale_arcsec : float
        Side of a pixel.
    """
    height, width = shape
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.cunit = ["deg", "deg"]
    wcs.wcs.crval = [ra, dec]
    wcs.wcs.crpix = [(width + 1) / 2, (height + 1) / 2]  # FITS counts pixel centres from 1
    wcs.wcs.cdelt = [-pixel_scale_arcsec / ARCSEC_PER_DEGREE, pixel_scale_arcsec / ARCSEC_PER_DEGREE]
    wcs.wcs.radesys = "ICRS"
    wcs.wcs.set()
    wcs.array_shape = (height, width)
    return wcs


def pixel_scale_arcsec(wcs: WCS) -> float:
    """Side in arcsec of a square of a pixel's area at the reference point."""
    return float(np.sqrt(proj_plane_pixel_area(wcs)) * ARCSEC_PER_DEGREE)


def pixel_area_sr(wcs: WCS) -> float:
    """Area of a pixel at the reference point, in steradian."""
    return float(proj_plane_pixel_area(wcs) * SR_PER_SQUARE_DEGREE)


def grid_distance_pix(wcs: WCS, other: WCS, shape: tuple[int, int]) -> float:
    """How far apart two WCS put the same pixel: the largest distance over corners and centre, in pixels.

    Infinite where a position of one cannot be found in the other.
    """
    height, width = shape
    x = np.array([0, width - 1, 0, width - 1, (width - 1) / 2])
    y = np.array([0, 0, height - 1, height - 1, (height - 1) / 2])
    other_x, other_y = other.all_world2pix(*wcs.all_pix2world(x, y, 0), 0, quiet=True)
    distance = np.hypot(other_x - x, other_y - y)
    return float(distance.max()) if np.all(np.isfinite(distance)) else np.inf
