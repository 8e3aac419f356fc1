"""Which pixels belong to a source?

The network draws each mask as M × M probabilities that span the source's box. Here they are placed on the pixels of
the image, inside the box only: N small windows of different sizes, kept end to end in one array. Boxes are half-open
with edges at pixel borders: in box coordinates pixel p reaches from p to p + 1 and its centre is p + 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.sources import Detections
from zpix.sources.rows import Rows

#: A pixel is in the mask when its probability reaches this.
MASK_THRESHOLD = 0.5
#: Mask probabilities that are kept to be drawn later come in steps of one over this.
LEVELS = 255

Window = tuple[NDArray[Any], int, int]


@dataclass(frozen=True, eq=False)
class Stamps(Rows):
    """N windows of an image, each of its own size.

    Attributes
    ----------
    corner_xy : (N, 2) int32
        Pixel of the image on which a window's first pixel lies.
    shape_yx : (N, 2) int32
        Height and width of the windows; at least one pixel each.
    values : (P,) array
        The pixels of all windows, one window after the other, each row by row.
    """

    corner_xy: NDArray[np.int32]
    shape_yx: NDArray[np.int32]
    values: NDArray[Any]

    def __getitem__(self, rows: slice | NDArray[Any]) -> Stamps:
        bounds = zip(self.start[:-1][rows].tolist(), self.start[1:][rows].tolist(), strict=True)
        values = [self.values[first:stop] for first, stop in bounds]
        return Stamps(self.corner_xy[rows], self.shape_yx[rows], np.concatenate([self.values[:0], *values]))

    @cached_property
    def start(self) -> NDArray[np.int64]:
        """Places in `values` at which the windows begin, and its length: (N + 1,)."""
        return np.concatenate([[0], np.cumsum(self.shape_yx.astype(np.int64).prod(1))])

    @property
    def box(self) -> NDArray[np.float64]:
        """Half-open boxes (x0, y0, x1, y1) of the windows in pixels, (N, 4)."""
        return np.concatenate([self.corner_xy, self.corner_xy + self.shape_yx[:, ::-1]], 1).astype(np.float64)

    def window(self, row: int) -> Window:
        """Return one window.

        Parameters
        ----------
        row : int
            Its number.

        Returns
        -------
        values : (height, width) array
            Its pixels.
        x, y : int, pixels
            Position of its first pixel in the image.
        """
        values = self.values[self.start[row] : self.start[row + 1]]
        x, y = self.corner_xy[row]
        return values.reshape(self.shape_yx[row]), int(x), int(y)

    def replaced(self, rows: NDArray[np.integer], others: Stamps) -> Stamps:
        """Return the same windows with others in some rows.

        Parameters
        ----------
        rows : (M,) int
            Which ones to replace.
        others : Stamps of length M
            What to put there.

        Returns
        -------
        Stamps
            Of the same length.
        """
        order = np.arange(len(self))
        order[rows] = len(self) + np.arange(len(others))
        return Stamps.concatenate([self, others])[order]


def place_masks(detections: Detections) -> Stamps:
    """Give the mask probabilities at the centres of the pixels in the boxes of detections.

    This is the fast path of `place_probability`, and gives the same values to the bit.

    Parameters
    ----------
    detections : Detections of length N
        Boxes and masks.

    Returns
    -------
    Stamps of length N
        Probabilities, float32, in the pixels of the boxes.
    """
    count, size = len(detections), detections.mask.shape[-1]
    box = detections.box.astype(np.float64)
    left, column, x0, width = _taps(box[:, 0], box[:, 2], size)
    lower, row, y0, height = _taps(box[:, 1], box[:, 3], size)
    # One number per row of pixels: places in the flattened masks of the two mask rows that it lies between.
    source = np.repeat(np.arange(count), height)
    below = (source * size + lower) * size
    above = (source * size + np.minimum(lower + 1, size - 1)) * size
    # From here on one number per pixel.
    across = width[source]  # pixels in each row
    first_column = (np.cumsum(width) - width)[source]  # of its source, in `left` and `column`
    place = np.arange(across.sum()) + np.repeat(first_column - (np.cumsum(across) - across), across)
    below, above, row = (np.repeat(values, across) for values in (below, above, row))
    one, other, column = left[place], np.minimum(left + 1, size - 1)[place], column[place]
    mask = detections.mask.reshape(-1)
    at_left = mask[below + one] * (1 - row) + mask[above + one] * row
    at_right = mask[below + other] * (1 - row) + mask[above + other] * row
    values = (at_left * (1 - column) + at_right * column).astype(np.float32, copy=False)
    return Stamps(np.stack([x0, y0], 1).astype(np.int32), np.stack([height, width], 1).astype(np.int32), values)


def inside_masks(probability: Stamps, *, threshold: float = MASK_THRESHOLD) -> NDArray[np.bool_]:
    """Find the pixels that belong to their source, by the rule of `mask_pixels`.

    Parameters
    ----------
    probability : Stamps
        From `place_masks`, with P pixels in all.
    threshold : float, default 0.5
        Least probability of the pixels of a mask.

    Returns
    -------
    (P,) bool
        For each of `probability.values`.
    """
    inside = probability.values >= threshold
    start = probability.start
    if len(probability):
        for row in np.flatnonzero(~np.logical_or.reduceat(inside, start[:-1])):
            inside[start[row] + probability.values[start[row] : start[row + 1]].argmax()] = True
    return inside


def segment_masks(probability: Stamps, *, threshold: float = MASK_THRESHOLD) -> Stamps:
    """Keep the probabilities inside the masks in one byte each.

    Parameters
    ----------
    probability : Stamps of length N
        From `place_masks`.
    threshold : float, default 0.5
        Least probability of the pixels of a mask.

    Returns
    -------
    Stamps of length N
        Probabilities in steps of 1 / 255, uint8; 0 outside the mask.
    """
    inside = inside_masks(probability, threshold=threshold)
    levels = np.maximum(np.rint(probability.values * LEVELS), 1).astype(np.uint8)
    return Stamps(probability.corner_xy, probability.shape_yx, np.where(inside, levels, np.uint8(0)))


def place_probability(mask: NDArray[np.floating], box: NDArray[np.floating]) -> Window:
    """Give the mask probabilities at the centres of the pixels in one box: the plain path of `place_masks`.

    Parameters
    ----------
    mask : (M, M) float
        Probabilities on a grid that spans the box; rows are y.
    box : (4,) float, pixels
        Half-open box (x0, y0, x1, y1).

    Returns
    -------
    window : (height, width) float32
        Bilinear interpolation of `mask`, for the pixels whose centres lie in the box; for a box without any, the one
        pixel that holds the box's centre.
    x0, y0 : int, pixels
        Position of window[0, 0].
    """
    x0, y0, x1, y1 = (np.array([edge], np.float64) for edge in box)
    left, column, (x,), _ = _taps(x0, x1, mask.shape[1])
    lower, row, (y,), _ = _taps(y0, y1, mask.shape[0])
    rows = mask[lower] * (1 - row)[:, None] + mask[np.minimum(lower + 1, mask.shape[0] - 1)] * row[:, None]
    window = rows[:, left] * (1 - column) + rows[:, np.minimum(left + 1, mask.shape[1] - 1)] * column
    return window.astype(np.float32, copy=False), int(x), int(y)


def mask_pixels(window: NDArray[np.floating], *, threshold: float = MASK_THRESHOLD) -> NDArray[np.bool_]:
    """Find the pixels of a window of mask probabilities that belong to the source.

    Parameters
    ----------
    window : (height, width) float
        Mask probabilities.
    threshold : float, default 0.5
        Least probability of the pixels of a mask.

    Returns
    -------
    (height, width) bool
        True where the probability reaches `threshold`; if it does nowhere, at the most probable pixel, so that every
        source has a pixel.
    """
    inside = window >= threshold
    if not inside.any():
        inside.flat[window.argmax()] = True
    return inside


def _taps(
    low: NDArray[np.float64], high: NDArray[np.float64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Where the pixels of N intervals along one axis lie on grids of `size` cells that span them.

    Returns
    -------
    lower : int64
        Per pixel, one interval after the other: the cell below.
    weight : float32
        Per pixel: the weight of the cell above.
    first, count : (N,) int64
        First pixel of each interval, and how many it has.
    """
    first, stop = np.ceil(low - 0.5).astype(np.int64), np.ceil(high - 0.5).astype(np.int64)
    thin = stop <= first  # thinner than a pixel
    first = np.where(thin, np.floor(0.5 * (low + high)).astype(np.int64), first)
    count = np.where(thin, 1, stop - first)
    pixel = np.arange(count.sum()) + np.repeat(first - (np.cumsum(count) - count), count)
    step = np.repeat(size / np.maximum(high - low, 1e-6), count)
    position = np.clip((pixel + 0.5 - np.repeat(low, count)) * step - 0.5, 0, size - 1)
    lower = position.astype(np.int64)
    return lower, (position - lower).astype(np.float32), first, count
