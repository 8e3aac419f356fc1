"""To which tile does a source belong, so that none is lost or doubled at a seam?

A source belongs to the tile that owns its centre. Two tiles see a source on their seam with centres that differ by a
fraction of a pixel, so each could give it to the other, or both keep it: tiles therefore keep what lies just outside
their owned region as well, and of two such boxes that are one source only one stays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.image import Region, Tile
from zpix.sources import Detections

# Two tiles agree on a centre to better than this.
_SEAM_PIX = 2.0
# Least overlap of the boxes of one source seen by two tiles; the best overlapping pairs are joined first.
_SAME_IOU = 0.3


def keep_owned(detections: Detections, tile: Tile) -> Detections:
    """Detections of a tile, moved to mosaic pixels, whose centres the tile owns or that lie within the seam."""
    moved = detections.shifted(tile.read.x0, tile.read.y0)
    return moved[_distance_outside(moved.centre_xy, tile.owned) <= _SEAM_PIX]


def merge(parts: list[tuple[Tile, Detections]]) -> NDArray[np.int64]:
    """Rows of the joined detections of all tiles that are one source each, ordered by position (y, then x).

    The rows index `Detections.concatenate` of the parts, and whatever else was measured of them in the same order. Of a
    pair seen by two tiles, the one whose tile owns its centre stays; if both or neither do, the higher score, then the
    lower tile index.
    """
    everything = Detections.concatenate([found for _, found in parts])
    tile_index = np.concatenate([np.full(len(found), tile.index) for tile, found in parts])
    outside = np.concatenate([_distance_outside(found.centre_xy, tile.owned) for tile, found in parts])
    inner = np.concatenate([_distance_outside(f.centre_xy, _shrunk(t.owned)) for t, f in parts])
    at_seam = np.flatnonzero(inner > 0)
    ranked = at_seam[np.lexsort((tile_index[at_seam], -everything.score[at_seam], outside[at_seam] > 0))]
    rank = {int(row): position for position, row in enumerate(ranked)}
    drop = np.zeros(len(everything), dtype=bool)
    for pair in _same_sources(everything.box, tile_index, at_seam):
        drop[max(pair, key=rank.__getitem__)] = True
    rows = np.flatnonzero(~drop)
    centre = everything.centre_xy[rows]
    return rows[np.lexsort((centre[:, 0], centre[:, 1]))]


def _same_sources(
    boxes: NDArray[np.float32], tile_index: NDArray[np.int64], rows: NDArray[np.int64]
) -> list[tuple[int, int]]:
    """Pairs of rows that are one source seen by two tiles: one-to-one between any two tiles, best overlap first."""
    order = rows[np.argsort(boxes[rows, 1], kind="stable")]
    candidates = []
    for position, row in enumerate(order):
        for other in order[position + 1 :]:
            if boxes[other, 1] >= boxes[row, 3]:
                break  # sorted by upper edge: nothing further overlaps
            if tile_index[row] != tile_index[other]:
                candidates.append((_iou(boxes[row], boxes[other]), int(row), int(other)))
    joined: set[tuple[int, int]] = set()  # (row, tile in which its other self was found)
    pairs = []
    for iou, row, other in sorted(candidates, key=lambda c: (-c[0], c[1], c[2])):
        keys = {(row, int(tile_index[other])), (other, int(tile_index[row]))}
        if iou >= _SAME_IOU and not keys & joined:
            joined |= keys
            pairs.append((row, other))
    return pairs


def _iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return float(common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common))


def _distance_outside(centre_xy: NDArray[np.float32], region: Region) -> NDArray[np.float32]:
    """How far centres lie outside a region, in pixels along the worse axis; zero inside."""
    low = np.array([region.x0, region.y0]) - 0.5 - centre_xy  # pixel edges lie half a pixel from centres
    high = centre_xy - (np.array([region.x1, region.y1]) - 0.5)
    return np.maximum(np.maximum(low, high).max(1, initial=0.0), 0.0)


def _shrunk(region: Region) -> Region:
    """The part of an owned region that no neighbour can report, as two tiles may disagree by a seam on a centre."""
    inner = 2 * int(_SEAM_PIX)
    return Region(
        region.x0 + inner,
        region.y0 + inner,
        max(region.x1 - inner, region.x0 + inner),
        max(region.y1 - inner, region.y0 + inner),
    )
