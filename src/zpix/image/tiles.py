"""How is a mosaic cut into pieces that fit a network, so that exactly one piece owns each source?"""

from __future__ import annotations

from dataclasses import dataclass

from zpix.errors import ConfigError
from zpix.image.regions import Region

#: Coarsest stride of the detector's feature maps, in pixels: tiles start on this grid, whatever their number.
STRIDE = 32


@dataclass(frozen=True)
class Tile:
    """One piece of a mosaic.

    Attributes
    ----------
    index : int
        Position in the list of tiles, row by row from the bottom left.
    read : Region
        What the network sees: square, and it may stick out of the mosaic.
    owned : Region
        The pixels whose sources are this tile's; inside the mosaic, and shared with no other tile.
    """

    index: int
    read: Region
    owned: Region


def make_tiles(shape: tuple[int, int], *, tile_size: int = 1024, margin: int = 64) -> list[Tile]:
    """Tiles whose owned regions partition a mosaic of `shape` (ny, nx).

    Every read region has `tile_size` pixels a side and reaches `margin` pixels beyond the owned cell. Read
    regions start at −margin plus multiples of 32, so that the stride grid of the network is the same in every
    tile.

    Raises
    ------
    ConfigError
        If `margin` or `tile_size` − 2 `margin` is not a multiple of 32, or nothing is left to own.

    >>> [tile.owned for tile in make_tiles((100, 150), tile_size=192, margin=32)]
    [Region(x0=0, y0=0, x1=128, y1=100), Region(x0=128, y0=0, x1=150, y1=100)]
    """
    step = tile_size - 2 * margin
    if margin < 0 or margin % STRIDE:
        raise ConfigError(f"margin is {margin}: it must be a multiple of {STRIDE}, 0 or more")
    if step <= 0 or step % STRIDE:
        raise ConfigError(
            f"tile_size is {tile_size} with margin {margin}: "
            f"tile_size - 2 margin must be a positive multiple of {STRIDE}"
        )
    mosaic = Region.whole(shape)
    corners = [(x, y) for y in range(0, shape[0], step) for x in range(0, shape[1], step)]
    cells = [Region(x, y, x + step, y + step) for x, y in corners]
    return [Tile(index, cell.grown(margin), cell.intersection(mosaic)) for index, cell in enumerate(cells)]
