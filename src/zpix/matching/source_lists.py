"""Which sources does a catalogue list, where are they, how large are they, and how are two such lists matched?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import Catalogue, catalogue_file
from zpix.matching.pairs import Matching, match_boxes, match_positions, no_matches
from zpix.sources import Rows, SourceTable, box_centres, read_source_table
from zpix.sources.fits_table import read_fits_table
from zpix.sources.sky_angles import degrees_near
from zpix.sources.source_table import is_flat_table

#: Least intersection over union of two boxes or masks that are one source.
MIN_IOU = 0.3
#: Largest distance of two positions that are one source.
RADIUS_ARCSEC = 0.2

# Names of a box's sides, in lower case, and whether the last pixel inside is given rather than the first outside.
_BOXES = (
    (("x0", "y0", "x1", "y1"), False),  # zpix
    (("xmin", "ymin", "xmax", "ymax"), False),  # the truth of a simulation
    (("bbox_xmin", "bbox_ymin", "bbox_xmax", "bbox_ymax"), True),  # photutils, and with it JADES
)


@dataclass(frozen=True, eq=False)
class SourceList(Rows):
    """Any list of N sources that is to be matched.

    Attributes
    ----------
    id : (N,) int64
        Identifiers; row numbers from 1 where the catalogue has none.
    ra, dec : (N,) float64, degrees
        Right ascension and declination.
    box : (N, 4) float64, pixels
        Half-open boxes (x0, y0, x1, y1) on the pixel grid of the catalogue, NaN where it has none.
    score : (N,) float64
        Probability that the source is real, NaN where the catalogue does not say.
    """

    id: NDArray[np.int64]
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    box: NDArray[np.float64]
    score: NDArray[np.float64]

    @property
    def boxed(self) -> NDArray[np.bool_]:
        """Which of them have a box, (N,)."""
        boxed: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(self.box), axis=1)
        return boxed

    @property
    def centre_xy(self) -> NDArray[np.float64]:
        """Centres of the boxes as pixel positions (integers are pixel centres), (N, 2)."""
        return box_centres(self.box)

    def near(self, ra: NDArray[np.float64], dec: NDArray[np.float64], *, path: str | Path) -> SourceList:
        """Return the list with right ascensions in degrees, where only hours put it into a field.

        Parameters
        ----------
        ra, dec : (M,) float64, degrees
            Positions in the field.
        path : str or Path
            The catalogue's file, for the message.

        Returns
        -------
        SourceList
            The same sources.
        """
        return replace(self, ra=degrees_near(self.ra, self.dec, ra, dec, path=path))


def read_source_list(path: str | Path, *, identified: bool = False) -> SourceList:
    """Read identifiers, positions, boxes and scores of a catalogue, whichever of them it has.

    Parameters
    ----------
    path : str or Path
        Directory of a finished run, or a table in a format of `read_source_table`. Boxes are read from `x0 y0 x1 y1` or
        `xmin ymin xmax ymax` (half-open) or `bbox_xmin bbox_ymin bbox_xmax bbox_ymax` (the last pixel inside). In a
        FITS file of several tables, such as that of JADES, boxes may be in another table than positions, row by row.
    identified : bool, default: False
        Whether a catalogue without identifiers is an error, because they are those of a segmentation map; otherwise
        its rows are numbered, and this is said.

    Returns
    -------
    SourceList
        One row per source.

    Raises
    ------
    InputFileError
        If the file is missing or cannot be read as a table.
    CatalogueError
        If it has no right ascension and declination, or an identifier twice, or lacks identifiers that are needed.
    """
    table = read_source_table(catalogue_file(path))
    identifier = table.identifier(required=identified, repeated=False)
    ra, dec = table.position()
    return SourceList(identifier, ra, dec, _boxes(table), table.number("score"))


def source_list_of(catalogue: Catalogue) -> SourceList:
    """Take what is matched from a catalogue of zpix.

    Parameters
    ----------
    catalogue : Catalogue
        Catalogue of N sources.

    Returns
    -------
    SourceList
        The same sources, in the same order.
    """
    box, score = catalogue.box.astype(np.float64), catalogue["score"].astype(np.float64)
    return SourceList(catalogue["id"].astype(np.int64), catalogue["ra"], catalogue["dec"], box, score)


def match_source_lists(found: SourceList, listed: SourceList) -> Matching:
    """Match two lists one-to-one: by the overlap of boxes, and sources listed without a box by position.

    Parameters
    ----------
    found : SourceList
        Sources with boxes.
    listed : SourceList
        Sources to match them with; boxes are on the same pixel grid.

    Returns
    -------
    Matching
        Pairs of rows, `found` on the left.
    """
    boxed = np.flatnonzero(listed.boxed)
    by_box = match_boxes(found.box, listed.box[boxed], min_iou=MIN_IOU)
    matching = no_matches(len(found), len(listed)).joined(by_box, np.arange(len(found)), boxed)
    left, right = np.flatnonzero(~matching.left_matched), np.flatnonzero(~listed.boxed)
    by_position = match_positions(
        found.ra[left], found.dec[left], listed.ra[right], listed.dec[right], radius_arcsec=RADIUS_ARCSEC
    )
    return matching.joined(by_position, left, right)


def _boxes(table: SourceTable) -> NDArray[np.float64]:
    """Half-open boxes of a table, (N, 4), NaN where it has none."""
    columns = table
    if not any(_has_sides(table.columns, sides) for sides, _ in _BOXES) and not is_flat_table(table.path):
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


def _has_sides(names: Iterable[str], sides: Sequence[str]) -> bool:
    """Whether columns of these names give the sides of boxes."""
    return set(sides) <= {name.lower() for name in names}
