"""What are the true sources of a field, from a simulation or a list of known redshifts?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import magnitude_ab
from zpix.sources.rows import Rows
from zpix.sources.source_table import SourceTable, read_source_table


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
    """

    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    z: NDArray[np.float64]
    magnitude: NDArray[np.float64]
    is_star: NDArray[np.bool_]
    detectable: NDArray[np.bool_]
    xy: NDArray[np.float64]
    box: NDArray[np.float64]


def read_truth(path: str | Path, *, band: str = "F444W") -> Truth:
    """Read the truth table of a simulation, or any FITS, CSV or Parquet table with positions and redshifts.

    Parameters
    ----------
    path : str or Path
        `.fits`, `.fits.gz`, `.csv` or `.parquet`. Needed columns: right ascension and declination in degrees, and a
        redshift (negative means unknown). Used when present: `mag_<band>`, else `flux_<band>` in nJy, else
        `mag`; `label` (2 is a star) or `class`; `detectable`; `x`, `y`; `xmin ymin xmax ymax`;
        `z_spec_flag` or the like, of which A, B, 4 and 3 count as redshifts. Case does not matter.
    band : str, default: "F444W"
        Band of the magnitudes.

    Returns
    -------
    Truth
        A row for each row of the table, in its order.

    Raises
    ------
    InputFileError
        If the file is missing, truncated, or not a table.
    CatalogueError
        If a needed column is missing; the sentence names the file and the column.
    """
    table = read_source_table(path)
    ra, dec = table.position()
    box = np.stack([table.number(name) for name in ("xmin", "ymin", "xmax", "ymax")], axis=1)
    box[(box[:, 2] <= box[:, 0]) | (box[:, 3] <= box[:, 1])] = np.nan
    return Truth(
        ra=ra,
        dec=dec,
        z=table.redshift(required=True),
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
        return magnitude_ab(table.number(flux))
    return table.number(f"mag_{band.lower()}", "mag")
