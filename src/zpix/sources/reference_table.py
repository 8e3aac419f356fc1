"""Which sources does a reference catalogue list, and which of them is where?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from zpix.sources.classes import GALAXY, STAR
from zpix.sources.source_table import read_source_table


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


def read_reference(path: str | Path, *, spectroscopic: bool = False) -> ReferenceSources:
    """Read positions, and what else there is of identifiers, classes and redshifts, from a FITS table or CSV.

    With `spectroscopic`, the redshifts are those of the column `z_spec` alone.

    Raises
    ------
    InputFileError
        If the file is missing or cannot be read as a table.
    CatalogueError
        If it has no right ascension and declination.
    """
    table = read_source_table(path)
    ra, dec = table.position()
    return ReferenceSources(
        id=table.identifier(),
        ra=ra,
        dec=dec,
        label=np.where(table.is_star(), STAR, GALAXY).astype(np.int64),
        redshift=table.redshift(required=False, spectroscopic=spectroscopic),
    )


def nearest_sources(
    sources: ReferenceSources, ra: NDArray[np.float64], dec: NDArray[np.float64], *, radius_arcsec: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Row of the source nearest to each of K positions, -1 if none is within the radius, and its distance in arcsec."""
    placed = np.flatnonzero(np.isfinite(sources.ra) & (np.abs(sources.dec) <= 90))  # some tables have -99 or NaN
    if len(placed) == 0 or len(ra) == 0:
        return np.full(len(ra), -1), np.full(len(ra), np.inf)
    sky = SkyCoord(sources.ra[placed], sources.dec[placed], unit="deg")
    nearest, distance, _ = SkyCoord(ra, dec, unit="deg").match_to_catalog_sky(sky)
    return np.where(distance.arcsec <= radius_arcsec, placed[nearest], -1), distance.arcsec
