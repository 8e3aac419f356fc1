"""How are rows of a table of arrays taken, and how are such tables joined?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


class Rows:
    """Base of frozen dataclasses whose fields are arrays, or other `Rows`, of one leading length N.

    `len(table)` is N, `table[rows]` takes rows by a slice, a mask or indices, and `Table.concatenate` joins tables.
    N = 0 is an ordinary table.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True, eq=False)
    ... class Positions(Rows):
    ...     ra: NDArray
    ...     dec: NDArray
    >>> positions = Positions(np.array([53.1, 53.2]), np.array([-27.8, -27.9]))
    >>> len(Positions.concatenate([positions, positions[positions.dec < -27.85]]))
    3
    """

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(getattr(self, fields(self)[0].name))  # type: ignore[arg-type]

    def __getitem__(self, rows: slice | NDArray[Any]) -> Self:
        """Return the table of some rows."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})  # type: ignore[arg-type]

    @classmethod
    def concatenate(cls, tables: Sequence[Self]) -> Self:
        """Join tables.

        Parameters
        ----------
        tables : sequence of Rows
            At least one, of the same class.

        Returns
        -------
        Rows
            All their rows, in order.
        """
        return cls(**{f.name: _joined([getattr(table, f.name) for table in tables]) for f in fields(cls)})  # type: ignore[arg-type]


def _joined(values: list[Any]) -> Any:
    """One field of all tables, joined."""
    first = values[0]
    return type(first).concatenate(values) if isinstance(first, Rows) else np.concatenate(values)
