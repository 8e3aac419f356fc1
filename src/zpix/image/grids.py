"""Where on the sky is a pixel grid, and are two grids the same?"""

from __future__ import annotations

import numpy as np
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_area

ARCSEC_PER_DEGREE = 3600.0
SR_PER_SQUARE_DEGREE = (np.pi / 180) ** 2


def tangent_wcs(ra: float, dec: float, shape: tuple[int, int], pixel_scale_arcsec: float) -> WCS:
    """Make a gnomonic (TAN) WCS with north up and east left.

    Parameters
    ----------
    ra, dec : float, degrees
        Position (ICRS) of the centre of the grid, pixel ((nx − 1) / 2, (ny − 1) / 2) counted from 0.
    shape : (ny, nx)
        Size of the grid in pixels.
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.

    Returns
    -------
    astropy WCS
        Celestial and two-dimensional.
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
    """Return the side of a square with the area of a pixel.

    Parameters
    ----------
    wcs : astropy WCS
        Celestial and two-dimensional.

    Returns
    -------
    float, arcsec
        Side at the reference point.
    """
    return float(np.sqrt(proj_plane_pixel_area(wcs)) * ARCSEC_PER_DEGREE)


def pixel_area_sr(wcs: WCS) -> float:
    """Return the area of a pixel.

    Parameters
    ----------
    wcs : astropy WCS
        Celestial and two-dimensional.

    Returns
    -------
    float, steradian
        Area at the reference point.
    """
    return float(proj_plane_pixel_area(wcs) * SR_PER_SQUARE_DEGREE)


def grid_distance_pix(wcs: WCS, other: WCS, shape: tuple[int, int]) -> float:
    """Return how far apart two WCS place the same pixel.

    Parameters
    ----------
    wcs, other : astropy WCS
        Celestial and two-dimensional.
    shape : (ny, nx)
        Size of the grid in pixels.

    Returns
    -------
    float, pixels
        Largest distance over the corners and the centre; infinite if a position of one is not on the other.
    """
    height, width = shape
    x = np.array([0, width - 1, 0, width - 1, (width - 1) / 2])
    y = np.array([0, 0, height - 1, height - 1, (height - 1) / 2])
    other_x, other_y = other.all_world2pix(*wcs.all_pix2world(x, y, 0), 0, quiet=True)
    distance = np.hypot(other_x - x, other_y - y)
    return float(distance.max()) if np.all(np.isfinite(distance)) else np.inf
