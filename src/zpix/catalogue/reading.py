"""How is a stored catalogue read, whatever its format?"""

from __future__ import annotations

from pathlib import Path

from zpix.catalogue.fits_file import read_catalogue_fits
from zpix.catalogue.parquet_file import read_catalogue_parquet
from zpix.catalogue.table import Catalogue
from zpix.errors import InputFileError


def read_catalogue(path: str | Path) -> Catalogue:
    """Read a catalogue.

    Parameters
    ----------
    path : str or Path
        A file that ends in `.fits` or `.parquet`, or the directory of a finished run, which holds `catalogue.fits`.

    Returns
    -------
    Catalogue
        In memory.

    Raises
    ------
    InputFileError
        If the file is missing, not whole, or of neither format.
    CatalogueError
        If it lacks a column.
    """
    path = catalogue_file(path)
    if path.suffix == ".parquet":
        return read_catalogue_parquet(path)
    if path.suffix in (".fits", ".fit"):
        return read_catalogue_fits(path)
    raise InputFileError(f"'{path}' is not a catalogue: its name must end in .fits or .parquet")


def catalogue_file(path: str | Path) -> Path:
    """Return the file of a catalogue.

    Parameters
    ----------
    path : str or Path
        A file, or the directory of a finished run.

    Returns
    -------
    Path
        `catalogue.fits` in a directory, else the path itself.
    """
    path = Path(path)
    return path / "catalogue.fits" if path.is_dir() else path
