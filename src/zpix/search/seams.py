"""Which tile owns a source, so that none is lost or found twice at a seam?

A source belongs to the tile that owns its centre. Two tiles see a source on their seam with centres that differ by a
fraction of a pixel, so each could give it to the other, or both keep it: tiles therefore keep what lies just outside
their owned region as well, and of two such boxes that are one source only one stays.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from zpix.image import Region, Tile
from zpix.sources import Detections, box_centres, box_iou, overlapping_boxes

#: Two tiles agree on a centre to better than this.
SEAM_PIX = 2.0
# Least overlap of the boxes of one source seen by two tiles; the best overlapping pairs are joined first.
_SAME_IOU = 0.3


def claimed(tile: Tile) -> Region:
    """Return where the sources that `keep_owned` keeps may be centred.

    Parameters
    ----------
    tile : Tile
        A tile of the mosaic.

    Returns
    -------
    Region
        In pixels of the tile, with a pixel more on each side.
    """
    return tile.owned.grown(int(SEAM_PIX) + 1).shifted(-tile.read.x0, -tile.read.y0)


def keep_owned(detections: Detections, tile: Tile) -> Detections:
    """Keep the detections whose centres a tile owns, or that lie within the seam around what it owns.

    Parameters
    ----------
    detections : Detections
        In pixels of the tile.
    tile : Tile
        The tile.

    Returns
    -------
    Detections
        In pixels of the mosaic.
    """
    moved = detections.shifted(tile.read.x0, tile.read.y0)
    return moved[_distance_outside(moved.centre_xy, _owned([tile])) <= SEAM_PIX]


def seen_once(
    box: NDArray[np.float32], score: NDArray[np.float32], tile: NDArray[np.integer], tiles: Mapping[int, Tile]
) -> NDArray[np.int64]:
    """Find the detections of several tiles that are one source each.

    Of a pair seen by two tiles, the one whose tile owns its centre stays; if both or neither do, the higher score, then
    the lower tile index.

    Parameters
    ----------
    box : (N, 4) float32, pixels
        Half-open boxes (x0, y0, x1, y1) in the mosaic.
    score : (N,) float32
        Probabilities of being real.
    tile : (N,) int
        Index of the tile that reported each.
    tiles : mapping of int to Tile
        Tiles by their index.

    Returns
    -------
    (M,) int64
        Rows that stay, in ascending order.
    """
    indices, of_tile = np.unique(tile, return_inverse=True)
    owned = _owned([tiles[int(index)] for index in indices])[of_tile]
    centre = box_centres(box)
    at_seam = np.flatnonzero(_distance_outside(centre, _shrunk(owned)) > 0)
    outside = _distance_outside(centre[at_seam], owned[at_seam]) > 0
    rank = np.empty(len(at_seam), np.int64)
    rank[np.lexsort((tile[at_seam], -score[at_seam], outside))] = np.arange(len(at_seam))
    stays = np.ones(len(box), bool)
    for i, j in _same_sources(box[at_seam], tile[at_seam]):
        stays[at_seam[i if rank[i] > rank[j] else j]] = False
    return np.flatnonzero(stays)


def _same_sources(box: NDArray[np.float32], tile: NDArray[np.integer]) -> list[tuple[int, int]]:
    """Pairs of rows that are one source seen by two tiles: one-to-one between any two tiles, best overlap first."""
    i, j = overlapping_boxes(box, box)
    two_tiles = (i < j) & (tile[i] != tile[j])
    i, j = i[two_tiles], j[two_tiles]
    iou = box_iou(box[i], box[j])
    best_first = np.lexsort((j, i, -iou))
    best_first = best_first[iou[best_first] >= _SAME_IOU]
    joined: set[tuple[int, int]] = set()  # (row, tile that found the same source)
    pairs = []
    for row, other in zip(i[best_first].tolist(), j[best_first].tolist(), strict=True):
        keys = {(row, int(tile[other])), (other, int(tile[row]))}
        if not keys & joined:
            joined |= keys
            pairs.append((row, other))
    return pairs


def _owned(tiles: list[Tile]) -> NDArray[np.int64]:
    """Owned regions (x0, y0, x1, y1) of tiles, (N, 4)."""
    regions = [(t.owned.x0, t.owned.y0, t.owned.x1, t.owned.y1) for t in tiles]
    return np.array(regions, np.int64).reshape(-1, 4)


def _distance_outside(centre_xy: NDArray[np.float32], region: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far centres lie outside regions, in pixels along the worse axis; zero inside."""
    low = region[:, :2] - 0.5 - centre_xy  # pixel edges lie half a pixel from centres
    high = centre_xy - (region[:, 2:] - 0.5)
    outside: NDArray[np.float64] = np.maximum(np.maximum(low, high).max(1, initial=0.0), 0.0)
    return outside


def _shrunk(region: NDArray[np.int64]) -> NDArray[np.int64]:
    """The parts of owned regions that no neighbour can report, as two tiles may disagree by a seam on a centre."""
    low = region[:, :2] + 2 * int(SEAM_PIX)
    return np.concatenate([low, np.maximum(region[:, 2:] - 2 * int(SEAM_PIX), low)], 1)
