"""How is a mosaic cut into pieces that fit a network, so that exactly one piece owns each source?"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import NamedTuple

from zpix.errors import ConfigError
from zpix.image.regions import Region

#: Coarsest stride of the detector's feature maps, in pixels: tiles start and end on this grid, whatever their number.
STRIDE = 64


@dataclass(frozen=True)
class Tile:
    """One piece of a mosaic.

    Attributes
    ----------
    index : int
        Position in the list of tiles, row by row from the bottom left.
    read : Region
        Pixels that the network is given; up to 63 of them lie outside the mosaic at the far edges.
    owned : Region
        Pixels whose sources this tile reports; inside the mosaic, and shared with no other tile.
    """

    index: int
    read: Region
    owned: Region


def make_tiles(shape: tuple[int, int], *, tile_size: int = 1024, margin: int = 64) -> list[Tile]:
    """Cut a mosaic into tiles whose owned regions cover every pixel once.

    A read region reaches `margin` pixels beyond the owned region, except at the edges of the mosaic. Read regions start
    and end on multiples of 64, so that the stride grid of the network is the same in every tile.

    Parameters
    ----------
    shape : (ny, nx)
        Size of the mosaic.
    tile_size : int, default 1024 pixels
        Side of a read region, which is smaller at the far edges; a multiple of 64.
    margin : int, default 64 pixels
        How far a read region reaches beyond the owned one; a multiple of 64.

    Returns
    -------
    list of Tile
        Row by row from the bottom left; empty for a mosaic without pixels.

    Raises
    ------
    ConfigError
        If `margin` or `tile_size` is not a multiple of 64, or `tile_size` is not above twice the margin.

    Examples
    --------
    >>> [tile.owned for tile in make_tiles((100, 200), tile_size=192, margin=64)]
    [Region(x0=0, y0=0, x1=128, y1=100), Region(x0=128, y0=0, x1=200, y1=100)]
    """
    if margin < 0 or margin % STRIDE:
        raise ConfigError(f"margin is {margin}: it must be a multiple of {STRIDE}, 0 or more")
    if tile_size % STRIDE or tile_size <= 2 * margin:
        raise ConfigError(
            f"tile_size is {tile_size} with margin {margin}: it must be a multiple of {STRIDE} above twice the margin"
        )
    rows = _intervals(shape[0], tile_size, margin)
    columns = _intervals(shape[1], tile_size, margin)
    return [
        Tile(index, Region(x.read0, y.read0, x.read1, y.read1), Region(x.owned0, y.owned0, x.owned1, y.owned1))
        for index, (y, x) in enumerate(itertools.product(rows, columns))
    ]


class _Interval(NamedTuple):
    """Pixels read and owned by a tile along one axis, half-open."""

    read0: int
    read1: int
    owned0: int
    owned1: int


def _intervals(length: int, tile_size: int, margin: int) -> list[_Interval]:
    """Cut one axis of the mosaic; the first and the last tile own the pixels up to its edges."""
    step = tile_size - 2 * margin
    count = max(1, math.ceil((length - 2 * margin) / step)) if length else 0
    intervals = []
    for number in range(count):
        start, last = number * step, number == count - 1
        stop = STRIDE * math.ceil(length / STRIDE) if last else start + tile_size
        intervals.append(
            _Interval(start, stop, start + margin if number else 0, length if last else start + tile_size - margin)
        )
    return intervals
