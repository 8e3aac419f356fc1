"""Which detection is which true source?

First come candidates, the pairs that overlap enough or lie close enough; then a method chooses among them. By default
every match is one-to-one and those pairs are kept that make the sum of their agreement largest (the assignment
problem), so no source is counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from zpix.sources import box_iou, overlapping_boxes

Rows = NDArray[np.intp]
_ROWS_AT_ONCE = 1024

#: How pairs are chosen among the candidates: see `choose`.
Method = Literal["hungarian", "greedy", "merz2026"]


class Candidates(NamedTuple):
    """Pairs of rows, left[c] and right[c], that could be one source, each once, and how well they agree (0 to 1)."""

    left: Rows
    right: Rows
    agreement: NDArray[np.float64]


class SegmentMap(Protocol):
    """Identifiers (y, x), 0 for sky, of which rows can be read; an array is one."""

    def __len__(self) -> int: ...
    def __getitem__(self, rows: slice, /) -> NDArray[np.integer]: ...


@dataclass(frozen=True, eq=False)
class Matching:
    """Pairs of rows of two catalogues; no row occurs twice on either side, unless the method allows it on the right.

    Attributes
    ----------
    left, right : (P,) int
        Pair p is row left[p] of the first and row right[p] of the second catalogue; sorted by left.
    agreement : (P,) float64
        How well each pair agrees, 0 to 1: IoU, or one minus separation over radius.
    n_left, n_right : int
        Lengths of the catalogues.
    """

    left: Rows
    right: Rows
    agreement: NDArray[np.float64]
    n_left: int
    n_right: int

    def __len__(self) -> int:
        return len(self.left)

    @property
    def left_matched(self) -> NDArray[np.bool_]:
        """Which rows of the first catalogue have a partner, shape (n_left,)."""
        matched = np.zeros(self.n_left, dtype=bool)
        matched[self.left] = True
        return matched

    @property
    def right_matched(self) -> NDArray[np.bool_]:
        """Which rows of the second catalogue have a partner, shape (n_right,)."""
        matched = np.zeros(self.n_right, dtype=bool)
        matched[self.right] = True
        return matched

    def joined(self, rest: Matching, left_rows: Rows, right_rows: Rows) -> Matching:
        """These pairs and those of `rest`, a matching of the rows `left_rows` and `right_rows` of the same
        catalogues.

        What `rest` matches must be without a partner here.
        """
        more_left, more_right = left_rows[rest.left], right_rows[rest.right]
        assert not self.left_matched[more_left].any() and not self.right_matched[more_right].any()
        left = np.concatenate([self.left, more_left])
        right = np.concatenate([self.right, more_right])
        order = np.argsort(left)
        agreement = np.concatenate([self.agreement, rest.agreement])
        return Matching(left[order], right[order], agreement[order], self.n_left, self.n_right)


def match_positions(
    ra_a: ArrayLike, dec_a: ArrayLike, ra_b: ArrayLike, dec_b: ArrayLike, *, radius_arcsec: float = 0.2
) -> Matching:
    """Match sources that lie within `radius_arcsec` of each other on the sky; positions in degrees."""
    near = close_positions(ra_a, dec_a, ra_b, dec_b, radius_arcsec=radius_arcsec)
    return assign(*near, n_left=np.size(ra_a), n_right=np.size(ra_b))


def match_boxes(box_a: ArrayLike, box_b: ArrayLike, *, min_iou: float = 0.3) -> Matching:
    """Match boxes (x0, y0, x1, y1), (N, 4) and (M, 4), whose intersection over union reaches `min_iou`."""
    return assign(*similar_boxes(box_a, box_b, min_iou=min_iou), n_left=len(box_a), n_right=len(box_b))  # type: ignore[arg-type]


def match_segments(
    map_a: SegmentMap, map_b: SegmentMap, ids_a: ArrayLike, ids_b: ArrayLike, *, min_iou: float = 0.3
) -> Matching:
    """Match sources whose segments overlap with an intersection over union of at least `min_iou`.

    Parameters
    ----------
    map_a, map_b : (y, x) int
        Segmentation maps on one grid, 0 for sky; memory maps are read a few rows at a time.
    ids_a, ids_b : (N,) and (M,) int
        Ids of the catalogues' rows in the maps, each once.
    """
    similar = similar_segments(map_a, map_b, ids_a, ids_b, min_iou=min_iou)
    return assign(*similar, n_left=np.size(ids_a), n_right=np.size(ids_b))


def close_positions(
    ra_a: ArrayLike, dec_a: ArrayLike, ra_b: ArrayLike, dec_b: ArrayLike, *, radius_arcsec: float
) -> Candidates:
    """Pairs of sources within `radius_arcsec` on the sky; they agree by one minus separation over radius."""
    a, b = _unit_vectors(ra_a, dec_a), _unit_vectors(ra_b, dec_b)
    rows_a, rows_b = (np.flatnonzero(np.isfinite(v).all(1)) for v in (a, b))
    radius = 2 * np.sin(0.5 * np.deg2rad(radius_arcsec / 3600))  # chord of the unit sphere
    if not (len(rows_a) and len(rows_b)):
        return Candidates(rows_a[:0], rows_b[:0], np.zeros(0))
    near = cKDTree(a[rows_a]).sparse_distance_matrix(cKDTree(b[rows_b]), radius, output_type="coo_matrix")
    return Candidates(rows_a[near.row], rows_b[near.col], 1 - near.data / radius)


def similar_boxes(box_a: ArrayLike, box_b: ArrayLike, *, min_iou: float) -> Candidates:
    """Pairs of boxes (x0, y0, x1, y1), (N, 4) and (M, 4), that agree by an intersection over union of `min_iou`."""
    a, b = np.asarray(box_a, np.float64), np.asarray(box_b, np.float64)
    i, j = overlapping_boxes(a, b)
    iou = box_iou(a[i], b[j])
    good = iou >= min_iou
    return Candidates(i[good], j[good], iou[good])


def similar_segments(
    map_a: SegmentMap, map_b: SegmentMap, ids_a: ArrayLike, ids_b: ArrayLike, *, min_iou: float
) -> Candidates:
    """Pairs of sources whose segments agree by an intersection over union of `min_iou`; see `match_segments`."""
    ids_a, ids_b = np.asarray(ids_a, np.int64), np.asarray(ids_b, np.int64)
    n, m = len(ids_a), len(ids_b)
    area_a, area_b, shared = np.zeros(n + 1), np.zeros(m + 1), coo_matrix((n + 1, m + 1)).tocsr()
    for start in range(0, len(map_a), _ROWS_AT_ONCE):
        a, b = (np.asarray(part[start : start + _ROWS_AT_ONCE]).ravel() for part in (map_a, map_b))
        marked = np.flatnonzero((a != 0) | (b != 0))  # most of the sky belongs to nobody
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


def choose(
    candidates: Candidates,
    *,
    n_left: int,
    n_right: int,
    method: Method = "hungarian",
    score: NDArray[np.floating] | None = None,
) -> Matching:
    """Choose pairs among the candidates.

    Parameters
    ----------
    method : str
        `hungarian`: one-to-one, with the largest sum of agreements. `greedy`: one-to-one; the left sources choose in
        the order of falling `score`, each the free right one that it agrees with best, as in the COCO scores; without
        scores the pair that agrees best comes first. `merz2026`: each left source gets the right one that it agrees
        with best, whoever has it too, as the paper's code does.
    score : (n_left,) float, optional
        Certainty of the left sources; NaN comes last.
    """
    if method == "hungarian":
        return assign(*candidates, n_left=n_left, n_right=n_right)
    left, right, agreement = candidates
    order = np.lexsort((right, left, -agreement))
    if method == "merz2026":
        picked = order[np.unique(left[order], return_index=True)[1]]
        return Matching(left[picked], right[picked], agreement[picked], n_left, n_right)
    if score is not None:
        order = order[np.argsort(-np.nan_to_num(score, nan=-np.inf)[left[order]], kind="stable")]
    free_left, free_right = np.ones(n_left, bool), np.ones(n_right, bool)
    chosen = []
    for pair in order.tolist():
        i, j = left[pair], right[pair]
        if free_left[i] and free_right[j]:
            free_left[i] = free_right[j] = False
            chosen.append(pair)
    picked = np.array(chosen, np.intp)
    picked = picked[np.argsort(left[picked])]
    return Matching(left[picked], right[picked], agreement[picked], n_left, n_right)


def assign(left: ArrayLike, right: ArrayLike, agreement: ArrayLike, *, n_left: int, n_right: int) -> Matching:
    """Choose one-to-one pairs among the candidates so that the sum of their agreement is largest.

    Parameters
    ----------
    left, right : (C,) int
        Rows of the candidate pairs, each pair once.
    agreement : (C,) float, not negative

    Notes
    -----
    Candidates fall into small groups that share no source; most hold one pair. Each larger group is solved by
    itself with scipy's `linear_sum_assignment`, which gives what one assignment of everything would.
    """
    left, right = np.asarray(left, np.intp), np.asarray(right, np.intp)
    agreement = np.asarray(agreement, np.float64)
    if not len(left):
        return no_matches(n_left, n_right)
    nodes = n_left + n_right
    graph = coo_matrix((np.ones(len(left)), (left, n_left + right)), shape=(nodes, nodes))
    group = connected_components(graph, directed=False)[1][left]  # (C,)
    order = np.argsort(group, kind="stable")
    edges = np.flatnonzero(np.diff(group[order], prepend=-1, append=-1))
    chosen = [order[edges[:-1][np.diff(edges) == 1]]]
    for start, stop in pairwise(edges):
        if stop - start > 1:
            pairs = order[start:stop]
            chosen.append(pairs[_best(left[pairs], right[pairs], agreement[pairs])])
    picked = np.concatenate(chosen)
    picked = picked[np.argsort(left[picked])]
    return Matching(left[picked], right[picked], agreement[picked], n_left, n_right)


def no_matches(n_left: int, n_right: int) -> Matching:
    """The matching without a pair."""
    nothing = np.zeros(0, np.intp)
    return Matching(nothing, nothing, np.zeros(0), n_left, n_right)


def _best(left: Rows, right: Rows, agreement: NDArray[np.float64]) -> Rows:
    """Which of the candidates of one group are chosen."""
    lefts, i = np.unique(left, return_inverse=True)
    rights, j = np.unique(right, return_inverse=True)
    candidate = np.full((len(lefts), len(rights)), -1, dtype=np.intp)
    candidate[i, j] = np.arange(len(left))
    gain = np.zeros(candidate.shape)
    gain[i, j] = agreement
    picked = candidate[linear_sum_assignment(gain, maximize=True)]
    return picked[picked >= 0]


def _unit_vectors(ra: ArrayLike, dec: ArrayLike) -> NDArray[np.float64]:
    """Directions (N, 3) of positions in degrees."""
    alpha, delta = np.deg2rad(np.asarray(ra, np.float64)), np.deg2rad(np.asarray(dec, np.float64))
    return np.stack([np.cos(delta) * np.cos(alpha), np.cos(delta) * np.sin(alpha), np.sin(delta)], axis=-1)


def _rows_of_ids(values: NDArray[np.integer], ids: NDArray[np.int64]) -> Rows:
    """Row of each value in `ids` (N,); N for values that are not among them."""
    order = np.argsort(ids)
    place = np.searchsorted(ids[order], values)
    row = np.append(order, len(ids))[place]
    return np.where(np.append(ids, -1)[row] == values, row, len(ids))
