"""How good a catalogue is: one-to-one matching with the truth, detection scores, redshift scores."""

from zpix.evaluation.comparison import Comparison, Detector, Redshifts, common_galaxies, compare, write_comparison
from zpix.evaluation.detection import MAG_LIMITS, CountedFraction, DetectionScores, score_detection
from zpix.evaluation.diagnosis import Diagnosis, Information, diagnose, next_table
from zpix.evaluation.grid_pdf import GridPdf
from zpix.evaluation.labelled_sources import LabelledSources, read_labelled_sources
from zpix.evaluation.matching import (
    Candidates,
    Matching,
    Method,
    assign,
    choose,
    close_positions,
    match_boxes,
    match_positions,
    match_segments,
    no_matches,
    similar_boxes,
    similar_segments,
)
from zpix.evaluation.redshifts import (
    OUTLIER_LIMIT,
    Estimate,
    RedshiftPdf,
    RedshiftSample,
    RedshiftScores,
    ks_distance,
    redshift_sample,
    score_redshifts,
    sigma_nmad,
)
from zpix.evaluation.report import Report, evaluate, write_report
from zpix.evaluation.selections import HIGH_REDSHIFTS, SelectionScores, score_selection
from zpix.evaluation.truth import Truth, read_truth
from zpix.evaluation.truth_matching import in_field, match_truth

__all__ = [
    "HIGH_REDSHIFTS",
    "MAG_LIMITS",
    "OUTLIER_LIMIT",
    "Candidates",
    "Comparison",
    "CountedFraction",
    "DetectionScores",
    "Detector",
    "Diagnosis",
    "Estimate",
    "GridPdf",
    "Information",
    "LabelledSources",
    "Matching",
    "Method",
    "RedshiftPdf",
    "RedshiftSample",
    "RedshiftScores",
    "Redshifts",
    "Report",
    "SelectionScores",
    "Truth",
    "assign",
    "choose",
    "close_positions",
    "common_galaxies",
    "compare",
    "diagnose",
    "evaluate",
    "in_field",
    "ks_distance",
    "match_boxes",
    "match_positions",
    "match_segments",
    "match_truth",
    "next_table",
    "no_matches",
    "read_labelled_sources",
    "read_truth",
    "redshift_sample",
    "score_detection",
    "score_redshifts",
    "score_selection",
    "sigma_nmad",
    "similar_boxes",
    "similar_segments",
    "write_comparison",
    "write_report",
]
