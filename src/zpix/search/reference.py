"""Which redshift does every source of a reference catalogue have?

The reference is placed on the mosaic before the search, so that each tile describes the sources it owns with their own
boxes, beside what it finds. Afterwards detections and sources are matched one-to-one over the whole field: what has a
detection takes its row, what has none keeps the row of its own box, and detections that match nothing in it are new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zpix.image import Mosaic, SegmentationMap
from zpix.matching import SourceList, match_positions, match_source_lists, read_source_list, source_list_of
from zpix.matching.source_lists import MIN_IOU, RADIUS_ARCSEC
from zpix.search.apertures import place_reference, write_placed
from zpix.search.assembly import Counterparts, SearchedBlocks, assemble
from zpix.search.blocks import Block

#: Name of the file, among the parts of a run, that holds the placed sources.
PLACED = "reference.npy"


@dataclass(frozen=True, eq=False)
class PlacedReference:
    """A reference catalogue on a mosaic.

    Attributes
    ----------
    path, segmentation : of the catalogue and of its segmentation map
    sources : those that lie on the mosaic, with boxes in its pixels
    apertures : (N, 4) float64, what of the mosaic each is
    outside : how many sources lie elsewhere
    """

    path: Path
    segmentation: Path | None
    sources: SourceList
    apertures: np.ndarray
    outside: int

    @property
    def about(self) -> dict[str, Any]:
        """What it adds to that which decides on a result."""
        paths = [path for path in (self.path, self.segmentation) if path is not None]
        return {"reference": [{"path": str(p), "bytes": p.stat().st_size, "changed": p.stat().st_mtime} for p in paths]}

    @property
    def told(self) -> dict[str, Any]:
        """What the README of a run says of it."""
        by_box = f"matched by the overlap of boxes (IoU of {MIN_IOU:g} or more, one-to-one)"
        by_position = f"matched by position (within {RADIUS_ARCSEC:g} arcsec, one-to-one)"
        boxed = self.sources.boxed
        how = by_box if boxed.all() else f"{by_box}, or without a box {by_position}" if boxed.any() else by_position
        segments = self.segmentation is not None
        return {"name": self.path.name, "outside": self.outside, "how": how, "segments": segments}

    def write(self, parts: Path) -> Path:
        """Write what the search reads beside its parts; path of the file."""
        write_placed(parts / PLACED, self.sources.id, self.apertures)
        return parts / PLACED


def read_placed_reference(path: str | Path, segmentation: str | Path | None, mosaic: Mosaic) -> PlacedReference:
    """Read a reference catalogue and place it on a mosaic.

    Raises
    ------
    ZpixError
        If it cannot be read, is not on the mosaic or its grid, or the segmentation map is not.
    """
    path = Path(path).absolute()
    reference = read_source_list(path, identified=segmentation is not None)
    height, width = mosaic.shape
    corners = mosaic.sky(np.array([0, width, 0, width]), np.array([0, 0, height, height]))
    reference = reference.near(*corners, path=path)
    if segmentation is None:
        placed, apertures = place_reference(reference, mosaic, None, name=path.name)
        return PlacedReference(path, None, placed, apertures, len(reference) - len(placed))
    segmentation = Path(segmentation).absolute()
    with SegmentationMap(segmentation, shape=mosaic.shape, identifiers=reference.id) as areas:
        placed, apertures = place_reference(reference, mosaic, areas, name=path.name)
    return PlacedReference(path, segmentation, placed, apertures, len(reference) - len(placed))


def find_counterparts(search: SearchedBlocks, blocks: Sequence[Block], reference: PlacedReference) -> Counterparts:
    """Match the detections of a searched field with the sources of a reference, one-to-one.

    A detection that lies where an unmatched source of the reference does, but is drawn otherwise, is neither its
    counterpart nor new: it is left out, and the source keeps the row of its own box.
    """
    strips = [(source_list_of(strip.catalogue), strip.key) for strip in assemble(search, blocks)]
    found, sources = SourceList.concatenate([detected for detected, _ in strips]), reference.sources
    matching = match_source_lists(found, sources)
    identifier, iou = np.full(len(found), -1), np.full(len(found), np.nan, np.float32)
    identifier[matching.left] = sources.id[matching.right]
    iou[matching.left] = np.where(sources.boxed[matching.right], matching.agreement, np.nan)
    new, missed = np.flatnonzero(~matching.left_matched), np.flatnonzero(~matching.right_matched)
    again = match_positions(
        found.ra[new], found.dec[new], sources.ra[missed], sources.dec[missed], radius_arcsec=RADIUS_ARCSEC
    )
    stays = np.ones(len(found), bool)
    stays[new[again.left]] = False
    key = np.concatenate([key for _, key in strips])
    order = np.flatnonzero(stays)[np.argsort(key[stays])]
    return Counterparts(key[order], identifier[order], iou[order])
