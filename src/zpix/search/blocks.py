"""Which tiles are searched together, so that a long run can be shared out, watched and taken up again?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from zpix.config import InferenceConfig
from zpix.image import Tile, make_tiles

# A field is cut into about this many blocks, of 2 × 2 to 8 × 8 tiles: enough to share among many workers, few enough
# that what each costs beside its tiles does not count.
_BLOCKS_PER_FIELD = 256
_FEWEST_ACROSS, _MOST_ACROSS = 2, 8


@dataclass(frozen=True)
class Block:
    """Neighbouring tiles of a mosaic.

    Attributes
    ----------
    index : int
        Position in the list of blocks, row by row from the bottom left.
    row : int
        Which row of blocks it is in.
    tiles : tuple of Tile
        Its tiles, row by row.
    """

    index: int
    row: int
    tiles: tuple[Tile, ...]


def make_blocks(shape: tuple[int, int], config: InferenceConfig) -> list[Block]:
    """Cut a mosaic into blocks of tiles, the same for any number of workers.

    Parameters
    ----------
    shape : (int, int), pixels
        Height and width of the mosaic.
    config : InferenceConfig
        Gives the size of tiles and their margin.

    Returns
    -------
    list of Block
        Row by row from the bottom left.

    Examples
    --------
    >>> [len(block.tiles) for block in make_blocks((2000, 3500), InferenceConfig(tile_size=1024, margin=128))]
    [4, 4, 2, 2, 2, 1]
    """
    tiles = make_tiles(shape, tile_size=config.tile_size, margin=config.margin)
    columns = sum(tile.owned.y0 == tiles[0].owned.y0 for tile in tiles)
    across = min(max(math.ceil(math.sqrt(len(tiles) / _BLOCKS_PER_FIELD)), _FEWEST_ACROSS), _MOST_ACROSS)
    members: dict[tuple[int, int], list[Tile]] = {}
    for tile in tiles:
        row, column = divmod(tile.index, columns)
        members.setdefault((row // across, column // across), []).append(tile)
    return [Block(index, row, tuple(members[row, column])) for index, (row, column) in enumerate(sorted(members))]
