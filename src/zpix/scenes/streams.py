"""Which random numbers belong to which part of an endless sky?

Every kind of thing has a stream of its own, and in it every cell, so that any window can be drawn in any order.
"""

from __future__ import annotations

import numpy as np

_ORIGIN = 1 << 20  # keys of streams are not negative, cells may be


def stream(seed: int, *key: int) -> np.random.Generator:
    """Random numbers of one kind of thing in the sky of this seed."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def cell_stream(seed: int, *key: int, cell: tuple[int, int]) -> np.random.Generator:
    """Random numbers of one kind of thing in one cell of the sky."""
    return stream(seed, *key, cell[0] + _ORIGIN, cell[1] + _ORIGIN)


def stream_seed(seed: int, *key: int) -> int:
    """A seed for what has streams of its own."""
    return int(np.random.SeedSequence(seed, spawn_key=key).generate_state(1, np.uint64)[0])
