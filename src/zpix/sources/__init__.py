"""Plain arrays that describe sources: what was detected, what is known, and how redshifts are uncertain."""

from zpix.sources.calibration import WidthCalibration
from zpix.sources.classes import (
    CLASSES,
    DEFAULT_CLASSES,
    GALAXY,
    STAR,
    SourceClass,
    class_names,
    has_redshift,
    label_of,
    labels_of,
    named_class_has_redshift,
)
from zpix.sources.conformal import ConformalIntervals
from zpix.sources.detections import Detections, ReferenceBoxes
from zpix.sources.mixture import ZMixture, default_grid
from zpix.sources.novelty import Novelty
from zpix.sources.novelty_in_bands import NoveltyInBands
from zpix.sources.overlaps import box_centres, box_iou, overlapping_boxes
from zpix.sources.reference_sources import ReferenceSources, nearest_sources
from zpix.sources.rows import Rows
from zpix.sources.scatter import sigma_nmad
from zpix.sources.source_table import SourceTable, read_source_table

__all__ = [
    "CLASSES",
    "DEFAULT_CLASSES",
    "GALAXY",
    "STAR",
    "ConformalIntervals",
    "Detections",
    "Novelty",
    "NoveltyInBands",
    "ReferenceBoxes",
    "ReferenceSources",
    "Rows",
    "SourceClass",
    "SourceTable",
    "WidthCalibration",
    "ZMixture",
    "box_centres",
    "box_iou",
    "class_names",
    "default_grid",
    "has_redshift",
    "label_of",
    "labels_of",
    "named_class_has_redshift",
    "nearest_sources",
    "overlapping_boxes",
    "read_source_table",
    "sigma_nmad",
]
