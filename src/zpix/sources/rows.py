"""How are rows of a table of arrays taken, and how are such tables joined?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

#: Metadata of a field that belongs to the whole table, such as the bands of its fluxes: `field(metadata=SHARED)`.
SHARED = {"shared": True}


class Rows:
    """Base of frozen dataclasses whose fields are arrays, or other `Rows`, of one leading length N.

    `len(table)` is N, `table[rows]` takes rows by a slice, a mask or indices, and `Table.concatenate` joins tables.
    N = 0 is an ordinary table. A field with the metadata `SHARED` is not an array of that length: taking rows keeps
    it, and joined tables have that of the first.

    Examples
    --------
    >>> from dataclasses import dataclass, field
    >>> @dataclass(frozen=True, eq=False)
    ... class Positions(Rows):
    ...     ra: NDArray
    ...     dec: NDArray
    ...     unit: str = field(default="deg", metadata=SHARED)
    >>> positions = Positions(np.array([53.1, 53.2]), np.array([-27.8, -27.9]))
    >>> len(Positions.concatenate([positions, positions[positions.dec < -27.85]]))
    3
    """

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(getattr(self, next(name for name, whole in _fields(self) if not whole)))

    def __getitem__(self, rows: slice | NDArray[Any]) -> Self:
        """Return the table of some rows."""
        values = {name: getattr(self, name) if whole else getattr(self, name)[rows] for name, whole in _fields(self)}
        return type(self)(**values)

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
        columns = {name: ([getattr(table, name) for table in tables], whole) for name, whole in _fields(cls)}
        return cls(**{name: values[0] if whole else _joined(values) for name, (values, whole) in columns.items()})


def _fields(table: Any) -> list[tuple[str, bool]]:
    """Return the name of each field, and whether the whole table shares it."""
    return [(f.name, bool(f.metadata.get("shared"))) for f in fields(table)]


def _joined(values: list[Any]) -> Any:
    """One field of all tables, joined."""
    first = values[0]
    return type(first).concatenate(values) if isinstance(first, Rows) else np.concatenate(values)
