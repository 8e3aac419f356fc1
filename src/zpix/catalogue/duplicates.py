"""Which detections are the same source twice?

Non-maximum suppression compares boxes, and a box drawn too large around a galaxy can overlap the right one by less than
its limit. The masks of the two then still mark the same pixels; those of two galaxies that blend do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.overlaps import box_iou, overlapping_boxes
from zpix.catalogue.segments import MASK_THRESHOLD, place_mask
from zpix.sources import Detections

# Masks lie in their boxes: those of boxes that overlap less than this cannot be one source.
_LEAST_BOX_IOU = 0.2

Window = tuple[NDArray[np.bool_], int, int]


def without_duplicates(
    detections: Detections, *, max_iou: float, threshold: float = MASK_THRESHOLD
) -> NDArray[np.intp]:
    """Rows of the detections whose mask is not that of a more certain one, in their order.

    Parameters
    ----------
    detections : Detections of length N
    max_iou : float
        Two masks with a larger intersection over union are one source; the one with the higher score stays.
    """
    first, second = overlapping_boxes(detections.box, detections.box)
    close = first < second
    first, second = first[close], second[close]
    close = box_iou(detections.box[first], detections.box[second]) >= _LEAST_BOX_IOU
    rank = np.empty(len(detections), np.intp)
    rank[np.argsort(-detections.score, kind="stable")] = np.arange(len(detections))
    pairs = [sorted(pair, key=rank.__getitem__) for pair in zip(first[close], second[close], strict=True)]
    masks = {
        row: place_mask(detections.mask[row], detections.box[row], threshold=threshold)
        for row in {row for pair in pairs for row in pair}
    }
    dropped = np.zeros(len(detections), bool)
    for better, worse in sorted(pairs, key=lambda pair: (rank[pair[0]], rank[pair[1]])):
        if not dropped[better] and mask_iou(masks[better], masks[worse]) > max_iou:
            dropped[worse] = True
    return np.flatnonzero(~dropped)


def mask_iou(a: Window, b: Window) -> float:
    """Intersection over union of two masks, each a window of bool and the pixel (x, y) of its first element."""
    (mask_a, x_a, y_a), (mask_b, x_b, y_b) = a, b
    left, top = max(x_a, x_b), max(y_a, y_b)
    right = min(x_a + mask_a.shape[1], x_b + mask_b.shape[1])
    bottom = min(y_a + mask_a.shape[0], y_b + mask_b.shape[0])
    if right <= left or bottom <= top:
        return 0.0
    part_a = mask_a[top - y_a : bottom - y_a, left - x_a : right - x_a]
    part_b = mask_b[top - y_b : bottom - y_b, left - x_b : right - x_b]
    shared = np.count_nonzero(part_a & part_b)
    return shared / (np.count_nonzero(mask_a) + np.count_nonzero(mask_b) - shared)
