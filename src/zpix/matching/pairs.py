"""Which source of one list is which source of another?

Candidates are all pairs that overlap enough or lie close enough; a method then chooses among them. By default every
match is one-to-one, and the pairs kept are those with the largest sum of agreement (the assignment problem), so no
source is counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from zpix.matching.candidates import (
    Candidates,
    RowNumbers,
    SegmentMap,
    close_positions,
    similar_boxes,
    similar_segments,
)

#: How pairs are chosen among the candidates: see `choose`.
Method = Literal["hungarian", "greedy", "merz2026"]


@dataclass(frozen=True, eq=False)
class Matching:
    """P matched pairs of rows of two lists of sources.

    No row occurs twice on either side, except on the right with the method `merz2026`.

    Attributes
    ----------
    left, right : (P,) int
        Pair p is row left[p] of the first and row right[p] of the second list; sorted by left.
    agreement : (P,) float64
        How well each pair agrees, 0 to 1: IoU, or one minus separation over radius.
    n_left, n_right : int
        Lengths of the lists.
    """

    left: RowNumbers
    right: RowNumbers
    agreement: NDArray[np.float64]
    n_left: int
    n_right: int

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.left)

    @property
    def left_matched(self) -> NDArray[np.bool_]:
        """Which rows of the first list are matched, (n_left,)."""
        matched = np.zeros(self.n_left, dtype=bool)
        matched[self.left] = True
        return matched

    @property
    def right_matched(self) -> NDArray[np.bool_]:
        """Which rows of the second list are matched, (n_right,)."""
        matched = np.zeros(self.n_right, dtype=bool)
        matched[self.right] = True
        return matched

    @property
    def partner_of_left(self) -> RowNumbers:
        """Row of the partner of each row of the first list, −1 without one, shape (n_left,)."""
        partner: RowNumbers = np.full(self.n_left, -1, np.intp)
        partner[self.left] = self.right
        return partner

    @property
    def partner_of_right(self) -> RowNumbers:
        """Row of the partner of each row of the second list, −1 without one, shape (n_right,)."""
        partner: RowNumbers = np.full(self.n_right, -1, np.intp)
        partner[self.right] = self.left
        return partner

    def joined(self, rest: Matching, left_rows: RowNumbers, right_rows: RowNumbers) -> Matching:
        """Join these pairs and those of a matching of other rows of the same lists.

        Parameters
        ----------
        rest : Matching
            Matching of some rows that are not matched here.
        left_rows, right_rows : (n,) int
            Which rows of the lists `rest` is a matching of.

        Returns
        -------
        Matching
            All pairs.
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
    """Match sources one-to-one by their positions on the sky.

    Parameters
    ----------
    ra_a, dec_a : (N,) float, degrees
        Positions in the first list.
    ra_b, dec_b : (M,) float, degrees
        Positions in the second list.
    radius_arcsec : float, default 0.2 arcsec
        Largest separation of a pair.

    Returns
    -------
    Matching
        Pairs that agree by one minus separation over radius.
    """
    near = close_positions(ra_a, dec_a, ra_b, dec_b, radius_arcsec=radius_arcsec)
    return assign(*near, n_left=np.size(ra_a), n_right=np.size(ra_b))


def match_boxes(box_a: ArrayLike, box_b: ArrayLike, *, min_iou: float = 0.3) -> Matching:
    """Match boxes one-to-one by their overlap.

    Parameters
    ----------
    box_a : (N, 4) float, pixels
        Boxes (x0, y0, x1, y1) of the first list.
    box_b : (M, 4) float, pixels
        Boxes of the second list.
    min_iou : float, default 0.3
        Least intersection over union of a pair.

    Returns
    -------
    Matching
        Pairs that agree by their intersection over union.
    """
    a, b = np.asarray(box_a), np.asarray(box_b)
    return assign(*similar_boxes(a, b, min_iou=min_iou), n_left=len(a), n_right=len(b))


def match_segments(
    map_a: SegmentMap, map_b: SegmentMap, ids_a: ArrayLike, ids_b: ArrayLike, *, min_iou: float = 0.3
) -> Matching:
    """Match sources one-to-one by the overlap of their segments.

    Parameters
    ----------
    map_a, map_b : (y, x) int
        Segmentation maps on one grid, 0 for sky; memory maps are read a few rows at a time.
    ids_a, ids_b : (N,) and (M,) int
        Identifiers in the maps of the rows of the lists, each once.
    min_iou : float, default 0.3
        Least intersection over union of a pair.

    Returns
    -------
    Matching
        Pairs that agree by their intersection over union.
    """
    similar = similar_segments(map_a, map_b, ids_a, ids_b, min_iou=min_iou)
    return assign(*similar, n_left=np.size(ids_a), n_right=np.size(ids_b))


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
    candidates : Candidates
        Pairs that could be one source.
    n_left, n_right : int
        Lengths of the lists.
    method : {"hungarian", "greedy", "merz2026"}, default "hungarian"
        `hungarian`: one-to-one, with the largest sum of agreements. `greedy`: one-to-one; in order of falling `score`,
        each left source takes the unmatched right one that it agrees with best, as in the COCO scores; without scores,
        pairs are taken in order of falling agreement. `merz2026`: each left source takes the right one that it agrees
        with best, whether or not that is matched already, as in the code of the paper.
    score : (n_left,) float, optional
        Scores of the left sources; NaN comes last.

    Returns
    -------
    Matching
        The chosen pairs.
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
    """Choose one-to-one pairs among candidates so that the sum of their agreement is largest.

    Parameters
    ----------
    left, right : (C,) int
        Rows of the candidate pairs, each pair once.
    agreement : (C,) float
        How well each pair agrees; not negative.
    n_left, n_right : int
        Lengths of the lists.

    Returns
    -------
    Matching
        The chosen pairs.

    Notes
    -----
    Candidates fall into small groups that share no source; most groups are one pair. Each larger group is solved
    with scipy's `linear_sum_assignment`, which gives the same result as one assignment of all candidates.
    """
    i, j, weight = np.asarray(left, np.intp), np.asarray(right, np.intp), np.asarray(agreement, np.float64)
    if not len(i):
        return no_matches(n_left, n_right)
    nodes = n_left + n_right
    graph = coo_matrix((np.ones(len(i)), (i, n_left + j)), shape=(nodes, nodes))
    group = connected_components(graph, directed=False)[1][i]  # (C,)
    order = np.argsort(group, kind="stable")
    edges = np.flatnonzero(np.diff(group[order], prepend=-1, append=-1))
    chosen = [order[edges[:-1][np.diff(edges) == 1]]]
    for start, stop in pairwise(edges):
        if stop - start > 1:
            pairs = order[start:stop]
            chosen.append(pairs[_best(i[pairs], j[pairs], weight[pairs])])
    picked = np.concatenate(chosen)
    picked = picked[np.argsort(i[picked])]
    return Matching(i[picked], j[picked], weight[picked], n_left, n_right)


def no_matches(n_left: int, n_right: int) -> Matching:
    """Return a matching without pairs.

    Parameters
    ----------
    n_left, n_right : int
        Lengths of the lists.

    Returns
    -------
    Matching
        Of length 0.
    """
    nothing = np.zeros(0, np.intp)
    return Matching(nothing, nothing, np.zeros(0), n_left, n_right)


def _best(left: RowNumbers, right: RowNumbers, agreement: NDArray[np.float64]) -> RowNumbers:
    """Which of the candidates of one group are chosen."""
    from scipy.optimize import linear_sum_assignment  # slow to load, and few runs need it

    lefts, i = np.unique(left, return_inverse=True)
    rights, j = np.unique(right, return_inverse=True)
    candidate = np.full((len(lefts), len(rights)), -1, dtype=np.intp)
    candidate[i, j] = np.arange(len(left))
    gain = np.zeros(candidate.shape)
    gain[i, j] = agreement
    picked: RowNumbers = candidate[linear_sum_assignment(gain, maximize=True)]
    return picked[picked >= 0]
