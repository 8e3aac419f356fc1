"""Which sources of two lists could be one source, because they are close or overlap?"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.spatial import cKDTree

from zpix.sources import box_iou, overlapping_boxes

RowNumbers = NDArray[np.intp]
_ROWS_AT_ONCE = 1024


class Candidates(NamedTuple):
    """C pairs of rows that could be one source.

    Attributes
    ----------
    left, right : (C,) int
        Pair c is row left[c] of the first and row right[c] of the second list; each pair is there once.
    agreement : (C,) float64
        How well each pair agrees, 0 to 1.
    """

    left: RowNumbers
    right: RowNumbers
    agreement: NDArray[np.float64]


class SegmentMap(Protocol):
    """Segment identifiers (y, x), 0 for sky, of which rows can be read; an array is one."""

    def __len__(self) -> int:
        """Return the number of rows."""
        ...

    def __getitem__(self, rows: slice, /) -> NDArray[np.integer]:
        """Return some rows."""
        ...


def close_positions(
    ra_a: ArrayLike, dec_a: ArrayLike, ra_b: ArrayLike, dec_b: ArrayLike, *, radius_arcsec: float
) -> Candidates:
    """Find pairs of sources that are close on the sky.

    Parameters
    ----------
    ra_a, dec_a : (N,) float, degrees
        Positions in the first list; those that are not finite have no pairs.
    ra_b, dec_b : (M,) float, degrees
        Positions in the second list.
    radius_arcsec : float, arcsec
        Largest separation of a pair.

    Returns
    -------
    Candidates
        Pairs that agree by one minus separation over radius.
    """
    a, b = _unit_vectors(ra_a, dec_a), _unit_vectors(ra_b, dec_b)
    rows_a, rows_b = (np.flatnonzero(np.isfinite(v).all(1)) for v in (a, b))
    radius = 2 * np.sin(0.5 * np.deg2rad(radius_arcsec / 3600))  # chord of the unit sphere
    if not (len(rows_a) and len(rows_b)):
        return Candidates(rows_a[:0], rows_b[:0], np.zeros(0))
    near = cKDTree(a[rows_a]).sparse_distance_matrix(cKDTree(b[rows_b]), radius, output_type="coo_matrix")
    return Candidates(rows_a[near.row], rows_b[near.col], 1 - near.data / radius)


def similar_boxes(box_a: ArrayLike, box_b: ArrayLike, *, min_iou: float) -> Candidates:
    """Find pairs of boxes that overlap.

    Parameters
    ----------
    box_a : (N, 4) float, pixels
        Boxes (x0, y0, x1, y1) of the first list.
    box_b : (M, 4) float, pixels
        Boxes of the second list.
    min_iou : float
        Least intersection over union of a pair.

    Returns
    -------
    Candidates
        Pairs that agree by their intersection over union.
    """
    a, b = np.asarray(box_a, np.float64), np.asarray(box_b, np.float64)
    i, j = overlapping_boxes(a, b)
    iou = box_iou(a[i], b[j])
    good = iou >= min_iou
    return Candidates(i[good], j[good], iou[good])


def similar_segments(
    map_a: SegmentMap, map_b: SegmentMap, ids_a: ArrayLike, ids_b: ArrayLike, *, min_iou: float
) -> Candidates:
    """Find pairs of sources whose segments overlap.

    Parameters
    ----------
    map_a, map_b : (y, x) int
        Segmentation maps on one grid, 0 for sky; memory maps are read a few rows at a time.
    ids_a, ids_b : (N,) and (M,) int
        Identifiers in the maps of the rows of the lists, each once.
    min_iou : float
        Least intersection over union of a pair.

    Returns
    -------
    Candidates
        Pairs that agree by their intersection over union.
    """
    ids_a, ids_b = np.asarray(ids_a, np.int64), np.asarray(ids_b, np.int64)
    n, m = len(ids_a), len(ids_b)
    area_a, area_b, shared = np.zeros(n + 1), np.zeros(m + 1), coo_matrix((n + 1, m + 1)).tocsr()
    for start in range(0, len(map_a), _ROWS_AT_ONCE):
        a, b = (np.asarray(part[start : start + _ROWS_AT_ONCE]).ravel() for part in (map_a, map_b))
        marked = np.flatnonzero((a != 0) | (b != 0))  # most pixels are sky in both
        a = _rows_of_ids(a[marked], ids_a)  # n means sky
        b = _rows_of_ids(b[marked], ids_b)  # m means sky
        area_a += np.bincount(a, minlength=n + 1)
        area_b += np.bincount(b, minlength=m + 1)
        both = (a < n) & (b < m)
        shared += coo_matrix((np.ones(both.sum()), (a[both], b[both])), shape=(n + 1, m + 1)).tocsr()
    pairs = shared.tocoo()
    iou = pairs.data / (area_a[pairs.row] + area_b[pairs.col] - pairs.data)
    good = iou >= min_iou
    return Candidates(pairs.row[good].astype(np.intp), pairs.col[good].astype(np.intp), iou[good])


def _unit_vectors(ra: ArrayLike, dec: ArrayLike) -> NDArray[np.float64]:
    """Directions (N, 3) of positions in degrees."""
    alpha, delta = np.deg2rad(np.asarray(ra, np.float64)), np.deg2rad(np.asarray(dec, np.float64))
    return np.stack([np.cos(delta) * np.cos(alpha), np.cos(delta) * np.sin(alpha), np.sin(delta)], axis=-1)


def _rows_of_ids(values: NDArray[np.integer], ids: NDArray[np.int64]) -> RowNumbers:
    """Row of each value in `ids` (N,); N for values that are not among them."""
    order = np.argsort(ids)
    place = np.searchsorted(ids[order], values)
    row = np.append(order, len(ids))[place]
    return np.where(np.append(ids, -1)[row] == values, row, len(ids))
