"""Where on the sky is a pixel grid, and are two grids the same?

Positions on the sky are ICRS whatever the frame of a WCS is, and right ascensions are from 0 to below 360 degrees.
"""

from __future__ import annotations

import numpy as np
from astropy.coordinates import FK4, FK5, ICRS, BaseCoordinateFrame, FK4NoETerms, Galactic, SkyCoord
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_area, wcs_to_celestial_frame
from numpy.typing import ArrayLike, NDArray

ARCSEC_PER_DEGREE = 3600.0
SR_PER_SQUARE_DEGREE = (np.pi / 180) ** 2

_EQUATORIAL = (ICRS, FK5, FK4, FK4NoETerms)

Floats = NDArray[np.float64]


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


def central_pixel_area_sr(wcs: WCS, shape: tuple[int, int]) -> float:
    """Return the area on the sky of the pixel in the middle of an image, whatever the projection.

    Parameters
    ----------
    wcs : astropy WCS
        Celestial and two-dimensional.
    shape : (ny, nx)
        Size of the image in pixels.

    Returns
    -------
    float, steradian
        That of the reference point if the middle is not on the sky.
    """
    x, y = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    angles = wcs.all_pix2world(x + np.array([-0.5, 0.5, 0, 0]), y + np.array([0, 0, -0.5, 0.5]), 0)
    longitude, latitude = np.deg2rad(angles)
    west, east, south, north = np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=1
    )
    area = float(np.linalg.norm(np.cross(east - west, north - south)))
    return area if np.isfinite(area) else pixel_area_sr(wcs)


def celestial_frame(wcs: WCS) -> BaseCoordinateFrame | None:
    """Return the frame of a WCS: ICRS, FK5, FK4 or galactic.

    Parameters
    ----------
    wcs : astropy WCS
        Celestial and two-dimensional.

    Returns
    -------
    astropy frame or None
        None if it is another one.
    """
    if wcs.wcs.lngtyp == "GLON":  # astropy would believe RADESYS, which says nothing of galactic coordinates
        return Galactic()
    if wcs.wcs.lngtyp != "RA":
        return None
    try:
        frame: BaseCoordinateFrame = wcs_to_celestial_frame(wcs)
    except ValueError:
        return None
    return frame if isinstance(frame, _EQUATORIAL) else None


def sky_positions(wcs: WCS, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Return where pixel positions are on the sky.

    Parameters
    ----------
    wcs : astropy WCS
        Celestial and two-dimensional; a frame that `celestial_frame` does not know is taken as ICRS.
    x, y : (...) float, pixels
        Positions; integers are pixel centres.

    Returns
    -------
    ra, dec : (...) float64, degrees
        ICRS, 0 ≤ ra < 360; NaN where a position is not on the sky.
    """
    column, row = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
    if not column.size:
        return np.zeros(column.shape), np.zeros(column.shape)
    longitude, latitude = wcs.all_pix2world(column, row, 0)
    frame = celestial_frame(wcs)
    if frame is not None and not isinstance(frame, ICRS):
        position = SkyCoord(longitude, latitude, unit="deg", frame=frame).icrs
        longitude, latitude = position.ra.deg, position.dec.deg
    return whole_circle(longitude), np.asarray(latitude)


def pixel_positions(wcs: WCS, ra: ArrayLike, dec: ArrayLike) -> tuple[Floats, Floats]:
    """Return where sky positions are in pixels; the inverse of `sky_positions`.

    Parameters
    ----------
    wcs : astropy WCS
        Celestial and two-dimensional.
    ra, dec : (...) float, degrees
        ICRS positions.

    Returns
    -------
    x, y : (...) float64, pixels
        Positions; integers are pixel centres.
    """
    longitude, latitude = np.broadcast_arrays(np.asarray(ra, np.float64), np.asarray(dec, np.float64))
    if not longitude.size:
        return np.zeros(longitude.shape), np.zeros(longitude.shape)
    frame = celestial_frame(wcs)
    if frame is not None and not isinstance(frame, ICRS):
        position = SkyCoord(longitude, latitude, unit="deg", frame="icrs").transform_to(frame)
        longitude, latitude = position.spherical.lon.deg, position.spherical.lat.deg
    x, y = wcs.all_world2pix(longitude, latitude, 0, quiet=True)
    return np.asarray(x), np.asarray(y)


def whole_circle(ra: ArrayLike) -> Floats:
    """Return right ascensions from 0 to below 360 degrees.

    Parameters
    ----------
    ra : (...) float, degrees
        Right ascensions; NaN stays.

    Returns
    -------
    (...) float64, degrees
        The same angles.

    Examples
    --------
    >>> whole_circle([-0.25, 359.75, 360.0, -1e-20])
    array([359.75, 359.75,   0.  ,   0.  ])
    """
    turned: Floats = np.mod(np.asarray(ra, np.float64), 360.0)
    return np.where(turned == 360.0, 0.0, turned)  # of tiny negative numbers


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
    other_x, other_y = pixel_positions(other, *sky_positions(wcs, x, y))
    distance = np.hypot(other_x - x, other_y - y)
    return float(distance.max()) if np.all(np.isfinite(distance)) else np.inf
