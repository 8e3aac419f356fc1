"""Plain arrays that describe sources: what was detected, what is true, and how redshifts are uncertain."""

from zpix.sources.calibration import WidthCalibration
from zpix.sources.conformal import ConformalIntervals
from zpix.sources.detections import CLASS_NAMES, GALAXY, STAR, Detections, ReferenceBoxes
from zpix.sources.mixture import ZMixture, default_grid
from zpix.sources.novelty import Novelty
from zpix.sources.overlaps import box_centres, box_iou, overlapping_boxes

__all__ = [
    "CLASS_NAMES",
    "GALAXY",
    "STAR",
    "ConformalIntervals",
    "Detections",
    "Novelty",
    "ReferenceBoxes",
    "WidthCalibration",
    "ZMixture",
    "box_centres",
    "box_iou",
    "default_grid",
    "overlapping_boxes",
]
