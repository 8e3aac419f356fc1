"""How good a catalogue is: one-to-one matching with the truth, detection scores, redshift scores."""

from zpix.evaluation.catalogue_scores import REDSHIFT_Z_EDGES, Report, score_catalogue, write_report
from zpix.evaluation.comparison import Comparison, Contestant, common_galaxies, score_contestants, write_comparison
from zpix.evaluation.detection_scores import MAG_LIMITS, CountedFraction, DetectionScores, score_detection
from zpix.evaluation.diagnosis import Diagnosis, Information, map_redshifts, next_table
from zpix.evaluation.grid_pdf import GridPdf
from zpix.evaluation.labelled_sources import LabelledSources, read_labelled_sources
from zpix.evaluation.redshifts import (
    OUTLIER_LIMIT,
    Estimate,
    RedshiftPdf,
    Redshifts,
    RedshiftSample,
    RedshiftScores,
    ks_distance,
    redshift_sample,
    score_redshifts,
)
from zpix.evaluation.selections import HIGH_REDSHIFTS, SelectionScores, score_selection
from zpix.evaluation.truth import Truth, read_truth
from zpix.evaluation.truth_matching import in_field, match_truth

__all__ = [
    "HIGH_REDSHIFTS",
    "MAG_LIMITS",
    "OUTLIER_LIMIT",
    "REDSHIFT_Z_EDGES",
    "Comparison",
    "Contestant",
    "CountedFraction",
    "DetectionScores",
    "Diagnosis",
    "Estimate",
    "GridPdf",
    "Information",
    "LabelledSources",
    "RedshiftPdf",
    "RedshiftSample",
    "RedshiftScores",
    "Redshifts",
    "Report",
    "SelectionScores",
    "Truth",
    "common_galaxies",
    "in_field",
    "ks_distance",
    "map_redshifts",
    "match_truth",
    "next_table",
    "read_labelled_sources",
    "read_truth",
    "redshift_sample",
    "score_catalogue",
    "score_contestants",
    "score_detection",
    "score_redshifts",
    "score_selection",
    "write_comparison",
    "write_report",
]
