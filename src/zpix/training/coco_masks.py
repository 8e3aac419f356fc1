"""How are masks written in COCO annotations?

As polygons (x0, y0, x1, y1, ...) whose union is the mask, or as runs of pixels down the columns, plain or compressed.
Coordinates are those of COCO: pixel i covers i to i + 1, and belongs to a polygon that holds its middle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.errors import StoreError

Bools = NDArray[np.bool_]


def mask_of(segmentation: Any, shape: tuple[int, int]) -> Bools:
    """Return the pixels of a segmentation of COCO.

    Parameters
    ----------
    segmentation : list of list of float, or mapping
        Polygons; or `size` (height, width) and `counts`, the lengths of runs of sky and source in turn, as numbers or
        in COCO's compressed text.
    shape : (ny, nx)
        Size of the image.

    Returns
    -------
    (ny, nx) bool
        True in the mask.

    Raises
    ------
    StoreError
        If it is none of these, or its size is not that of the image.
    """
    if isinstance(segmentation, Mapping):
        if tuple(segmentation.get("size", ())) != tuple(shape):
            raise StoreError(f"a mask of size {segmentation.get('size')} is on an image of {list(shape)}")
        counts = segmentation["counts"]
        runs = _uncompressed(counts) if isinstance(counts, (str, bytes)) else counts
        return _of_runs(runs, shape)
    if not isinstance(segmentation, Sequence) or isinstance(segmentation, (str, bytes)):
        raise StoreError(f"a segmentation is {type(segmentation).__name__}: it must be polygons or runs of pixels")
    mask = np.zeros(shape, bool)
    for polygon in segmentation:
        _fill(mask, polygon)
    return mask


def rectangles_of(mask: Bools, *, x0: int = 0, y0: int = 0) -> list[list[int]]:
    """Return polygons whose union is a mask exactly: rectangles, one for each run that rows share.

    Parameters
    ----------
    mask : (ny, nx) bool
        The mask.
    x0, y0 : int, pixels
        Place of its first pixel in the image.

    Returns
    -------
    list of list of int
        Corners of each rectangle.

    Examples
    --------
    >>> rectangles_of(np.ones((2, 3), bool), x0=10)
    [[10, 0, 13, 0, 13, 2, 10, 2]]
    """
    padded = np.pad(mask, ((0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(padded, axis=1)
    open_runs: dict[tuple[int, int], int] = {}
    rectangles = []
    for row in range(len(mask) + 1):
        runs = set()
        if row < len(mask):
            runs = set(
                zip(np.flatnonzero(steps[row] > 0).tolist(), np.flatnonzero(steps[row] < 0).tolist(), strict=True)
            )
        for run in [run for run in open_runs if run not in runs]:
            first, (left, right) = open_runs.pop(run), run
            a, b, c, d = left + x0, first + y0, right + x0, row + y0
            rectangles.append([a, b, c, b, c, d, a, d])
        for run in runs:
            open_runs.setdefault(run, row)
    return sorted(rectangles, key=lambda corners: (corners[1], corners[0]))


def _fill(mask: Bools, polygon: ArrayLike) -> None:
    """Set the pixels whose middle lies in a polygon, by its crossings with each row."""
    corners = np.asarray(polygon, np.float64).reshape(-1, 2)
    if len(corners) < 3:
        return
    x, y = corners.T
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    height, width = mask.shape
    first, last = max(0, int(np.floor(y.min()))), min(height, int(np.ceil(y.max())))
    for row in range(first, last):
        middle = row + 0.5
        crossed = (y <= middle) != (next_y <= middle)
        at = x[crossed] + (middle - y[crossed]) / (next_y - y)[crossed] * (next_x - x)[crossed]
        at = np.sort(at)
        for left, right in zip(at[::2], at[1::2], strict=True):
            mask[row, max(0, int(np.ceil(left - 0.5))) : max(0, min(width, int(np.ceil(right - 0.5))))] = True


def _of_runs(runs: Sequence[int], shape: tuple[int, int]) -> Bools:
    """Mask from runs of sky and source in turn, down the columns."""
    lengths = np.asarray(runs, np.int64)
    if lengths.sum() != shape[0] * shape[1]:
        raise StoreError(f"the runs of a mask have {lengths.sum()} pixels: the image has {shape[0] * shape[1]}")
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(shape[::-1]).T


def _uncompressed(text: str | bytes) -> list[int]:
    """Runs from COCO's text: numbers in groups of five bits, from the third on less the one two before."""
    runs: list[int] = []
    value, shift = 0, 0
    for letter in text.encode() if isinstance(text, str) else text:
        bits = letter - 48
        value |= (bits & 0x1F) << shift
        shift += 5
        if not bits & 0x20:
            if bits & 0x10:
                value -= 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value, shift = 0, 0
    return runs
