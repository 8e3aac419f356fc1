"""How is a table that is not a catalogue of detections written: as FITS, Parquet or CSV?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from zpix.catalogue.schema import Column
from zpix.errors import OutputError
from zpix.outputs import whole_file

#: Endings of the formats that can be written.
TABLE_ENDINGS = (".fits", ".parquet", ".csv")


def refuse_other_endings(path: str | Path) -> None:
    """Refuse the name of a table that does not end in that of a format.

    Parameters
    ----------
    path : str or Path
        File to write.

    Raises
    ------
    OutputError
        If the name ends in none of `TABLE_ENDINGS`.
    """
    if Path(path).suffix not in TABLE_ENDINGS:
        raise OutputError(f"{path}: the name of a table must end in {', '.join(TABLE_ENDINGS)}")


def write_table(
    path: str | Path, values: Mapping[str, NDArray[Any]], schema: Sequence[Column], *, facts: Mapping[str, Any]
) -> None:
    """Write columns with their units and descriptions; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write, whose ending names the format.
    values : mapping of str to (N,) array
        By the names of `schema`.
    schema : sequence of Column
        Declarations of the columns, in order.
    facts : mapping of str to object
        Upper-case keywords for the header of FITS and the metadata of Parquet; CSV has no place for them.

    Raises
    ------
    OutputError
        If the name ends in none of `TABLE_ENDINGS`.
    """
    refuse_other_endings(path)
    columns = {column.name: np.asarray(values[column.name]).astype(column.dtype) for column in schema}
    with whole_file(path) as temporary:
        if Path(path).suffix == ".parquet":
            _write_parquet(temporary, columns, schema, facts)
            return
        table = Table(columns, meta=dict(facts), units={column.name: column.unit for column in schema if column.unit})
        for column in schema:
            table[column.name].description = column.description
        table.write(temporary, format="fits" if Path(path).suffix == ".fits" else "ascii.csv")


def _write_parquet(
    path: Path, columns: Mapping[str, NDArray[Any]], schema: Sequence[Column], facts: Mapping[str, Any]
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = [pa.array(columns[c.name].tolist() if c.dtype.startswith("U") else columns[c.name]) for c in schema]
    fields = [
        pa.field(c.name, array.type, metadata={"unit": c.unit, "description": c.description})
        for c, array in zip(schema, arrays, strict=True)
    ]
    metadata = {name: str(value) for name, value in facts.items()}
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata)), path, compression="zstd")
