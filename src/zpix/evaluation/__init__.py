"""How good a catalogue is: one-to-one matching with the truth, detection scores, redshift scores."""

from zpix.evaluation.detection import CountedFraction, DetectionScores, score_detection
from zpix.evaluation.matching import Matching, assign, match_boxes, match_positions, match_segments
from zpix.evaluation.redshifts import (
    OUTLIER_LIMIT,
    Estimate,
    RedshiftPdf,
    RedshiftSample,
    RedshiftScores,
    ks_distance,
    redshift_sample,
    score_redshifts,
)
from zpix.evaluation.report import Report, evaluate, write_report
from zpix.evaluation.truth import Truth, read_truth
from zpix.evaluation.truth_matching import in_field, match_truth

__all__ = [
    "OUTLIER_LIMIT",
    "CountedFraction",
    "DetectionScores",
    "Estimate",
    "Matching",
    "RedshiftPdf",
    "RedshiftSample",
    "RedshiftScores",
    "Report",
    "Truth",
    "assign",
    "evaluate",
    "in_field",
    "ks_distance",
    "match_boxes",
    "match_positions",
    "match_segments",
    "match_truth",
    "read_truth",
    "redshift_sample",
    "score_detection",
    "score_redshifts",
    "write_report",
]
