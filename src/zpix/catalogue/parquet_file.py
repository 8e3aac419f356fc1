"""How is a catalogue stored as Parquet?

The same columns as in FITS. Mixture parameters are lists of fixed size K; each field's metadata holds `unit`,
`description` and `ucd`, the schema's metadata holds `zpix`: JSON with bands, flags and the facts of the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.flags import FLAGS
from zpix.catalogue.schema import Column
from zpix.catalogue.table import Catalogue, catalogue_bands
from zpix.errors import CatalogueError, InputFileError
from zpix.outputs import whole_file

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

# Rows of a row group at most: pieces of some ten megabytes.
_MOST_ROWS = 65_536


class CatalogueWriter:
    """Writes `catalogue.parquet` piece by piece; the file appears whole or not at all. Use `with`.

    Parameters
    ----------
    path : str or Path
        File to write.
    """

    def __init__(self, path: str | Path) -> None:
        self._whole = whole_file(path)
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> CatalogueWriter:
        self._place = self._whole.__enter__()
        return self

    def write(self, catalogue: Catalogue) -> None:
        """Append the sources of a catalogue.

        Parameters
        ----------
        catalogue : Catalogue
            The next sources; the first one gives bands and facts, even if it is empty.
        """
        import pyarrow.parquet as pq

        table = arrow_table(catalogue)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._place, table.schema, compression="zstd")
        self._writer.write_table(table, row_group_size=_MOST_ROWS)

    def __exit__(self, *error: object) -> bool | None:
        if self._writer is not None:
            self._writer.close()
        return self._whole.__exit__(*error)  # type: ignore[arg-type]


def write_catalogue_parquet(path: str | Path, catalogue: Catalogue) -> None:
    """Write `catalogue.parquet`; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write.
    catalogue : Catalogue
        May be empty.
    """
    with CatalogueWriter(path) as writer:
        writer.write(catalogue)


def arrow_table(catalogue: Catalogue) -> pa.Table:
    """Turn a catalogue into an Arrow table.

    Parameters
    ----------
    catalogue : Catalogue
        May be empty.

    Returns
    -------
    pyarrow.Table
        With units, descriptions and facts in its metadata.
    """
    import pyarrow as pa

    facts = {
        "bands": list(catalogue.bands),
        "flags": [{"name": f.name, "bit": f.bit, "description": f.description} for f in FLAGS],
        "meta": dict(catalogue.meta),
    }
    arrays = [_to_arrow(catalogue[column.name], column) for column in catalogue.schema]
    columns = [
        pa.field(c.name, array.type, metadata={"unit": c.unit, "description": c.description, "ucd": c.ucd})
        for c, array in zip(catalogue.schema, arrays, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(columns, metadata={"zpix": json.dumps(facts)}))


def catalogue_of(table: pa.Table) -> Catalogue:
    """Turn an Arrow table into a catalogue, the inverse of `arrow_table`.

    Parameters
    ----------
    table : pyarrow.Table
        Columns that no catalogue has are left out.

    Returns
    -------
    Catalogue
        In memory.
    """
    columns = {name: _to_numpy(table.column(name).combine_chunks()) for name in table.column_names}
    facts = json.loads((table.schema.metadata or {}).get(b"zpix", b"{}"))
    return Catalogue(columns, catalogue_bands(table.column_names), facts.get("meta", {}))


class CatalogueFile:
    """A catalogue on disk that is read in pieces, so that memory does not grow with it.

    Parameters
    ----------
    path : str or Path
        File that `CatalogueWriter` wrote.

    Attributes
    ----------
    bands, missing_bands : tuple of str
        As of `Catalogue`.
    schema : tuple of Column
        As of `Catalogue`.
    meta : mapping of str to JSON values
        As of `Catalogue`.
    """

    def __init__(self, path: str | Path) -> None:
        import pyarrow.parquet as pq

        self._file = pq.ParquetFile(path)
        nothing = catalogue_of(self._file.schema_arrow.empty_table())
        self.bands, self.schema, self.meta = nothing.bands, nothing.schema, nothing.meta
        self.missing_bands = nothing.missing_bands

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def chunks(self) -> Iterator[Catalogue]:
        """Iterate over the catalogue in pieces.

        Yields
        ------
        Catalogue
            The next sources, at most some ten thousand; one piece at least.
        """
        for group in range(self._file.num_row_groups):
            yield catalogue_of(self._file.read_row_group(group))


def read_catalogue_parquet(path: str | Path) -> Catalogue:
    """Read what `write_catalogue_parquet` wrote.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Catalogue
        In memory.

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
    try:
        return catalogue_of(table)
    except CatalogueError as error:
        raise CatalogueError(f"'{path}': {error}") from error


def _to_arrow(values: NDArray[Any], column: Column) -> pa.Array:
    import pyarrow as pa

    if column.dtype.startswith("U"):
        return pa.array(values.tolist(), pa.string())
    if column.shape:
        return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), column.shape[0])
    return pa.array(values)


def _to_numpy(array: pa.Array) -> NDArray[Any]:
    import pyarrow as pa

    if pa.types.is_fixed_size_list(array.type):
        return np.asarray(array.flatten().to_numpy(zero_copy_only=False)).reshape(-1, array.type.list_size)
    if pa.types.is_string(array.type):
        return np.array(array.to_pylist(), dtype=str)
    return np.asarray(array.to_numpy(zero_copy_only=False))
