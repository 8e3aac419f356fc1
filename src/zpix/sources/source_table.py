"""What does a table of sources say: a survey's catalogue, a truth table, a list of redshifts?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import ascii as text_tables
from astropy.table import Column, MaskedColumn
from numpy.typing import NDArray

from zpix.errors import CatalogueError, InputFileError
from zpix.sources.classes import CLASSES, GALAXY, STAR, has_redshift, label_of
from zpix.sources.fits_table import first_names, read_fits_table

Floats = NDArray[np.float64]

# Names in use for a quantity, in lower case; the first that a table has counts.
_RA = ("ra", "ra_targ", "raj2000", "alpha_j2000", "ra_deg")
_DEC = ("dec", "dec_targ", "dej2000", "delta_j2000", "dec_deg")
_REDSHIFT = ("z", "z_true", "z_spec", "zspec", "specz_redshift", "redshift")
_SPECTROSCOPIC = ("z_spec", "zspec", "specz_redshift")
_IDENTIFIER = ("id", "number", "source_id")
_STAR_FLAG = ("flag_st", "is_star")  # the first is JADES'
_QUALITY = ("z_spec_flag", "z_flag", "zflag", "zflg", "z_quality", "z_qual", "zqual", "zconf", "q_z")
_FLAT_TABLES = ("csv", "parquet")
#: Quality flags of secure redshifts, the best first: letters as in JADES, numbers as in most surveys.
SECURE = ("A", "4", "B", "3")


@dataclass(frozen=True, eq=False)
class SourceTable:
    """Columns of a table of M sources that others wrote; quantities are found under the names in use in the field.

    Attributes
    ----------
    path : Path
        The file, for messages.
    columns : dict of str to (M,) array
        The columns by lower-case name.

    Examples
    --------
    >>> table = SourceTable(Path("list.csv"), {"alpha_j2000": np.array([53.1]), "delta_j2000": np.array([-27.8])})
    >>> table.position()[0]
    array([53.1])
    """

    path: Path
    columns: dict[str, NDArray[Any]]

    def __len__(self) -> int:
        """Return the number of sources."""
        return len(next(iter(self.columns.values()), ()))

    def __contains__(self, name: str) -> bool:
        """Return whether there is a column of that lower-case name."""
        return name in self.columns

    def number(self, *names: str, what: str | None = None) -> Floats:
        """Return the first of several columns that exists.

        Parameters
        ----------
        *names : str
            Names to look for, in lower case.
        what : str, optional
            What the column holds, for the error message if there is none; without it, missing means NaN.

        Returns
        -------
        (M,) float64
            Values of the column.

        Raises
        ------
        CatalogueError
            If the column holds text, or none exists and `what` is given.
        """
        for name in names:
            if name in self.columns:
                try:
                    return np.asarray(self.columns[name], dtype=np.float64)
                except ValueError as error:
                    raise CatalogueError(f"'{self.path}' holds text in column '{name}': {error}") from error
        if what is None:
            return np.full(len(self), np.nan)
        raise CatalogueError(
            f"'{self.path}' has no column '{names[0]}' for the {what} (also accepted: {', '.join(names[1:])}); it has"
            f" {first_names([*self.columns]) or 'none'}"
        )

    def position(self) -> tuple[Floats, Floats]:
        """Return the positions.

        Returns
        -------
        ra, dec : (M,) float64, degrees
            Right ascension and declination.

        Raises
        ------
        CatalogueError
            If the table has none.
        """
        return self.number(*_RA, what="right ascension"), self.number(*_DEC, what="declination")

    def identifier(self) -> NDArray[np.int64]:
        """Return whole-number identifiers.

        Returns
        -------
        (M,) int64
            Identifiers; row numbers from 1 where the table has none.
        """
        for name in _IDENTIFIER:
            if name in self.columns and self.columns[name].dtype.kind in "iu":
                return self.columns[name].astype(np.int64)
        return np.arange(1, len(self) + 1)

    def label(self) -> NDArray[np.int64]:
        """Return the classes of the sources.

        Returns
        -------
        (M,) int64
            Labels as in `zpix.sources.classes`, from the column `label`, the names in the column `class`, or a flag of
            stars; galaxies where the table does not say, or says something unknown.
        """
        labels = np.full(len(self), GALAXY, dtype=np.int64)
        if "label" in self:
            given = self.number("label")
            known = np.isin(given, np.arange(1, len(CLASSES) + 1))
            labels[known] = given[known].astype(np.int64)
        elif "class" in self:
            given_names = np.char.lower(self.columns["class"].astype(str))
            for name in CLASSES:
                labels[given_names == name.lower()] = label_of(name)
        else:
            labels[self.number(*_STAR_FLAG) > 0] = STAR
        return labels

    def is_star(self) -> NDArray[np.bool_]:
        """Return which sources are of a class without a redshift, such as stars.

        Returns
        -------
        (M,) bool
            True for stars; false for all if the table does not say.
        """
        return ~has_redshift(self.label())

    def redshift(self, *, required: bool, spectroscopic: bool = False) -> Floats:
        """Return the redshifts of galaxies.

        Parameters
        ----------
        required : bool
            Whether a table without redshifts is an error.
        spectroscopic : bool, default False
            Whether only columns count whose name says that they are spectroscopic, such as `z_spec`.

        Returns
        -------
        (M,) float64
            Redshifts: NaN for stars, where negative, and where a quality flag is not secure (A or B, 4 or 3).

        Raises
        ------
        CatalogueError
            If redshifts are required and the table has none.
        """
        z = self.number(*(_SPECTROSCOPIC if spectroscopic else _REDSHIFT), what="redshift" if required else None)
        quality = self.quality()
        trusted = True if quality is None else np.isin(quality, SECURE)
        return np.where((z >= 0) & trusted & ~self.is_star(), z, np.nan)

    def quality(self, column: str | None = None) -> NDArray[np.str_] | None:
        """Return the quality flag of each redshift as text.

        Parameters
        ----------
        column : str, optional
            Column of the flags; default the first with a name in use for them, such as `z_spec_flag`.

        Returns
        -------
        (M,) str or None
            Flags, whole numbers without a decimal point; None if the table has none.

        Raises
        ------
        CatalogueError
            If a column is named that does not exist.
        """
        name = column or next((name for name in _QUALITY if name in self), "")
        if name.lower() not in self:
            if column is None:
                return None
            raise CatalogueError(f"'{self.path}' has no column '{column}'; it has {first_names([*self.columns])}")
        values = self.columns[name.lower()]
        if values.dtype.kind == "f":
            return np.array([f"{value:g}" for value in values], dtype=str)
        return np.char.strip(values.astype(str))


def is_flat_table(path: str | Path) -> bool:
    """Return whether a file holds one table and nothing else, by the ending of its name.

    Parameters
    ----------
    path : str or Path
        Any file.

    Returns
    -------
    bool
        True for CSV and Parquet.
    """
    return _ending(Path(path)) in _FLAT_TABLES


def read_source_table(path: str | Path) -> SourceTable:
    """Read a table of sources.

    Parameters
    ----------
    path : str or Path
        CSV or Parquet file, or a FITS file, of which the first table with positions is read.

    Returns
    -------
    SourceTable
        All its columns; empty cells are NaN, in text empty.

    Raises
    ------
    InputFileError
        If the file is missing, truncated, or not a table.
    """
    path = Path(path)
    values = _read_flat(path) if is_flat_table(path) else read_fits_table(path, holding=_has_positions)[0]
    return SourceTable(path, {name.lower(): column for name, column in values.items()})


def _ending(path: Path) -> str:
    """Ending of a file name, in lower case and without the dot."""
    return path.suffix.lower().removeprefix(".")


def _has_positions(names: Iterable[str]) -> bool:
    """Whether columns of these names give positions on the sky."""
    lower = {name.lower() for name in names}
    return bool(lower & set(_RA)) and bool(lower & set(_DEC))


def _read_flat(path: Path) -> dict[str, NDArray[Any]]:
    """Columns of a CSV or Parquet file."""
    kind = _ending(path)
    if not path.is_file():
        raise InputFileError(f"table file '{path}' does not exist")
    try:
        return _read_csv(path) if kind == "csv" else _read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise InputFileError(f"'{path}' cannot be read as a {kind} table: {error}") from error


def _read_csv(path: Path) -> dict[str, NDArray[Any]]:
    """Columns of a CSV file."""
    table = text_tables.read(path, format="csv")
    return {name: _filled(table[name]) for name in table.colnames}


def _read_parquet(path: Path) -> dict[str, NDArray[Any]]:
    """Columns of numbers, truth values and text of a Parquet file; others are left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    is_text = (pa.types.is_string, pa.types.is_large_string)
    is_number = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    wanted = [field.name for field in pq.read_schema(path) if any(kind(field.type) for kind in is_text + is_number)]
    columns: dict[str, NDArray[Any]] = {}
    for name, column in zip(wanted, pq.read_table(path, columns=wanted).columns, strict=True):
        if any(kind(column.type) for kind in is_text):
            columns[name] = np.array([value or "" for value in column.to_pylist()], dtype=str)
        else:
            columns[name] = (column.cast(pa.float64()) if column.null_count else column).to_numpy()
    return columns


def _filled(column: Column) -> NDArray[Any]:
    """Values of a column; empty cells are NaN, in text empty."""
    if not isinstance(column, MaskedColumn):
        return np.asarray(column)
    return np.asarray(column.filled("") if column.dtype.kind == "U" else column.astype(np.float64).filled(np.nan))
