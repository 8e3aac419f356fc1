"""Which detections are the same source twice?

Non-maximum suppression compares boxes, and a box drawn too large around a galaxy can overlap the right one by less than
its limit. The masks of the two then still mark the same pixels, or, where one mask is of the core alone, their light
has the same centre; those of two galaxies that blend do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.stamps import Stamps, Window
from zpix.sources import box_iou, overlapping_boxes

# Masks lie in their boxes: those of boxes that overlap less than this cannot be one source.
_LEAST_BOX_IOU = 0.2
#: Sources whose light has centres closer than this are one: 0.06 arcsec, the width of the PSF at 2 µm.
SAME_CENTRE_PIX = 2.0


def without_duplicates(
    box: NDArray[np.floating],
    score: NDArray[np.floating],
    segments: Stamps,
    *,
    centre_xy: NDArray[np.floating],
    max_iou: float,
) -> NDArray[np.intp]:
    """Find the detections whose mask or centre is not that of a more certain one.

    Parameters
    ----------
    box : (N, 4) float, pixels
        Half-open boxes (x0, y0, x1, y1).
    score : (N,) float
        Probabilities of being real.
    segments : Stamps of length N
        From `segment_masks`: 0 outside the masks.
    centre_xy : (N, 2) float, pixels
        Centres of the light; of two closer than `SAME_CENTRE_PIX` the one with the higher score stays. NaN: not known.
    max_iou : float
        Two masks with a larger intersection over union are one source; the one with the higher score stays.

    Returns
    -------
    (M,) int
        Rows that stay, in ascending order.
    """
    first, second = overlapping_boxes(box, box)
    close = first < second
    first, second = first[close], second[close]
    together = np.hypot(*(centre_xy[first] - centre_xy[second]).T) < SAME_CENTRE_PIX
    close = together | (box_iou(box[first], box[second]) >= _LEAST_BOX_IOU)
    first, second, together = first[close], second[close], together[close]
    rank = np.empty(len(score), np.intp)
    rank[np.argsort(-score, kind="stable")] = np.arange(len(score))
    swapped = rank[second] < rank[first]
    better, worse = np.where(swapped, second, first), np.where(swapped, first, second)
    dropped = np.zeros(len(score), bool)
    for pair in np.lexsort((rank[worse], rank[better])):
        i, j = better[pair], worse[pair]
        if not dropped[i] and (together[pair] or mask_iou(segments.window(i), segments.window(j)) > max_iou):
            dropped[j] = True
    return np.flatnonzero(~dropped)


def mask_iou(a: Window, b: Window) -> float:
    """Compute the intersection over union of two masks.

    Parameters
    ----------
    a, b : (window, x, y)
        Values of a window, 0 outside the mask, and the position of its first pixel.

    Returns
    -------
    float
        0 if they share no pixel.
    """
    (mask_a, x_a, y_a), (mask_b, x_b, y_b) = a, b
    left, top = max(x_a, x_b), max(y_a, y_b)
    right = min(x_a + mask_a.shape[1], x_b + mask_b.shape[1])
    bottom = min(y_a + mask_a.shape[0], y_b + mask_b.shape[0])
    if right <= left or bottom <= top:
        return 0.0
    part_a = mask_a[top - y_a : bottom - y_a, left - x_a : right - x_a] > 0
    part_b = mask_b[top - y_b : bottom - y_b, left - x_b : right - x_b] > 0
    shared = np.count_nonzero(part_a & part_b)
    return shared / (np.count_nonzero(mask_a) + np.count_nonzero(mask_b) - shared)
