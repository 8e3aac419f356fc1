"""What is really there, according to a simulation or to a list of known redshifts?"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from astropy.io import ascii as text_tables
from astropy.table import Column, MaskedColumn
from numpy.typing import NDArray

from zpix.catalogue import magnitude_ab, read_fits_table
from zpix.errors import CatalogueError, InputFileError
from zpix.sources import STAR

#: Names under which tables in the field hold a quantity, in lower case, the first found counts.
_RA = ("ra", "ra_targ", "raj2000", "alpha_j2000", "ra_deg")
_DEC = ("dec", "dec_targ", "dej2000", "delta_j2000", "dec_deg")
_REDSHIFT = ("z", "z_true", "z_spec", "zspec", "specz_redshift", "redshift")


@dataclass(frozen=True, eq=False)
class Truth:
    """M true sources; what is not known is NaN.

    Attributes
    ----------
    ra, dec : (M,) float64, degrees
    z : (M,) float64
        Redshift; NaN for stars and where unknown.
    magnitude : (M,) float64
        AB magnitude of the total flux.
    is_star : (M,) bool
    detectable : (M,) bool
        Whether the source has pixels of its own; true where unknown.
    xy : (M, 2) float64
        Position in pixels; integers are pixel centres.
    box : (M, 4) float64
        Half-open box (x0, y0, x1, y1) in pixels; NaN where the source has no pixels.
    """

    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    z: NDArray[np.float64]
    magnitude: NDArray[np.float64]
    is_star: NDArray[np.bool_]
    detectable: NDArray[np.bool_]
    xy: NDArray[np.float64]
    box: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ra)

    def select(self, rows: slice | NDArray) -> Truth:
        """The truth of some rows (a slice, a boolean mask or row numbers)."""
        return Truth(*(getattr(self, f.name)[rows] for f in fields(self)))


def read_truth(path: str | Path, *, band: str = "F444W") -> Truth:
    """Read the truth table of a simulation, or any FITS or CSV table with positions and redshifts.

    Parameters
    ----------
    path : str or Path
        `.fits`, `.fits.gz` or `.csv`. Needed columns: right ascension and declination in degrees, and a
        redshift (negative means unknown). Used when present: `mag_<band>`, else `flux_<band>` in nJy, else
        `mag`; `label` (2 is a star) or `class`; `detectable`; `x`, `y`; `xmin ymin xmax ymax`;
        `z_spec_flag`, of which A and B count as redshifts. Case does not matter.
    band : str
        Band of the magnitudes.

    Raises
    ------
    InputFileError
        If the file is missing, truncated, or not a table.
    CatalogueError
        If a needed column is missing; the sentence names the file and the column.
    """
    columns = _Columns(Path(path))
    ra = columns.number(*_RA, what="right ascension")
    dec = columns.number(*_DEC, what="declination")
    z = columns.number(*_REDSHIFT, what="redshift")
    is_star = _is_star(columns)
    box = np.stack([columns.number(name) for name in ("xmin", "ymin", "xmax", "ymax")], axis=1)
    box[(box[:, 2] <= box[:, 0]) | (box[:, 3] <= box[:, 1])] = np.nan
    return Truth(
        ra=ra,
        dec=dec,
        z=np.where(is_star | ~(z >= 0) | ~_secure(columns), np.nan, z),
        magnitude=_magnitude(columns, band),
        is_star=is_star,
        detectable=columns.number("detectable") != 0,  # NaN, unknown, counts as detectable
        xy=np.stack([columns.number("x"), columns.number("y")], axis=1),
        box=box,
    )


class _Columns:
    """Columns of a table file by lower-case name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        values = _read_csv(path) if path.suffix == ".csv" else read_fits_table(path)[0]
        self.values = {name.lower(): column for name, column in values.items()}
        self.count = len(next(iter(self.values.values()), ()))

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def number(self, *names: str, what: str | None = None) -> NDArray[np.float64]:
        """The first of these columns that exists, as float64; without any, NaN, or an error naming `what`."""
        for name in names:
            if name in self.values:
                try:
                    return np.asarray(self.values[name], dtype=np.float64)
                except ValueError as error:
                    raise CatalogueError(f"'{self.path}' holds text in column '{name}': {error}") from error
        if what is None:
            return np.full(self.count, np.nan)
        raise CatalogueError(
            f"'{self.path}' has no column '{names[0]}' for the {what} (also accepted: {', '.join(names[1:])})"
        )


def _read_csv(path: Path) -> dict[str, NDArray]:
    if not path.is_file():
        raise InputFileError(f"table file '{path}' does not exist")
    try:
        table = text_tables.read(path, format="csv")
    except (OSError, ValueError) as error:
        raise InputFileError(f"'{path}' cannot be read as a CSV table: {error}") from error
    return {name: _filled(table[name]) for name in table.colnames}


def _filled(column: Column) -> NDArray:
    """Values of a column, with NaN (in text: nothing) in empty cells."""
    if not isinstance(column, MaskedColumn):
        return np.asarray(column)
    return column.filled("") if column.dtype.kind == "U" else column.astype(np.float64).filled(np.nan)


def _is_star(columns: _Columns) -> NDArray[np.bool_]:
    if "class" in columns and "label" not in columns:
        return np.char.lower(columns.values["class"].astype(str)) == "star"
    return columns.number("label") == STAR


def _secure(columns: _Columns) -> NDArray[np.bool_]:
    """Redshifts to trust: where JADES gives quality flags, those with A and B."""
    if "z_spec_flag" not in columns:
        return np.ones(columns.count, dtype=bool)
    return np.isin(columns.values["z_spec_flag"].astype(str), ("A", "B"))


def _magnitude(columns: _Columns, band: str) -> NDArray[np.float64]:
    flux = f"flux_{band.lower()}"
    if flux in columns and f"mag_{band.lower()}" not in columns:
        return magnitude_ab(columns.number(flux))
    return columns.number(f"mag_{band.lower()}", "mag")
