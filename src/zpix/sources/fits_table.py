"""What is in a table of a FITS file?"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
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
    path = Path(path)
    if not path.is_file():
        raise InputFileError(f"table file '{path}' does not exist")
    try:
        with warnings.catch_warnings(), fits.open(path, memmap=False) as hdus:
            warnings.simplefilter("error", AstropyUserWarning)  # "File may have been truncated"
            tables = [h for h in hdus if isinstance(h, fits.BinTableHDU) and extension in (None, h.name)]
            fit = [hdu for hdu in tables if holding is None or holding(hdu.columns.names)]
            for hdu in [*fit, *tables][:1]:
                return {name: np.asarray(hdu.data[name]) for name in hdu.columns.names}, hdu.header
    except (OSError, TypeError, ValueError, AstropyUserWarning) as error:
        raise InputFileError(f"'{path}' is not a whole FITS file: {error}") from error
    raise CatalogueError(f"'{path}' has no table {extension or ''}".rstrip())
