"""In which format is a table that others wrote, and which columns does it have?

Formats are told by what a file begins with, whatever its name: FITS, Parquet, ECSV, VOTable, IPAC, HDF5, or text with
delimiters; each may be compressed with gzip.
"""

from __future__ import annotations

import gzip
import io
import warnings
import zlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import Column, MaskedColumn, Table
from astropy.units import Quantity
from numpy.typing import NDArray

from zpix.errors import InputFileError
from zpix.sources.text_table import filled, parse_text_table

#: Format of a table.
TableFormat = Literal["fits", "parquet", "ecsv", "votable", "ipac", "hdf5", "text"]

_ASTROPY_NAMES = {"ecsv": "ascii.ecsv", "votable": "votable", "ipac": "ascii.ipac", "hdf5": "hdf5"}
_FITS_ENDINGS = (".fits", ".fit", ".fts", ".fz")
_BEGINNING_BYTES = 512


def table_format(path: str | Path) -> TableFormat:
    """Return the format of a table, by what the file begins with.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    str
        Name of the format; a file that is called FITS and is not, is "fits", so that its reader says what is wrong.

    Raises
    ------
    InputFileError
        If there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise InputFileError(f"table file '{path}' does not exist")
    begins = _content(path, _BEGINNING_BYTES).lstrip(b"\xef\xbb\xbf")
    called_fits = any(path.name.lower().removesuffix(".gz").endswith(ending) for ending in _FITS_ENDINGS)
    if begins.startswith(b"SIMPLE") or called_fits:
        return "fits"
    if begins.startswith(b"PAR1"):
        return "parquet"
    if begins.startswith(b"\x89HDF"):
        return "hdf5"
    if b"%ECSV" in begins.split(b"\n")[0]:
        return "ecsv"
    if begins.lstrip().startswith((b"<?xml", b"<VOTABLE")):
        return "votable"
    return "ipac" if begins.startswith((b"\\", b"|")) else "text"


def read_columns(path: str | Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Read the columns of a table that is not FITS.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    columns : dict of str to (M,) array
        Numbers, truth values and text by name; what is not known is NaN, in text empty. Positions as one column of
        astropy, such as `sky_centroid`, are two: `sky_centroid.ra` and `sky_centroid.dec`, in degrees.
    units : dict of str to str
        Units by name, of the columns that have one.

    Raises
    ------
    InputFileError
        If the file is missing, damaged or not a table.
    """
    path = Path(path)
    kind = table_format(path)
    try:
        if kind == "parquet":
            return _parquet_columns(io.BytesIO(_content(path)) if _is_packed(path) else path), {}
        if kind == "text":
            return parse_text_table(_content(path))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what astropy remarks on units and versions
            options = {"use_names_over_ids": True} if kind == "votable" else {}
            table = Table.read(io.BytesIO(_content(path)), format=_ASTROPY_NAMES[kind], **options)
        return _table_columns(table)
    except (OSError, ValueError, IndexError, TypeError, KeyError) as error:  # those of pyarrow are among these
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputFileError(f"'{path}' cannot be read as a {_called(path, kind)} table: {reason}") from error


def _called(path: Path, kind: TableFormat) -> str:
    """How a format is called in a message."""
    return path.suffix.lower().removeprefix(".") or kind if kind == "text" else kind


def _is_packed(path: Path) -> bool:
    """Whether a file is compressed with gzip, whatever its name."""
    with open(path, "rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _content(path: Path, size: int = -1) -> bytes:
    """The first bytes of a file, or all of it, unpacked."""
    try:
        with gzip.open(path) if _is_packed(path) else open(path, "rb") as stream:
            return stream.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise InputFileError(f"'{path}' cannot be read: {error}") from error


def _parquet_columns(source: Path | io.BytesIO) -> dict[str, NDArray[Any]]:
    """Columns of numbers, truth values and text of a Parquet file; others are left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    is_text = (pa.types.is_string, pa.types.is_large_string)
    is_number = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    wanted = [field.name for field in pq.read_schema(source) if any(kind(field.type) for kind in is_text + is_number)]
    if isinstance(source, io.BytesIO):
        source.seek(0)
    columns: dict[str, NDArray[Any]] = {}
    for name, column in zip(wanted, pq.read_table(source, columns=wanted).columns, strict=True):
        if any(kind(column.type) for kind in is_text):
            columns[name] = np.array([value or "" for value in column.to_pylist()], dtype=str)
        else:
            columns[name] = (column.cast(pa.float64()) if column.null_count else column).to_numpy()
    for name in [name for name in columns if f"{name}.mask" in columns]:  # as astropy stores masked columns
        masked = MaskedColumn(columns[name], mask=columns.pop(f"{name}.mask").astype(bool))
        columns[name] = filled(masked)
    return columns


def _table_columns(table: Table) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Columns of a table of astropy, and their units; what is neither numbers nor text is left out."""
    columns: dict[str, NDArray[Any]] = {}
    units: dict[str, str] = {}
    for name in table.colnames:
        column = table[name]
        if isinstance(column, SkyCoord):
            place = column.icrs
            columns |= {f"{name}.ra": np.asarray(place.ra.deg), f"{name}.dec": np.asarray(place.dec.deg)}
            continue
        if isinstance(column, Quantity):
            columns[name] = np.asarray(column.value)
        elif isinstance(column, Column):
            columns[name] = filled(column)
        else:
            continue
        if column.unit is not None:
            units[name] = str(column.unit)
    return columns, units
