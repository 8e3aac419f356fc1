"""How are tables read from a FITS file?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning
from numpy.typing import NDArray

from zpix.errors import CatalogueError, InputFileError


def read_fits_table(
    path: str | Path, *, extension: str | None = None, holding: Callable[[Sequence[str]], bool] | None = None
) -> tuple[dict[str, NDArray[Any]], fits.Header]:
    """Read all columns and the header of one binary table.

    Parameters
    ----------
    path : str or Path
        FITS file.
    extension : str, optional
        Name of the table's extension; default any.
    holding : callable, optional
        Called with the column names of a table. The first table for which it is true is read; if there is none, the
        first table.

    Returns
    -------
    columns : dict of str to array
        The columns by name; integers are float64 with NaN where one is null (TNULL).
    header : astropy Header
        Header of the table.

    Raises
    ------
    InputFileError
        If the file is missing, truncated or not FITS.
    CatalogueError
        If it has no such table.
    """
    with _opened(path, memmap=False) as hdus:
        tables = [hdu for hdu in _tables(hdus) if extension in (None, hdu.name)]
        fit = [hdu for hdu in tables if holding is None or holding(hdu.columns.names)]
        for hdu in [*fit, *tables][:1]:
            return {column.name: _values(hdu, column) for column in hdu.columns}, hdu.header
    raise CatalogueError(f"'{path}' has no table {extension or ''}".rstrip())


def read_fits_columns(
    path: str | Path, wanted: Mapping[str, Sequence[str]], *, optional: Collection[str] = ()
) -> dict[str, dict[str, NDArray[Any]]]:
    """Read some columns of several tables of one file, without reading the others.

    Parameters
    ----------
    path : str or Path
        FITS file.
    wanted : mapping of str to sequence of str
        Names of columns by the name of their extension, in upper case. `"new|old"` means a column that has one of
        these names; it is returned under the first.
    optional : collection of str, default: ()
        First names of columns that may be missing, and then are not returned.

    Returns
    -------
    dict of str to dict of str to array
        The columns as `result[extension][column]`, in native byte order.

    Raises
    ------
    InputFileError
        If the file is missing, truncated or not FITS.
    CatalogueError
        If an extension or a column is missing; the message names those that exist.
    """
    found: dict[str, dict[str, NDArray[Any]]] = {}
    with _opened(path, memmap=True) as hdus:  # such files are large: only these columns are read
        tables = {hdu.name.upper(): hdu for hdu in _tables(hdus)}
        for extension, columns in wanted.items():
            if extension not in tables:
                raise CatalogueError(
                    f"'{path}' has no extension '{extension}'; its tables are {first_names(list(tables)) or 'none'}"
                )
            there = tables[extension].columns.names
            found[extension] = {}
            for column in columns:
                names = column.split("|")
                name = next((name for name in names if name in there), None)
                if name is None and names[0] in optional:
                    continue
                if name is None:
                    raise CatalogueError(
                        f"'{path}' has no column '{' or '.join(names)}' in extension '{extension}', which has"
                        f" {first_names(there)}"
                    )
                values = _values(tables[extension], tables[extension].columns[name])
                found[extension][names[0]] = values.astype(values.dtype.newbyteorder("="))
    return found


def extension_names(path: str | Path) -> list[str]:
    """List the names of all extensions of a FITS file.

    Parameters
    ----------
    path : str or Path
        FITS file.

    Returns
    -------
    list of str
        Names in upper case, "PRIMARY" included.

    Raises
    ------
    InputFileError
        If the file is missing, truncated or not FITS.
    """
    with _opened(path, memmap=True) as hdus:
        return [hdu.name.upper() for hdu in hdus]


def first_names(names: Sequence[str], most: int = 12) -> str:
    """List some names for a message.

    Parameters
    ----------
    names : sequence of str
        What there is.
    most : int, default 12
        How many to name.

    Returns
    -------
    str
        The first names, and how many more there are; empty without any.
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _tables(hdus: fits.HDUList) -> list[Any]:
    """Tables of a file, binary and of text; compressed images are tables to astropy, and none here."""
    kinds = (fits.BinTableHDU, fits.TableHDU)
    return [hdu for hdu in hdus if isinstance(hdu, kinds) and not isinstance(hdu, fits.CompImageHDU)]


def _values(hdu: Any, column: fits.Column) -> NDArray[Any]:
    """Values of a column; integers that are null are NaN."""
    values = np.asarray(hdu.data[column.name])
    if isinstance(column.null, int) and values.dtype.kind in "iu":
        null = values == column.null + int(column.bzero or 0)
        if null.any():
            return np.where(null, np.nan, values.astype(np.float64))
    return values


@contextmanager
def _opened(path: str | Path, *, memmap: bool) -> Iterator[fits.HDUList]:
    """Open a file whose data are read on access; every sign that it is damaged becomes an `InputFileError`."""
    path = Path(path)
    if not path.is_file():
        raise InputFileError(f"table file '{path}' does not exist")
    try:
        with warnings.catch_warnings(), fits.open(path, memmap=memmap) as hdus:
            warnings.simplefilter("error", AstropyUserWarning)  # "File may have been truncated"
            yield hdus
    except (OSError, TypeError, ValueError, AstropyUserWarning) as error:
        raise InputFileError(f"'{path}' is not a complete FITS file: {error}") from error
