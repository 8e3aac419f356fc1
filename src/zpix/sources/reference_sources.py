"""Which sources does a reference catalogue list, and which of them is nearest to a position?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from zpix.sources.rows import Rows
from zpix.sources.sky_angles import degrees_near
from zpix.sources.source_table import SourceTable


@dataclass(frozen=True, eq=False)
class ReferenceSources(Rows):
    """N sources of a reference catalogue, which is a survey's own catalogue.

    Attributes
    ----------
    id : (N,) int64
        Identifiers, those of the survey's segmentation map.
    ra, dec : (N,) float64, degrees
        Right ascension and declination.
    label : (N,) int64
        Classes, as `zpix.sources.classes` numbers them; galaxies where the catalogue does not say.
    redshift : (N,) float64
        Redshift; NaN where unknown.
    """

    id: NDArray[np.int64]
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    label: NDArray[np.int64]
    redshift: NDArray[np.float64]

    def near(self, ra: NDArray[np.float64], dec: NDArray[np.float64], *, path: str | Path) -> ReferenceSources:
        """Return the sources with right ascensions in degrees, where only hours put them into a field.

        Parameters
        ----------
        ra, dec : (M,) float64, degrees
            Positions in the field.
        path : str or Path
            The catalogue's file, for the message.

        Returns
        -------
        ReferenceSources
            The same sources.
        """
        return replace(self, ra=degrees_near(self.ra, self.dec, ra, dec, path=path))

    @staticmethod
    def from_table(table: SourceTable, *, spectroscopic: bool = False) -> ReferenceSources:
        """Take identifiers and positions from a table, and classes and redshifts where it has them.

        Parameters
        ----------
        table : SourceTable
            Table of sources.
        spectroscopic : bool, default False
            Whether only redshifts count whose column says that they are spectroscopic, such as `z_spec`.

        Returns
        -------
        ReferenceSources
            One for each row of the table.

        Raises
        ------
        CatalogueError
            If the table has no right ascension and declination, or no identifiers, or one of them twice.
        """
        ra, dec = table.position()
        return ReferenceSources(
            id=table.identifier(required=True, repeated=False),
            ra=ra,
            dec=dec,
            label=table.label(),
            redshift=table.redshift(required=False, spectroscopic=spectroscopic),
        )


def nearest_sources(
    sources: ReferenceSources, ra: NDArray[np.float64], dec: NDArray[np.float64], *, radius_arcsec: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the source that is nearest to each position.

    Parameters
    ----------
    sources : ReferenceSources
        Sources to search; those without a position on the sky are skipped.
    ra, dec : (K,) float64, degrees
        Positions.
    radius_arcsec : float, arcsec
        Largest distance of a source that counts.

    Returns
    -------
    row : (K,) int64
        Row of the nearest source; -1 if none is within the radius.
    distance : (K,) float64, arcsec
        Distance of the nearest source, within the radius or not.
    """
    placed = np.flatnonzero(np.isfinite(sources.ra) & (np.abs(sources.dec) <= 90))  # some tables have -99 or NaN
    if len(placed) == 0 or len(ra) == 0:
        return np.full(len(ra), -1), np.full(len(ra), np.inf)
    sky = SkyCoord(sources.ra[placed], sources.dec[placed], unit="deg")
    nearest, distance, _ = SkyCoord(ra, dec, unit="deg").match_to_catalog_sky(sky)
    return np.where(distance.arcsec <= radius_arcsec, placed[nearest], -1), distance.arcsec
