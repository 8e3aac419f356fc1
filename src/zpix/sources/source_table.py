"""What does a table of sources say: a survey's catalogue, a truth table, a list of redshifts?"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.errors import CatalogueError
from zpix.sources.classes import CLASSES, GALAXY, STAR, has_redshift, label_of
from zpix.sources.fits_table import first_names, read_fits_table
from zpix.sources.known import known_fluxes, known_magnitudes, known_numbers, known_positions, known_z
from zpix.sources.quality_flags import quality_ranks
from zpix.sources.sky_angles import angle_deg
from zpix.sources.table_formats import read_columns, table_format
from zpix.sources.table_text import numbers_of_text, text_of, whole_numbers

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

# Names in use for a quantity, in lower case; the first that a table has counts.
_RA = (
    "ra", "ra_targ", "raj2000", "alpha_j2000", "ra_deg", "alphawin_j2000", "_raj2000", "ra_j2000", "ra_icrs",
    "sky_centroid.ra", "ra_hours", "ra_1",
)  # fmt: skip
_DEC = (
    "dec", "dec_targ", "dej2000", "delta_j2000", "dec_deg", "deltawin_j2000", "_dej2000", "dec_j2000", "de_icrs",
    "dec_icrs", "sky_centroid.dec", "dec_1",
)  # fmt: skip
_REDSHIFT = ("z", "z_true", "z_spec", "zspec", "specz_redshift", "redshift")
_SPECTROSCOPIC = ("z_spec", "zspec", "specz_redshift")
_IDENTIFIER = ("id", "number", "source_id", "id_1", "objid", "object_id", "obj_id", "catalog_id", "id_phot")
_STAR_FLAG = ("flag_st", "is_star")  # the first is JADES'
_QUALITY = ("z_spec_flag", "z_flag", "zflag", "zflg", "z_quality", "z_qual", "zqual", "zconf", "q_z")


@dataclass(frozen=True, eq=False)
class SourceTable:
    """Columns of a table of M sources that others wrote; quantities are found under the names in use in the field.

    Attributes
    ----------
    path : Path
        The file, for messages.
    columns : dict of str to (M,) array
        The columns by lower-case name.
    units : dict of str to str, default: {}
        Units by lower-case name, of the columns that say one.

    Examples
    --------
    >>> table = SourceTable(Path("list.csv"), {"alpha_j2000": np.array([53.1]), "delta_j2000": np.array([-27.8])})
    >>> table.position()[0]
    array([53.1])
    """

    path: Path
    columns: dict[str, NDArray[Any]]
    units: dict[str, str] = field(default_factory=dict)

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
            Values of the column; NaN where not known (`zpix.sources.known`). Text such as `N/A` is not known, and
            truth values are 1 and 0.

        Raises
        ------
        CatalogueError
            If the column holds text, or none exists and `what` is given.
        """
        for name in names:
            if name in self.columns:
                try:
                    return known_numbers(numbers_of_text(self.columns[name]))
                except ValueError as error:
                    raise CatalogueError(f"'{self.path}' holds text in column '{name}': {error}") from error
        if what is None:
            return np.full(len(self), np.nan)
        raise CatalogueError(self._lacks(names, what))

    def flux(self, band: str) -> tuple[Floats, Floats]:
        """Return the fluxes of a band and their errors, from the columns `flux_<band>` and `fluxerr_<band>`.

        Parameters
        ----------
        band : str
            Name of the band.

        Returns
        -------
        flux, error : (M,) float64
            In the table's unit; NaN where not observed, and errors where the table has none.
        """
        name, error = f"flux_{band.lower()}", f"fluxerr_{band.lower()}"
        return known_fluxes(self.number(name), self.number(error) if error in self else None)

    def magnitude(self, *names: str) -> Floats:
        """Return the magnitudes of the first of several columns that exists.

        Parameters
        ----------
        *names : str
            Names to look for, in lower case.

        Returns
        -------
        (M,) float64, mag
            Magnitudes; NaN where not known, and without a column.
        """
        return known_magnitudes(self.number(*names))

    def position(self) -> tuple[Floats, Floats]:
        """Return the positions.

        Returns
        -------
        ra, dec : (M,) float64, degrees
            Right ascension, from 0 to below 360, and declination; NaN where not known. Columns in hours, or as text
            such as `03:32:14.5`, are converted, and this is said.

        Raises
        ------
        CatalogueError
            If the table has none, or text that is no angle.
        """
        angles = []
        for names, what in ((_RA, "right ascension"), (_DEC, "declination")):
            name = next((name for name in names if name in self.columns), None)
            if name is None:
                raise CatalogueError(self._lacks(names, what))
            angles.append(angle_deg(self.columns[name], unit=self.units.get(name, ""), column=name, path=self.path))
        return known_positions(*angles)

    def identifier(self, *, required: bool = False, repeated: bool = True) -> NDArray[np.int64]:
        """Return whole-number identifiers.

        They are in the column `id` or one with another name in use, or in `label`, as photutils calls it, if no two
        sources have the same there; as integers, as numbers without a fraction, or as text of digits.

        Parameters
        ----------
        required : bool, default False
            Whether a table without identifiers is an error: those of a segmentation map cannot be guessed.
        repeated : bool, default True
            Whether two sources may have the same.

        Returns
        -------
        (M,) int64
            Identifiers; row numbers from 1 where the table has none, which is said.

        Raises
        ------
        CatalogueError
            If they are required and there are none, where the message says what was looked for; or one is there twice.
        """
        name = self._identifier_column()
        if name is not None:
            numbers = whole_numbers(self.columns[name])
            if numbers is not None:
                if not repeated:
                    self._refuse_repeated(numbers)
                return numbers
        looked_for = f"whole numbers in a column {', '.join(_IDENTIFIER)} or label"
        if required:
            found = f"column '{name}' holds others" if name else f"it has {first_names([*self.columns]) or 'none'}"
            raise CatalogueError(f"'{self.path}' has no identifiers: they are {looked_for}; {found}")
        if len(self):
            log.warning("'%s' has no identifiers (%s): rows are numbered from 1", self.path, looked_for)
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
        if "label" in self and self._identifier_column() != "label":
            given = self.number("label")
            known = np.isin(given, np.arange(1, len(CLASSES) + 1))
            labels[known] = given[known].astype(np.int64)
        elif "class" in self:
            given_names = np.char.lower(text_of(self.columns["class"]))
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
            Redshifts: NaN for stars, where not known, and where a quality flag is not secure (A or B, 4 or 3).

        Raises
        ------
        CatalogueError
            If redshifts are required and the table has none.
        """
        z = self.number(*(_SPECTROSCOPIC if spectroscopic else _REDSHIFT), what="redshift" if required else None)
        quality = self.quality()
        trusted = True if quality is None else quality_ranks(quality) >= 0
        return np.where(trusted & ~self.is_star(), known_z(z), np.nan)

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
        name = (column or self.quality_column).lower()
        if name not in self:
            if column is None:
                return None
            raise CatalogueError(f"'{self.path}' has no column '{column}'; it has {first_names([*self.columns])}")
        return text_of(self.columns[name])

    @property
    def quality_column(self) -> str:
        """Name of the column that is taken for the quality of redshifts, in lower case; empty without one."""
        return next((name for name in _QUALITY if name in self), "")

    def _identifier_column(self) -> str | None:
        """Name of the column of identifiers; None without one."""
        named = [name for name in _IDENTIFIER if name in self]
        if not named and "label" in self:
            numbers = whole_numbers(self.columns["label"])
            classes = numbers is None or np.isin(numbers, np.arange(1, len(CLASSES) + 1)).all()
            if numbers is not None and not classes and len(np.unique(numbers)) == len(numbers):
                return "label"
        whole = (name for name in named if whole_numbers(self.columns[name]) is not None)
        return next(whole, named[0] if named else None)

    def _refuse_repeated(self, identifiers: NDArray[np.int64]) -> None:
        """Raise a `CatalogueError` if an identifier is there twice."""
        values, counts = np.unique(identifiers, return_counts=True)
        if len(values) < len(identifiers):
            most = counts.argmax()
            raise CatalogueError(f"'{self.path}' has the identifier {values[most]} {counts[most]} times, not once")

    def _lacks(self, names: Iterable[str], what: str) -> str:
        """The sentence for a table that lacks a column."""
        first, *others = names
        return (
            f"'{self.path}' has no column '{first}' for the {what} (also accepted: {', '.join(others)}); it has"
            f" {first_names([*self.columns]) or 'none'}"
        )


def is_flat_table(path: str | Path) -> bool:
    """Return whether a file holds one table and nothing else, by what it begins with.

    Parameters
    ----------
    path : str or Path
        Any file.

    Returns
    -------
    bool
        True for all formats but FITS.

    Raises
    ------
    InputFileError
        If there is no such file.
    """
    return table_format(path) != "fits"


def read_source_table(path: str | Path) -> SourceTable:
    """Read a table of sources.

    Parameters
    ----------
    path : str or Path
        FITS file, of which the first table with positions is read, or a table in Parquet, CSV or other text, ECSV,
        VOTable, IPAC or HDF5; each may be compressed with gzip.

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
    if is_flat_table(path):
        values, units = read_columns(path)
    else:
        values, header = read_fits_table(path, holding=_has_positions)
        units = {name: str(header.get(f"TUNIT{number}", "")) for number, name in enumerate(values, start=1)}
    return SourceTable(
        path,
        {name.lower(): column for name, column in values.items()},
        {name.lower(): unit for name, unit in units.items() if unit},
    )


def _has_positions(names: Iterable[str]) -> bool:
    """Whether columns of these names give positions on the sky."""
    lower = {name.lower() for name in names}
    return bool(lower & set(_RA)) and bool(lower & set(_DEC))
