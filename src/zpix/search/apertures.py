"""Which sources of a reference catalogue does a tile own, and which pixels are theirs?

The reference is placed on the mosaic once: an aperture for each source in pixels of the mosaic, kept in a small file
that every process reads. An aperture is the box of the source's segment where a segmentation map is given; else its box
in the catalogue; else a square around its position.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.stamps import Stamps
from zpix.errors import CatalogueError
from zpix.image import Mosaic, Region, SegmentationMap, Tile
from zpix.matching import SourceList
from zpix.outputs import whole_file
from zpix.sources import ReferenceBoxes, box_centres

_log = logging.getLogger(__name__)

#: Side of the aperture of a source without a box, in pixels: a typical one is 8 to 40 across.
DEFAULT_SIDE_PIX = 16
# Boxes are on the mosaic's grid, or on one moved by whole pixels, when their centres lie this close to the positions.
_SAME_GRID_PIX = 2.0
# The centre of a source that the edge of the mosaic cuts may lie this far outside.
_OUTSIDE_PIX = 2
_PLACED = np.dtype([("id", np.int64), ("box", np.float64, 4)])


def place_reference(
    reference: SourceList, mosaic: Mosaic, segmentation: SegmentationMap | None, *, name: str
) -> tuple[SourceList, NDArray[np.float64]]:
    """The sources of a reference that lie on a mosaic, with boxes in its pixels, and the aperture (N, 4) of each.

    Boxes of a larger mosaic on the same sky, of which this one is a part, are moved by whole pixels.

    Parameters
    ----------
    name : of the catalogue, for messages

    Raises
    ------
    CatalogueError
        If no source lies on the mosaic, an identifier is negative, or the boxes are on another grid of pixels.
    """
    if (reference.id < 0).any():
        raise CatalogueError(f"'{name}' has the identifier {reference.id.min()}: identifiers must not be negative")
    xy = np.stack(mosaic.pixel(reference.ra, reference.dec), axis=1)
    whole = Region.whole(mosaic.shape)
    box = reference.box + _shift(reference, xy, whole.contains(*xy.T), name=name)
    if segmentation is not None:
        of_segment = segmentation.boxes(reference.id)
        box = np.where(np.isfinite(of_segment), of_segment, box)
    placed = replace(reference, box=box)
    square = np.concatenate([xy, xy], axis=1) + 0.5 + 0.5 * DEFAULT_SIDE_PIX * np.array([-1, -1, 1, 1])
    aperture = np.where(placed.boxed[:, None], box, square)
    inside = whole.grown(_OUTSIDE_PIX).contains(*box_centres(aperture).T)
    if not inside.any():
        raise CatalogueError(f"'{name}' lists {len(reference)} sources, none of which lies on the mosaics")
    if not inside.all():
        _log.warning("%d of %d sources of %s lie outside the mosaics", (~inside).sum(), len(inside), name)
    return placed[inside], aperture[inside]


def _shift(
    reference: SourceList, xy: NDArray[np.float64], inside: NDArray[np.bool_], *, name: str
) -> NDArray[np.float64]:
    """What to add to boxes (x0, y0, x1, y1) so that they lie around the positions `xy` (N, 2): whole pixels.

    NaN if there is no box on the mosaic to tell it from.
    """
    offset = (xy - reference.centre_xy)[inside & reference.boxed]
    if not len(offset):
        return np.full(4, np.nan)
    shift = np.rint(np.median(offset, axis=0))
    distance = np.median(np.abs(offset - shift), axis=0).max()
    if distance > _SAME_GRID_PIX:
        raise CatalogueError(
            f"the boxes of '{name}' are not on the mosaics' grid of pixels (they lie {distance:.0f} pixels from the "
            "positions in the median): give the segmentation map on that grid, or a table without boxes"
        )
    if shift.any():
        _log.warning("the boxes of %s are moved by (%d, %d) pixels onto the mosaics", name, *shift)
    return np.tile(shift, 2)


def write_placed(path: str | Path, ids: NDArray[np.int64], aperture: NDArray[np.float64]) -> None:
    """Write what `ReferenceApertures` reads; the file appears whole or not at all."""
    placed = np.zeros(len(ids), _PLACED)
    placed["id"], placed["box"] = ids, aperture
    with whole_file(path) as temporary:
        np.save(temporary, placed)


@dataclass(frozen=True, eq=False)
class TileReference:
    """N sources of the reference that a tile owns.

    Attributes
    ----------
    id : (N,) int64
    boxes : ReferenceBoxes of length N
        In pixels of the tile.
    own : (P,) int
        Rows of those whose pixels the reference knows.
    segments : Stamps of length P
        These pixels, in pixels of the mosaic: 1 in the segment, 0 outside.
    """

    id: NDArray[np.int64]
    boxes: ReferenceBoxes
    own: NDArray[np.intp]
    segments: Stamps


class ReferenceApertures:
    """A reference catalogue placed on a mosaic, and its segmentation map if there is one."""

    def __init__(self, path: str | Path, *, shape: tuple[int, int], segmentation: str | Path | None = None) -> None:
        self._placed = np.load(path, mmap_mode="r")
        centre = box_centres(self._placed["box"])
        self._centre = np.clip(centre, 0, np.array(shape[::-1]) - 1)  # every source has a tile that owns it
        self._shape, self._segmentation = shape, segmentation

    def owned_by(self, tile: Tile, *, mask_size: int) -> TileReference:
        """The sources whose apertures are centred in what a tile owns, in the order of the catalogue."""
        rows = np.flatnonzero(tile.owned.contains(*self._centre.T))
        read = np.array([tile.read.x0, tile.read.y0, tile.read.x1, tile.read.y1], np.float64)
        box = np.clip(self._placed["box"][rows], np.tile(read[:2], 2), np.tile(read[2:], 2))
        ids = np.array(self._placed["id"][rows])
        mask = np.full((len(rows), mask_size, mask_size), np.nan, np.float32)
        windows, own = [], []
        if self._segmentation is not None and len(rows):
            seen = tile.read.intersection(Region.whole(self._shape))
            with SegmentationMap(self._segmentation, shape=self._shape) as areas:
                segments = areas.read(seen)
            for row, (identifier, place) in enumerate(zip(ids.tolist(), box, strict=True)):
                around = _pixels_around(place).intersection(seen)
                window = segments[around.shifted(-seen.x0, -seen.y0).slices] == identifier
                if window.any():
                    own.append(row)
                    windows.append((around, window))
                    mask[row] = _cells(window, place - np.array([around.x0, around.y0] * 2), mask_size)
        boxes = ReferenceBoxes((box - np.tile(read[:2], 2)).astype(np.float32), mask)
        return TileReference(ids, boxes, np.array(own, np.intp), _stamps(windows))


def _pixels_around(box: NDArray[np.float64]) -> Region:
    low, high = np.floor(box[:2]).astype(int), np.ceil(box[2:]).astype(int)
    return Region(int(low[0]), int(low[1]), int(high[0]), int(high[1]))


def _cells(window: NDArray[np.bool_], box: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """A window read at the centres of the cells of a mask that spans a box in its pixels, as masks are learnt from."""
    steps = (np.arange(size) + 0.5) / size
    columns, rows = (np.floor(box[axis] + (box[axis + 2] - box[axis]) * steps).astype(int) for axis in (0, 1))
    inside = ((rows >= 0) & (rows < window.shape[0]))[:, None] & ((columns >= 0) & (columns < window.shape[1]))
    read = window[rows.clip(0, window.shape[0] - 1)[:, None], columns.clip(0, window.shape[1] - 1)]
    covered: NDArray[np.bool_] = read & inside
    return covered.astype(np.float32)


def _stamps(windows: list[tuple[Region, NDArray[np.bool_]]]) -> Stamps:
    regions = [region for region, _ in windows]
    return Stamps(
        np.array([(r.x0, r.y0) for r in regions], np.int32).reshape(-1, 2),
        np.array([r.shape for r in regions], np.int32).reshape(-1, 2),
        np.concatenate([np.zeros(0, np.float32), *(window.ravel().astype(np.float32) for _, window in windows)]),
    )
