"""What is in a table of a FITS file?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning
from numpy.typing import NDArray

from zpix.errors import CatalogueError, InputFileError


def read_fits_table(
    path: str | Path, *, extension: str | None = None, holding: Callable[[Sequence[str]], bool] | None = None
) -> tuple[dict[str, NDArray], fits.Header]:
    """All columns, by name, and the header of one binary table.

    The named extension; or the first table whose column names satisfy `holding`, and without any such the first table.

    Raises
    ------
    InputFileError
        If the file is missing, truncated or not FITS.
    CatalogueError
        If it has no such table.
    """
    with _opened(path, memmap=False) as hdus:
        tables = [h for h in hdus if isinstance(h, fits.BinTableHDU) and extension in (None, h.name)]
        fit = [hdu for hdu in tables if holding is None or holding(hdu.columns.names)]
        for hdu in [*fit, *tables][:1]:
            return {name: np.asarray(hdu.data[name]) for name in hdu.columns.names}, hdu.header
    raise CatalogueError(f"'{path}' has no table {extension or ''}".rstrip())


def read_fits_columns(path: str | Path, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, NDArray]]:
    """Some columns of several extensions, named in capitals, as `result[extension][column]`, in native byte order.

    A column is given by its name, or as `"new|old"` by the names it has had, and then comes under the first of them.

    Raises
    ------
    InputFileError
        If the file is missing, truncated or not FITS.
    CatalogueError
        If an extension or a column is missing; the sentence says which there are.
    """
    found: dict[str, dict[str, NDArray]] = {}
    with _opened(path, memmap=True) as hdus:  # such files are large: only these columns are read
        tables = {hdu.name.upper(): hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)}
        for extension, columns in wanted.items():
            if extension not in tables:
                raise CatalogueError(
                    f"'{path}' has no extension '{extension}'; its tables are {first_of(list(tables)) or 'none'}"
                )
            there = tables[extension].columns.names
            found[extension] = {}
            for column in columns:
                names = column.split("|")
                name = next((name for name in names if name in there), None)
                if name is None:
                    raise CatalogueError(
                        f"'{path}' has no column '{' or '.join(names)}' in extension '{extension}', which has"
                        f" {first_of(there)}"
                    )
                values = np.asarray(tables[extension].data[name])
                found[extension][names[0]] = values.astype(values.dtype.newbyteorder("="))
    return found


def extension_names(path: str | Path) -> list[str]:
    """Names of all extensions of a FITS file, in capitals; `InputFileError` if it is missing, truncated or not FITS."""
    with _opened(path, memmap=True) as hdus:
        return [hdu.name.upper() for hdu in hdus]


@contextmanager
def _opened(path: str | Path, *, memmap: bool) -> Iterator[fits.HDUList]:
    """The file, whose data is read when asked for; whatever shows that it is not whole is one error."""
    path = Path(path)
    if not path.is_file():
        raise InputFileError(f"table file '{path}' does not exist")
    try:
        with warnings.catch_warnings(), fits.open(path, memmap=memmap) as hdus:
            warnings.simplefilter("error", AstropyUserWarning)  # "File may have been truncated"
            yield hdus
    except (OSError, TypeError, ValueError, AstropyUserWarning) as error:
        raise InputFileError(f"'{path}' is not a whole FITS file: {error}") from error


def first_of(names: Sequence[str], most: int = 12) -> str:
    """Some names, for a sentence on what there is."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
