"""Tables of arrays: rows are taken, tables are joined, and what the whole table shares is kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zpix.sources.rows import SHARED, Rows


@dataclass(frozen=True, eq=False)
class Fluxes(Rows):
    bands: tuple[str, ...] = field(metadata=SHARED)
    flux: NDArray[np.float64]  # (N, band)


@dataclass(frozen=True, eq=False)
class Sources(Rows):
    z: NDArray[np.float64]
    fluxes: Fluxes


def sources(n: int) -> Sources:
    return Sources(np.arange(n, dtype=float), Fluxes(("F200W", "F444W"), np.arange(2.0 * n).reshape(n, 2)))


def test_rows_are_taken_by_slice_mask_and_index():
    table = sources(4)
    for rows in (slice(1, 3), np.array([False, True, True, False]), np.array([1, 2])):
        part = table[rows]
        assert len(part) == len(part.fluxes) == 2 and part.z.tolist() == [1.0, 2.0]
        assert part.fluxes.flux.tolist() == [[2.0, 3.0], [4.0, 5.0]] and part.fluxes.bands == ("F200W", "F444W")


def test_tables_are_joined_and_none_is_a_table():
    table = sources(3)
    joined = Sources.concatenate([table[:0], table, table[1:]])
    assert joined.z.tolist() == [0.0, 1.0, 2.0, 1.0, 2.0] and len(joined.fluxes) == 5
    assert len(table[:0]) == 0 and joined.fluxes.bands == table.fluxes.bands
