"""Which random numbers belong to which part of an endless sky?

Every kind of thing has a stream of its own, and in it every cell, so that any window can be drawn in any order.
"""

from __future__ import annotations

import numpy as np

from zpix.image import Region

#: Streams of a sky.
FIELD, CELL, NOISE, DEPTH = range(4)
COVERAGE, ARTEFACTS = 100, 101
CONDITIONS, ZERO_POINTS, SKY_LEVEL = 110, 111, 112
CROWDING = 200
_ORIGIN = 1 << 20  # keys of streams are not negative, cells may be


def stream(seed: int, *key: int) -> np.random.Generator:
    """Give the random numbers of one kind of thing in a sky.

    Parameters
    ----------
    seed : int
        Seed of the sky.
    *key : int
        Numbers of the stream.

    Returns
    -------
    Generator
        The random numbers, from their beginning.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def cell_stream(seed: int, *key: int, cell: tuple[int, int]) -> np.random.Generator:
    """Give the random numbers of one kind of thing in one cell of a sky.

    Parameters
    ----------
    seed : int
        Seed of the sky.
    *key : int
        Numbers of the stream.
    cell : (int, int)
        The cell.

    Returns
    -------
    Generator
        The random numbers, from their beginning.
    """
    return stream(seed, *key, cell[0] + _ORIGIN, cell[1] + _ORIGIN)


def stream_seed(seed: int, *key: int) -> int:
    """Give a seed to what has streams of its own.

    Parameters
    ----------
    seed : int
        Seed of the sky.
    *key : int
        Numbers of the stream.

    Returns
    -------
    int
        The seed.
    """
    return int(np.random.SeedSequence(seed, spawn_key=key).generate_state(1, np.uint64)[0])


def cells_of(region: Region, size_pix: int) -> list[tuple[int, int]]:
    """List the cells that a region touches.

    Parameters
    ----------
    region : Region
        In pixels of the sky.
    size_pix : int, pixels
        Side of a cell.

    Returns
    -------
    list of (int, int)
        Row and column of each cell, row by row.
    """
    rows = range(region.y0 // size_pix, -(-region.y1 // size_pix))
    return [(row, column) for row in rows for column in range(region.x0 // size_pix, -(-region.x1 // size_pix))]
