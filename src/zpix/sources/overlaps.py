"""Where is the centre of a box, which boxes overlap, and by how much?"""

from __future__ import annotations

from itertools import chain
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Rows = NDArray[np.intp]
Float = TypeVar("Float", bound=np.floating[Any])


def box_centres(box: NDArray[Float]) -> NDArray[Float]:
    """Return the centres of boxes as positions in pixels.

    Parameters
    ----------
    box : (N, 4) float, pixels
        Half-open boxes (x0, y0, x1, y1), measured from pixel edges.

    Returns
    -------
    (N, 2) float, pixels
        Positions (x, y), which count pixel centres as integers; of the type of `box`.

    Examples
    --------
    >>> box_centres(np.array([[3.0, 3.0, 5.0, 4.0]]))  # columns 3 and 4 of row 3
    array([[3.5, 3. ]])
    """
    return cast(NDArray[Float], 0.5 * (box[:, :2] + box[:, 2:]) - 0.5)


def overlapping_boxes(a: NDArray[np.floating], b: NDArray[np.floating]) -> tuple[Rows, Rows]:
    """Rows (i, j) of all pairs with box a[i] overlapping box b[j], sorted by i, then j.

    Parameters
    ----------
    a : (N, 4) float
    b : (M, 4) float
        Boxes (x0, y0, x1, y1) in pixels. Boxes that only share an edge do not overlap.

    Notes
    -----
    Along each axis, the centres of two boxes that overlap are closer than the longer of their longest sides. So each
    box searches that far only, in both directions: cost grows with the area of the boxes, not with N × M.
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


def box_iou(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """Intersection over union of boxes a[i] and b[i], both of shape (N, 4); returns (N,).

    >>> float(box_iou(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2]]))[0].round(3))
    0.333
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    sides = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None)
    shared = sides.prod(1)
    union = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1) - shared
    return np.divide(shared, union, out=np.zeros(len(a)), where=union > 0)


def _near(a: NDArray[np.floating], b: NDArray[np.floating]) -> tuple[Rows, Rows]:
    """Pairs whose centres lie within the longest side of the box in `a`, along both axes."""
    longest = (a[:, 2:] - a[:, :2]).max(1)
    tree = cKDTree(0.5 * (b[:, :2] + b[:, 2:]))
    found = tree.query_ball_point(0.5 * (a[:, :2] + a[:, 2:]), longest, p=np.inf)
    count = np.fromiter(map(len, found), np.intp, len(found))
    return np.repeat(np.arange(len(a)), count), np.fromiter(chain.from_iterable(found), np.intp, count.sum())
