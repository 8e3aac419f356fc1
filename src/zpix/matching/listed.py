"""Which sources does a catalogue list, where are they, and how large?

Boxes are half-open (x0, y0, x1, y1) in the pixels of the grid that the catalogue was made on, NaN where it has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import Catalogue, catalogue_file
from zpix.errors import CatalogueError
from zpix.matching.pairs import Matching, match_boxes, match_positions, no_matches
from zpix.sources import box_centres
from zpix.sources.fits_table import read_fits_table
from zpix.sources.source_table import FLAT_TABLES, SourceTable, read_source_table

# Names of a box's sides, in lower case, and whether its last pixel is given rather than the one behind it.
_BOXES = (
    (("x0", "y0", "x1", "y1"), False),  # zpix
    (("xmin", "ymin", "xmax", "ymax"), False),  # the truth of a simulation
    (("bbox_xmin", "bbox_ymin", "bbox_xmax", "bbox_ymax"), True),  # photutils, and with it JADES
)


@dataclass(frozen=True, eq=False)
class SourceList:
    """N sources of a catalogue.

    Attributes
    ----------
    id : (N,) int64
        Row numbers from 1 where the table has none.
    ra, dec : (N,) float64, degrees
    box : (N, 4) float64, pixels
    score : (N,) float64
        How certain each is, NaN where the table does not say.
    """

    id: NDArray[np.int64]
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    box: NDArray[np.float64]
    score: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.id)

    def __getitem__(self, rows: slice | NDArray) -> SourceList:
        return SourceList(*(getattr(self, f.name)[rows] for f in fields(self)))

    @staticmethod
    def concatenate(parts: Sequence[SourceList]) -> SourceList:
        """Join several sets of sources; the list must not be empty."""
        return SourceList(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(SourceList)))

    @property
    def boxed(self) -> NDArray[np.bool_]:
        """Which of them have a box, (N,)."""
        return np.logical_and.reduce(np.isfinite(self.box), axis=1)

    @property
    def centre_xy(self) -> NDArray[np.float64]:
        """Centres of the boxes as positions (integers are pixel centres), (N, 2)."""
        return box_centres(self.box)


def read_listed(path: str | Path) -> SourceList:
    """Read identifiers, positions, boxes and scores from a FITS, CSV or Parquet table, of whatever there is.

    In a FITS file of several tables, as JADES', boxes may stand in another table than positions, row by row.

    Raises
    ------
    InputFileError
        If the file is missing or cannot be read as a table.
    CatalogueError
        If it has no right ascension and declination, or an identifier twice.
    """
    table = read_source_table(path)
    identifier = table.identifier()
    if len(np.unique(identifier)) < len(identifier):
        values, counts = np.unique(identifier, return_counts=True)
        raise CatalogueError(f"'{path}' has the identifier {values[counts.argmax()]} {counts.max()} times, not once")
    ra, dec = table.position()
    return SourceList(identifier, ra, dec, _boxes(table), table.number("score"))


def _boxes(table: SourceTable) -> NDArray[np.float64]:
    """Half-open boxes of a table, (N, 4)."""
    columns = table
    if not any(_has_sides(table.columns, sides) for sides, _ in _BOXES) and not _is_flat(table.path):
        other, _ = read_fits_table(table.path, holding=lambda names: _has_sides(names, _BOXES[-1][0]))
        columns = SourceTable(table.path, {name.lower(): column for name, column in other.items()})
    box = np.full((len(table), 4), np.nan)
    for sides, inclusive in _BOXES:
        if _has_sides(columns.columns, sides) and len(columns) == len(table):
            box = np.stack([columns.number(side) for side in sides], axis=1)
            box[:, 2:] += inclusive
            break
    box[~(box[:, 2:] > box[:, :2]).all(1)] = np.nan
    return box


def _has_sides(names: Sequence[str] | dict, sides: Sequence[str]) -> bool:
    return set(sides) <= {str(name).lower() for name in names}


def _is_flat(path: Path) -> bool:
    """Whether a file holds one table, by its ending."""
    return path.suffix.lower().removeprefix(".") in FLAT_TABLES


#: Least intersection over union of two boxes or masks that are one source.
MIN_IOU = 0.3


#: Furthest that two positions of one source are apart.
RADIUS_ARCSEC = 0.2


def read_any(path: str | Path) -> SourceList:
    """Sources of a catalogue of zpix, of a finished run, or of a table by others.

    Raises
    ------
    ZpixError
        As `read_listed`.
    """
    return read_listed(catalogue_file(path))


def listed_in(catalogue: Catalogue) -> SourceList:
    """Sources of a catalogue of zpix."""
    box, score = catalogue.box.astype(np.float64), catalogue["score"].astype(np.float64)
    return SourceList(catalogue["id"].astype(np.int64), catalogue["ra"], catalogue["dec"], box, score)


def match_listed(found: SourceList, listed: SourceList) -> Matching:
    """One-to-one, by boxes on one grid of pixels; sources listed without a box by position."""
    boxed = np.flatnonzero(listed.boxed)
    by_box = match_boxes(found.box, listed.box[boxed], min_iou=MIN_IOU)
    matching = no_matches(len(found), len(listed)).joined(by_box, np.arange(len(found)), boxed)
    left, right = np.flatnonzero(~matching.left_matched), np.flatnonzero(~listed.boxed)
    by_position = match_positions(
        found.ra[left], found.dec[left], listed.ra[right], listed.dec[right], radius_arcsec=RADIUS_ARCSEC
    )
    return matching.joined(by_position, left, right)
