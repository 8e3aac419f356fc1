"""Which part of the sky does a mosaic cover?

As a MOC (Multi-Order Coverage map), which Aladin, TOPCAT and archives draw, intersect and search with: the HEALPix
cells in which some band has data. Cells are a little larger than the squares of pixels that are looked at, so that a
field has no gaps but its own, and its edge is right to about a cell: 1.6 arcsec at 0.03 arcsec per pixel.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.image import Mosaic, Region
from zpix.outputs import whole_file

# Side, in pixels, of the squares of a mosaic that are looked at. A HEALPix cell is at least three times as wide: then
# none lies between their corners.
_SQUARE_PIX = 16
_CELL_SQUARES = 3
_DEEPEST = 29
# Side of the 12 cells of order 0 in arcsec: the root of their area.
_SIDE_OF_ORDER_0 = math.degrees(math.sqrt(math.pi / 3)) * 3600


def write_footprint(path: str | Path, mosaic: Mosaic) -> None:
    """Write `moc.fits`, the coverage of a mosaic; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write.
    mosaic : Mosaic
        Read strip by strip, in one band after another until every square has data.
    """
    from astropy import units
    from mocpy import MOC  # takes a second to import

    seen = np.pad(_observed(mosaic), 1)
    y, x = np.nonzero(seen[1:, 1:] | seen[1:, :-1] | seen[:-1, 1:] | seen[:-1, :-1])  # corners of squares
    ra, dec = mosaic.sky(x * _SQUARE_PIX - 0.5, y * _SQUARE_PIX - 0.5)
    cell = _CELL_SQUARES * _SQUARE_PIX * mosaic.pixel_scale_arcsec
    order = min(_DEEPEST, max(0, math.floor(math.log2(_SIDE_OF_ORDER_0 / cell))))
    moc = MOC.from_lonlat(ra * units.deg, dec * units.deg, max_norder=order)
    with whole_file(path) as temporary:
        moc.save(str(temporary), format="fits")


def _observed(mosaic: Mosaic) -> NDArray[np.bool_]:
    """Which squares of a mosaic have a pixel with data in some band, (ny, nx)."""
    height, width = (-(-side // _SQUARE_PIX) for side in mosaic.shape)
    seen = np.zeros((height, width), bool)
    for row in range(height):
        y0 = row * _SQUARE_PIX
        strip = Region(0, y0, width * _SQUARE_PIX, y0 + _SQUARE_PIX)
        for band in mosaic.bands:
            (valid,) = mosaic.read(strip, bands=[band]).valid
            seen[row] |= valid.reshape(_SQUARE_PIX, width, _SQUARE_PIX).any((0, 2))
            if seen[row].all():
                break
    return seen
