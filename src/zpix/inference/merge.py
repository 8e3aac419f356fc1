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
# Boxes of one source, seen by two tiles.
_SAME_IOU = 0.5


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
    drop = np.zeros(len(everything), dtype=bool)
    for better, worse in _overlapping_pairs(everything.box, ranked):
        if not drop[better] and tile_index[better] != tile_index[worse]:
            drop[worse] = True
    rows = np.flatnonzero(~drop)
    centre = everything.centre_xy[rows]
    return rows[np.lexsort((centre[:, 0], centre[:, 1]))]


def _overlapping_pairs(boxes: NDArray[np.float32], ranked: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Pairs (better, worse) of ranked rows whose boxes have IoU of at least `_SAME_IOU`."""
    order = ranked[np.argsort(boxes[ranked, 1], kind="stable")]
    rank_of = {int(row): position for position, row in enumerate(ranked)}
    pairs = []
    for position, row in enumerate(order):
        for other in order[position + 1 :]:
            if boxes[other, 1] >= boxes[row, 3]:
                break  # sorted by upper edge: nothing further overlaps
            if _iou(boxes[row], boxes[other]) >= _SAME_IOU:
                better, worse = sorted((int(row), int(other)), key=rank_of.__getitem__)
                pairs.append((better, worse))
    return sorted(pairs, key=lambda pair: (rank_of[pair[0]], rank_of[pair[1]]))


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
    seam = int(_SEAM_PIX)
    return Region(region.x0 + seam, region.y0 + seam, region.x1 - seam, region.y1 - seam)
