"""Plain arrays that describe sources: what was detected, what is known, and how redshifts are uncertain."""

from zpix.sources.calibration import WidthCalibration
from zpix.sources.conformal import ConformalIntervals
from zpix.sources.detections import CLASS_NAMES, GALAXY, STAR, Detections, ReferenceBoxes
from zpix.sources.mixture import ZMixture, default_grid
from zpix.sources.novelty import Novelty
from zpix.sources.overlaps import box_centres, box_iou, overlapping_boxes
from zpix.sources.reference_sources import ReferenceSources, nearest_sources
from zpix.sources.rows import Rows
from zpix.sources.source_table import SourceTable, read_source_table

__all__ = [
    "CLASS_NAMES",
    "GALAXY",
    "STAR",
    "ConformalIntervals",
    "Detections",
    "Novelty",
    "ReferenceBoxes",
    "ReferenceSources",
    "Rows",
    "SourceTable",
    "WidthCalibration",
    "ZMixture",
    "box_centres",
    "box_iou",
    "default_grid",
    "nearest_sources",
    "overlapping_boxes",
    "read_source_table",
]
