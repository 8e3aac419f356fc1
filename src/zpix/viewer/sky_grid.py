"""Where on the sky is a pixel of the page, and the reverse, in a browser that knows no WCS?

Positions are projected from the centre of the mosaic onto a plane, in which the mosaic's grid is a polynomial of third
degree: exact for tangential projections, and to a hundredth of a pixel for others with the distortions of cameras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_POINTS = 15  # along each side of the mosaic
_POWERS = [(i, j) for i in range(4) for j in range(4 - i)]


class OnSky(Protocol):
    """What is asked of a mosaic."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""

    def sky(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Sky positions of pixels, in degrees.

        Parameters
        ----------
        x, y : float, pixels
            Positions; integers are pixel centres.
        """


@dataclass(frozen=True)
class SkyGrid:
    """The grid of a mosaic as polynomials.

    Attributes
    ----------
    ra, dec : float, degrees
        Centre of the plane.
    scale_deg : float
        Half of the mosaic's side on the plane, the unit of its coordinates.
    centre : (float, float), pixels
        Centre of the mosaic.
    half_pix : float
        Half of its longer side, the unit of its coordinates.
    to_x, to_y : (10,) float
        Coefficients from the plane to the mosaic, of the powers (0, 0), (0, 1), (0, 2), (0, 3), (1, 0), ...
    to_xi, to_eta : (10,) float
        Coefficients from the mosaic to the plane.
    """

    ra: float
    dec: float
    scale_deg: float
    centre: tuple[float, float]
    half_pix: float
    to_x: list[float]
    to_y: list[float]
    to_xi: list[float]
    to_eta: list[float]

    @staticmethod
    def of(mosaic: OnSky) -> SkyGrid:
        """Fit the polynomials.

        Parameters
        ----------
        mosaic : Mosaic
            Its grid.

        Returns
        -------
        SkyGrid
            The polynomials.
        """
        height, width = mosaic.shape
        centre, half = ((width - 1) / 2, (height - 1) / 2), max(height, width) / 2
        y, x = (grid.ravel() for grid in np.meshgrid(*(np.linspace(-0.5, n - 0.5, _POINTS) for n in (height, width))))
        ra, dec = (float(value) for value in mosaic.sky(*centre))
        plane = project(*mosaic.sky(x, y), ra, dec)
        scale = max(float(np.abs(plane).max()), 1e-9)
        on_plane = _terms(*(plane / scale))
        on_mosaic = _terms((x - centre[0]) / half, (y - centre[1]) / half)
        fits = [
            np.linalg.lstsq(terms, wanted, rcond=None)[0].tolist()
            for terms, wanted in (
                (on_plane, (x - centre[0]) / half), (on_plane, (y - centre[1]) / half),
                (on_mosaic, plane[0] / scale), (on_mosaic, plane[1] / scale),
            )
        ]  # fmt: skip
        return SkyGrid(ra, dec, scale, centre, half, *fits)

    def pixel(self, ra: ArrayLike, dec: ArrayLike) -> tuple[Floats, Floats]:
        """Return the pixel positions of sky positions, as the page does it.

        Parameters
        ----------
        ra, dec : (N,) float, degrees
            ICRS positions.

        Returns
        -------
        x, y : (N,) float64, pixels
            Positions; integers are pixel centres.
        """
        terms = _terms(*(project(ra, dec, self.ra, self.dec) / self.scale_deg))
        return (
            self.centre[0] + self.half_pix * (terms @ np.array(self.to_x)),
            self.centre[1] + self.half_pix * (terms @ np.array(self.to_y)),
        )


def project(ra: ArrayLike, dec: ArrayLike, ra0: float, dec0: float) -> Floats:
    """Project sky positions onto the plane that touches the sphere at a point (gnomonic projection).

    Parameters
    ----------
    ra, dec : (N,) float, degrees
        Positions, less than 90 degrees from the point.
    ra0, dec0 : float, degrees
        The point.

    Returns
    -------
    (2, N) float64, degrees
        To the east and to the north.
    """
    turn, up, up0 = np.deg2rad(np.asarray(ra) - ra0), np.deg2rad(np.asarray(dec)), np.deg2rad(dec0)
    along = np.sin(up) * np.sin(up0) + np.cos(up) * np.cos(up0) * np.cos(turn)
    east = np.cos(up) * np.sin(turn) / along
    north = (np.sin(up) * np.cos(up0) - np.cos(up) * np.sin(up0) * np.cos(turn)) / along
    plane: Floats = np.rad2deg(np.stack([east, north]))
    return plane


def _terms(u: Any, v: Any) -> Floats:
    """Products of powers, (N, 10)."""
    return np.stack([u**i * v**j for i, j in _POWERS], axis=-1)
