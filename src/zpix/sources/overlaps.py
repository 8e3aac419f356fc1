"""Where are the centres of boxes, which boxes overlap, and by how much?"""

from __future__ import annotations

from itertools import chain
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

RowNumbers = NDArray[np.intp]
Float = TypeVar("Float", bound=np.floating[Any])


def box_centres(box: NDArray[Float]) -> NDArray[Float]:
    """Return the centres of boxes as pixel positions; integers are pixel centres.

    Parameters
    ----------
    box : (N, 4) float
        Half-open boxes (x0, y0, x1, y1) in pixels.

    Returns
    -------
    (N, 2) float
        Positions (x, y) in pixels, of the dtype of `box`.

    Examples
    --------
    >>> box_centres(np.array([[0.0, 0.0, 3.0, 4.0]]))
    array([[1. , 1.5]])
    """
    return cast(NDArray[Float], 0.5 * (box[:, :2] + box[:, 2:]) - 0.5)


def overlapping_boxes(a: NDArray[np.floating], b: NDArray[np.floating]) -> tuple[RowNumbers, RowNumbers]:
    """Find all pairs of boxes that overlap.

    Parameters
    ----------
    a : (N, 4) float
        Boxes (x0, y0, x1, y1) in pixels.
    b : (M, 4) float
        Boxes to pair them with. Boxes that only share an edge do not overlap.

    Returns
    -------
    i, j : (P,) int
        Rows of all pairs where box a[i] overlaps box b[j], sorted by i, then j.

    Notes
    -----
    Along each axis, the centres of two overlapping boxes are closer than the longer of their longest sides. Each box
    therefore searches only that far, from a to b and from b to a: the cost grows with the area of the boxes, not with
    N × M.
    """
    if not (len(a) and len(b)):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    i, j = _near(a, b)
    k, m = (i, j) if a is b else _near(b, a)
    pairs = np.unique(np.concatenate([i * len(b) + j, m * len(b) + k]))
    i, j = pairs // len(b), pairs % len(b)
    first, second = a[i], b[j]
    overlap = (np.minimum(first[:, 2:], second[:, 2:]) > np.maximum(first[:, :2], second[:, :2])).all(1)
    return i[overlap], j[overlap]


def box_iou(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Compute the intersection over union of pairs of boxes.

    Parameters
    ----------
    a, b : (N, 4) float
        Boxes (x0, y0, x1, y1); row n of one is compared with row n of the other.

    Returns
    -------
    (N,) float64
        Intersection over union, 0 to 1.

    Examples
    --------
    >>> float(box_iou(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2]]))[0].round(3))
    0.333
    """
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    sides = np.clip(np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2]), 0, None)
    shared = sides.prod(1)
    union = (first[:, 2:] - first[:, :2]).prod(1) + (second[:, 2:] - second[:, :2]).prod(1) - shared
    iou: NDArray[np.float64] = np.divide(shared, union, out=np.zeros(len(first)), where=union > 0)
    return iou


def _near(a: NDArray[np.floating], b: NDArray[np.floating]) -> tuple[RowNumbers, RowNumbers]:
    """Pairs whose centres lie within the longest side of the box in `a`, along both axes."""
    longest = (a[:, 2:] - a[:, :2]).max(1)
    tree = cKDTree(0.5 * (b[:, :2] + b[:, 2:]))
    found = tree.query_ball_point(0.5 * (a[:, :2] + a[:, 2:]), longest, p=np.inf)
    count = np.fromiter(map(len, found), np.intp, len(found))
    return np.repeat(np.arange(len(a)), count), np.fromiter(chain.from_iterable(found), np.intp, count.sum())
