"""Which sources does a reference catalogue list, and which of them have a spectroscopic redshift?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from zpix.sources.detections import GALAXY, STAR
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


def match_redshifts(
    sources: ReferenceSources, redshifts: ReferenceSources, *, radius_arcsec: float = 0.3
) -> NDArray[np.float64]:
    """Redshift of each source by position, (N,), NaN where none is listed within `radius_arcsec`.

    Each spectrum goes to its nearest source only; of several spectra of one source the nearest counts.
    """
    matched = np.full(len(sources), np.nan)
    known = np.flatnonzero(np.isfinite(redshifts.redshift))
    if len(sources) == 0 or len(known) == 0:
        return matched
    listed = SkyCoord(redshifts.ra[known], redshifts.dec[known], unit="deg")
    index, distance, _ = listed.match_to_catalog_sky(SkyCoord(sources.ra, sources.dec, unit="deg"))
    order = np.argsort(-distance.arcsec, kind="stable")  # the nearest is written last and stays
    order = order[distance.arcsec[order] <= radius_arcsec]
    matched[np.atleast_1d(index)[order]] = redshifts.redshift[known][order]
    return np.where(sources.label == GALAXY, matched, np.nan)
