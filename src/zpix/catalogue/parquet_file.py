"""How is a catalogue stored as Parquet?

The same columns as in FITS. Mixture parameters are lists of fixed size K; each field's metadata holds `unit`
and `description`, the schema's metadata holds `zpix`: JSON with bands, flags and the facts of the run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.flags import FLAGS
from zpix.catalogue.schema import Column
from zpix.catalogue.table import Catalogue, catalogue_bands
from zpix.errors import CatalogueError, InputFileError
from zpix.outputs import whole_file

if TYPE_CHECKING:
    import pyarrow as pa


def write_catalogue_parquet(path: str | Path, catalogue: Catalogue) -> None:
    """Write `catalogue.parquet`; the file appears whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    facts = {
        "bands": list(catalogue.bands),
        "flags": [{"name": f.name, "bit": f.bit, "description": f.description} for f in FLAGS],
        "meta": dict(catalogue.meta),
    }
    arrays = [_to_arrow(catalogue[column.name], column) for column in catalogue.schema]
    columns = [
        pa.field(c.name, array.type, metadata={"unit": c.unit, "description": c.description})
        for c, array in zip(catalogue.schema, arrays, strict=True)
    ]
    schema = pa.schema(columns, metadata={"zpix": json.dumps(facts)})
    with whole_file(path) as temporary:
        pq.write_table(pa.Table.from_arrays(arrays, schema=schema), temporary, compression="zstd")


def read_catalogue_parquet(path: str | Path) -> Catalogue:
    """Read what `write_catalogue_parquet` wrote.

    Raises
    ------
    InputFileError
        If the file is missing or is not Parquet.
    CatalogueError
        If it lacks a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = Path(path)
    if not path.is_file():
        raise InputFileError(f"catalogue file '{path}' does not exist")
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputFileError(f"'{path}' is not a whole Parquet file: {error}") from error
    if "zmix_weight" not in table.column_names:
        raise CatalogueError(f"'{path}' has no column 'zmix_weight'")
    columns = {name: _to_numpy(table.column(name).combine_chunks()) for name in table.column_names}
    facts = json.loads((table.schema.metadata or {}).get(b"zpix", b"{}"))
    try:
        return Catalogue(columns, catalogue_bands(table.column_names), facts.get("meta", {}))
    except CatalogueError as error:
        raise CatalogueError(f"'{path}': {error}") from error


def _to_arrow(values: NDArray, column: Column) -> pa.Array:
    import pyarrow as pa

    if column.dtype.startswith("U"):
        return pa.array(values.tolist(), pa.string())
    if column.shape:
        return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), column.shape[0])
    return pa.array(values)


def _to_numpy(array: pa.Array) -> NDArray:
    import pyarrow as pa

    if pa.types.is_fixed_size_list(array.type):
        return array.flatten().to_numpy(zero_copy_only=False).reshape(-1, array.type.list_size)
    if pa.types.is_string(array.type):
        return np.array(array.to_pylist(), dtype=str)
    return array.to_numpy(zero_copy_only=False)
