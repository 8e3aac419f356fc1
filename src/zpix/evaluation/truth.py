"""What are the true sources of a field, from a simulation or a list of known redshifts?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import magnitude_ab
from zpix.sources.rows import SHARED, Rows
from zpix.sources.sky_groups import groups_on_sky
from zpix.sources.source_table import SourceTable, read_source_table
from zpix.surveys.redshift_lists import RedshiftList, parse_list, redshift_list
from zpix.surveys.spectroscopy import RADIUS_ARCSEC, judge_redshifts, tally

# Columns that only the truth of a simulation has, whose rows are each a source of its own.
_OF_SIMULATIONS = ("detectable", "z_true")


@dataclass(frozen=True)
class ListedRedshifts:
    """What became of the redshifts of a list.

    Attributes
    ----------
    quality_column : str
        Column that was taken for their quality; empty for none, where all count as secure.
    counts : mapping of str to int
        How many are listed, left out for each reason, and kept; and how many rows are of a source that is listed
        already.
    """

    quality_column: str
    counts: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Truth(Rows):
    """M true sources; what is not known is NaN.

    Attributes
    ----------
    ra, dec : (M,) float64, degrees
        Sky position.
    z : (M,) float64
        Redshift; NaN for stars and where unknown.
    magnitude : (M,) float64
        AB magnitude of the total flux.
    is_star : (M,) bool
        Whether the source is a star.
    detectable : (M,) bool
        Whether the source has pixels of its own; true where unknown.
    xy : (M, 2) float64, pixels
        Position; integers are pixel centres.
    box : (M, 4) float64, pixels
        Half-open box (x0, y0, x1, y1); NaN where the source has no pixels.
    listed : ListedRedshifts or None
        What became of the redshifts of a list; None for the truth of a simulation.
    """

    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    z: NDArray[np.float64]
    magnitude: NDArray[np.float64]
    is_star: NDArray[np.bool_]
    detectable: NDArray[np.bool_]
    xy: NDArray[np.float64]
    box: NDArray[np.float64]
    listed: ListedRedshifts | None = field(default=None, metadata=SHARED)


def read_truth(
    path: str | Path,
    *,
    band: str = "F444W",
    near: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> Truth:
    """Read the truth table of a simulation, or a table with positions and redshifts.

    A table with the column `detectable` or `z_true` is of a simulation, and each row is a source. Any other is a list
    of redshifts, which is compiled as `zpix prepare` does it (`zpix.surveys.spectroscopy`): rows within 0.3 arcsec are
    one source with the best redshift, and only what is known, secure and in range counts.

    Parameters
    ----------
    path : str or Path
        A table in a format of `read_source_table`, or `PATH:COLUMN=BEST,NEXT,...` to name the column of qualities and
        those that are secure. Needed columns: right ascension and declination, and a redshift. Used when present:
        `mag_<band>`, else `flux_<band>` in nJy, else `mag`; `label` (2 is a star) or `class`; `detectable`; `x`, `y`;
        `xmin ymin xmax ymax`; `z_spec_flag` or the like, of which A, B, 4 and 3 count. Case does not matter.
    band : str, default: "F444W"
        Band of the magnitudes.
    near : ((M,) float64, (M,) float64), degrees, optional
        Right ascensions and declinations of the catalogue, which tell whether a list gives hours or degrees.

    Returns
    -------
    Truth
        A row for each source, in the order of the table.

    Raises
    ------
    InputFileError
        If the file is missing, truncated, or not a table.
    CatalogueError
        If a needed column is missing; the sentence names the file and the column.
    """
    place, column, secure = parse_list(path)
    table = read_source_table(place)
    if column is None and any(name in table for name in _OF_SIMULATIONS):
        return _truth(table, *table.position(), table.redshift(required=True), band)
    redshifts = redshift_list(table, column=column, secure=secure)
    if near is not None:
        redshifts = redshifts.near(*near)
    rows, z, listed = _one_row_per_source(redshifts, table.is_star())
    return replace(_truth(table, redshifts.ra, redshifts.dec, z, band)[rows], listed=listed)


def _one_row_per_source(
    redshifts: RedshiftList, star: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64], ListedRedshifts]:
    """Rows of a list that stand for a source each, the redshift of each row of the list, and what became of them."""
    fate, _, usable = judge_redshifts([replace(redshifts, z=np.where(star, np.nan, redshifts.z))])
    z = np.where(fate == "kept", redshifts.z, np.nan)
    importance = np.select([fate == "kept", fate == "in conflict"], [0, 1], 2)
    best_first = np.full(len(fate), len(fate))
    best_first[usable] = np.arange(len(usable))
    placed = np.flatnonzero(np.isfinite(redshifts.ra))
    order = placed[np.lexsort((best_first[placed], importance[placed]))]
    groups = groups_on_sky(redshifts.ra[order], redshifts.dec[order], radius_arcsec=RADIUS_ARCSEC)
    rows = np.sort(order[np.array([group.min() for group in groups], np.int64)])
    counts = {**tally(fate), "rows of a source listed already": len(placed) - len(rows)}
    return rows, z, ListedRedshifts(redshifts.quality_column, counts)


def _truth(
    table: SourceTable, ra: NDArray[np.float64], dec: NDArray[np.float64], z: NDArray[np.float64], band: str
) -> Truth:
    """A true source for each row of a table."""
    box = np.stack([table.number(name) for name in ("xmin", "ymin", "xmax", "ymax")], axis=1)
    box[(box[:, 2] <= box[:, 0]) | (box[:, 3] <= box[:, 1])] = np.nan
    return Truth(
        ra=ra,
        dec=dec,
        z=z,
        magnitude=_magnitude(table, band),
        is_star=table.is_star(),
        detectable=table.number("detectable") != 0,  # NaN, unknown, counts as detectable
        xy=np.stack([table.number("x"), table.number("y")], axis=1),
        box=box,
    )


def _magnitude(table: SourceTable, band: str) -> NDArray[np.float64]:
    """AB magnitudes from the band's magnitudes, its fluxes in nJy, or a column `mag`, (M,)."""
    flux = f"flux_{band.lower()}"
    if flux in table and f"mag_{band.lower()}" not in table:
        return magnitude_ab(table.flux(band)[0])
    return table.magnitude(f"mag_{band.lower()}", "mag")
