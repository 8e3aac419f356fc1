"""Which sources does a table by somebody else list: a survey's catalogue, a truth table, a list of redshifts?"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from astropy.units import UnitsWarning
from numpy.typing import NDArray

from zpix.errors import CatalogueError, InputFileError
from zpix.sources.detections import GALAXY, STAR

# Spellings met in the catalogues of formats users have, in order of preference, compared in lower case.
_NAMES = {
    "id": ("id", "unique_id", "number", "source_id"),
    "ra": ("ra", "ra_targ", "alpha_j2000", "ra_deg"),
    "dec": ("dec", "dec_targ", "delta_j2000", "dec_deg"),
    "redshift": ("z_spec", "zspec", "z", "redshift", "specz_redshift"),
    "label": ("label",),
    "star": ("flag_st", "is_star", "star"),
}
_SECURE_FLAGS = ("A", "B")  # JADES: C and D are not secure


@dataclass(frozen=True)
class ReferenceSources:
    """N listed sources.

    id : (N,) int64, row numbers from 1 where the table has none
    ra, dec : (N,) float64, degrees
    label : (N,) int64, galaxy unless the table says star
    redshift : (N,) float64, NaN where unknown
    """

    id: NDArray[np.int64]
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    label: NDArray[np.int64]
    redshift: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.id)


def read_reference(path: str | Path) -> ReferenceSources:
    """Read positions, and what else there is of classes and redshifts, from a FITS table or CSV.

    In a FITS file of several tables (JADES) the first that has positions is read. A column of quality flags beside
    the redshifts (`z_spec_flag`) keeps A and B only; redshifts that are not positive are unknown.

    Raises
    ------
    InputFileError
        If the file is missing or cannot be read as a table.
    CatalogueError
        If no table of it has right ascension and declination.
    """
    table = _table_with_positions(Path(path))
    columns = {name.lower(): name for name in table.colnames}

    def column(kind: str) -> NDArray | None:
        for name in _NAMES[kind]:
            if name in columns:
                return np.ma.filled(np.ma.asarray(table[columns[name]]), np.nan if kind == "redshift" else 0)
        return None

    ra, dec = column("ra"), column("dec")
    assert ra is not None and dec is not None
    identity, label, star, redshift = column("id"), column("label"), column("star"), column("redshift")
    if identity is None or identity.dtype.kind not in "iu":
        identity = np.arange(1, len(ra) + 1)
    if label is None:
        label = (
            np.where(star.astype(float) > 0, STAR, GALAXY) if star is not None else np.full(len(ra), GALAXY)
        )
    known = np.full(len(ra), np.nan) if redshift is None else redshift.astype(np.float64)
    if "z_spec_flag" in columns:
        secure = np.isin(np.asarray(table[columns["z_spec_flag"]]).astype(str), _SECURE_FLAGS)
        known = np.where(secure, known, np.nan)
    known = np.where((known > 0) & (label == GALAXY), known, np.nan)
    return ReferenceSources(
        identity.astype(np.int64),
        ra.astype(np.float64),
        dec.astype(np.float64),
        label.astype(np.int64),
        known,
    )


def match_redshifts(
    sources: ReferenceSources, redshifts: ReferenceSources, *, radius_arcsec: float = 0.3
) -> NDArray[np.float64]:
    """Redshift of the nearest listed spectrum of each source within `radius_arcsec`, (N,), NaN where there is none.

    Each spectrum goes to its nearest source only.
    """
    matched = np.full(len(sources), np.nan)
    known = np.flatnonzero(np.isfinite(redshifts.redshift))
    if len(sources) == 0 or len(known) == 0:
        return matched
    listed = SkyCoord(redshifts.ra[known], redshifts.dec[known], unit="deg")
    index, distance, _ = listed.match_to_catalog_sky(SkyCoord(sources.ra, sources.dec, unit="deg"))
    order = np.argsort(-distance.arcsec)  # the nearest is written last and stays
    order = order[distance.arcsec[order] <= radius_arcsec]
    matched[np.atleast_1d(index)[order]] = redshifts.redshift[known][order]
    return np.where(sources.label == GALAXY, matched, np.nan)


def _table_with_positions(path: Path) -> Table:
    if not path.is_file():
        raise InputFileError(f"{path}: no such file")
    seen: list[str] = []
    for table in _tables(path):
        names = {name.lower() for name in table.colnames}
        if names & set(_NAMES["ra"]) and names & set(_NAMES["dec"]):
            return table
        seen += table.colnames
    shown = ", ".join(seen[:12]) or "nothing"
    raise CatalogueError(f"{path}: no table with columns ra and dec; it has {shown}")


def _tables(path: Path) -> list[Table]:
    try:
        if path.suffix.lower() in (".csv", ".txt", ".ecsv"):
            return [Table.read(path, format="ascii.csv" if path.suffix.lower() == ".csv" else "ascii")]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnitsWarning)
            with fits.open(path) as hdus:
                return [Table.read(hdu) for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
    except (OSError, ValueError, TypeError) as error:
        raise InputFileError(f"{path}: cannot be read as a FITS table or CSV: {error}") from None
