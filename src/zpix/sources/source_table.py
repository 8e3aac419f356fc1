"""What do tables by other people say about sources: a survey's catalogue, a truth table, a list of redshifts?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import ascii as text_tables
from astropy.table import Column, MaskedColumn
from numpy.typing import NDArray

from zpix.errors import CatalogueError, InputFileError
from zpix.sources.classes import STAR
from zpix.sources.fits_table import first_of, read_fits_table

Floats = NDArray[np.float64]

# Names under which tables in the field hold a quantity, in lower case; the first found counts.
_RA = ("ra", "ra_targ", "raj2000", "alpha_j2000", "ra_deg")
_DEC = ("dec", "dec_targ", "dej2000", "delta_j2000", "dec_deg")
_REDSHIFT = ("z", "z_true", "z_spec", "zspec", "specz_redshift", "redshift")
_SPECTROSCOPIC = ("z_spec", "zspec", "specz_redshift")
_IDENTIFIER = ("id", "number", "source_id")
_STAR_FLAG = ("flag_st", "is_star")  # the first is JADES'
_QUALITY = ("z_spec_flag", "z_flag", "zflag", "zflg", "z_quality", "z_qual", "zqual", "zconf", "q_z")
#: Endings of files that hold one table and nothing else.
FLAT_TABLES = ("csv", "parquet")
#: Qualities of a redshift that is secure, from the best on: letters as JADES gives them, numbers as most surveys do.
SECURE = ("A", "4", "B", "3")


@dataclass(frozen=True, eq=False)
class SourceTable:
    """Columns of a table of M sources, by lower-case name; made by `read_source_table`."""

    path: Path
    columns: dict[str, NDArray]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def number(self, *names: str, what: str | None = None) -> Floats:
        """The first of these columns that exists, (M,); without any, NaN, or an error that names `what`."""
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
            f" {first_of([*self.columns]) or 'none'}"
        )

    def position(self) -> tuple[Floats, Floats]:
        """Right ascension and declination in degrees, each (M,)."""
        return self.number(*_RA, what="right ascension"), self.number(*_DEC, what="declination")

    def identifier(self) -> NDArray[np.int64]:
        """Whole-number identifiers, (M,); row numbers from 1 where the table has none."""
        for name in _IDENTIFIER:
            if name in self.columns and self.columns[name].dtype.kind in "iu":
                return self.columns[name].astype(np.int64)
        return np.arange(1, len(self) + 1)

    def is_star(self) -> NDArray[np.bool_]:
        """Which sources the table calls stars, (M,); none where it does not say."""
        if "label" in self:
            return self.number("label") == STAR
        if "class" in self:
            return np.char.lower(self.columns["class"].astype(str)) == "star"
        return self.number(*_STAR_FLAG) > 0

    def redshift(self, *, required: bool, spectroscopic: bool = False) -> Floats:
        """Redshifts of galaxies, (M,): NaN for stars, where negative, and where a quality flag is not A or B.

        With `spectroscopic`, only columns that say in their name that they are from spectra count.
        """
        z = self.number(*(_SPECTROSCOPIC if spectroscopic else _REDSHIFT), what="redshift" if required else None)
        quality = self.quality()
        trusted = True if quality is None else np.isin(quality, SECURE)
        return np.where((z >= 0) & trusted & ~self.is_star(), z, np.nan)

    def quality(self, column: str | None = None) -> NDArray[np.str_] | None:
        """Quality of each redshift as a word, whole numbers without a point, (M,); None where the table has none.

        The named column, or the first under a name that qualities are known by.
        """
        name = column or next((name for name in _QUALITY if name in self), "")
        if name.lower() not in self:
            if column is None:
                return None
            raise CatalogueError(f"'{self.path}' has no column '{column}'; it has {first_of([*self.columns])}")
        values = self.columns[name.lower()]
        if values.dtype.kind == "f":
            return np.array([f"{value:g}" for value in values], dtype=str)
        return np.char.strip(values.astype(str))


def read_source_table(path: str | Path) -> SourceTable:
    """Read a FITS file, of which the first table with positions counts, or a CSV or Parquet file.

    Raises
    ------
    InputFileError
        If the file is missing, truncated, or not a table.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    flat = kind in FLAT_TABLES
    values = _read_flat(path, kind) if flat else read_fits_table(path, holding=_has_positions)[0]
    return SourceTable(path, {name.lower(): column for name, column in values.items()})


def _has_positions(names: object) -> bool:
    lower = {str(name).lower() for name in names}  # type: ignore[attr-defined]
    return bool(lower & set(_RA)) and bool(lower & set(_DEC))


def _read_flat(path: Path, kind: str) -> dict[str, NDArray]:
    if not path.is_file():
        raise InputFileError(f"table file '{path}' does not exist")
    try:
        return _read_csv(path) if kind == "csv" else _read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's own errors are ValueErrors
        raise InputFileError(f"'{path}' cannot be read as a {kind} table: {error}") from error


def _read_csv(path: Path) -> dict[str, NDArray]:
    table = text_tables.read(path, format="csv")
    return {name: _filled(table[name]) for name in table.colnames}


def _read_parquet(path: Path) -> dict[str, NDArray]:
    """Columns of numbers, truth values and text; others are left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    is_text = (pa.types.is_string, pa.types.is_large_string)
    is_number = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    wanted = [field.name for field in pq.read_schema(path) if any(kind(field.type) for kind in is_text + is_number)]
    columns: dict[str, NDArray] = {}
    for name, column in zip(wanted, pq.read_table(path, columns=wanted).columns, strict=True):
        if any(kind(column.type) for kind in is_text):
            columns[name] = np.array([value or "" for value in column.to_pylist()], dtype=str)
        else:
            columns[name] = (column.cast(pa.float64()) if column.null_count else column).to_numpy()
    return columns


def _filled(column: Column) -> NDArray:
    """Values of a column, with NaN (in text: nothing) in empty cells."""
    if not isinstance(column, MaskedColumn):
        return np.asarray(column)
    return column.filled("") if column.dtype.kind == "U" else column.astype(np.float64).filled(np.nan)
