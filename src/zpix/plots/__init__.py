"""Figures of tables and results; functions return a matplotlib Figure and need no screen."""

from matplotlib.figure import Figure

from zpix.plots.adaptation_figure import adaptation_figure
from zpix.plots.comparison_figure import comparison_figure
from zpix.plots.composite import (
    STRETCH_CURVES,
    Channels,
    PictureStretch,
    colour_channels,
    colour_composite,
    grey_picture,
    sky_noise,
)
from zpix.plots.detection_figure import completeness_figure, redshift_fractions_figure
from zpix.plots.diagnosis_figure import diagnosis_figure
from zpix.plots.document import DocumentPart, write_html
from zpix.plots.document_pages import write_pdf
from zpix.plots.evaluation_figures import evaluation_figures, save_evaluation_figures
from zpix.plots.examination_figure import examination_figure
from zpix.plots.field_figure import detections_figure, segmentation_figure
from zpix.plots.loss_figure import draw_losses, loss_figure
from zpix.plots.matches_figure import matches_figure
from zpix.plots.middle_picture import draw_detections, picture_figure, picture_of_middle
from zpix.plots.pit_figure import pit_figure
from zpix.plots.population_figure import population_figure
from zpix.plots.redshift_figure import accuracy_figure, redshift_figure
from zpix.plots.source_figure import SourceStamps, save_sheet, sources_figure
from zpix.plots.style import save_figure

__all__ = [
    "STRETCH_CURVES",
    "Channels",
    "DocumentPart",
    "Figure",
    "PictureStretch",
    "SourceStamps",
    "accuracy_figure",
    "adaptation_figure",
    "colour_channels",
    "colour_composite",
    "comparison_figure",
    "completeness_figure",
    "detections_figure",
    "diagnosis_figure",
    "draw_detections",
    "draw_losses",
    "evaluation_figures",
    "examination_figure",
    "grey_picture",
    "loss_figure",
    "matches_figure",
    "picture_figure",
    "picture_of_middle",
    "pit_figure",
    "population_figure",
    "redshift_figure",
    "redshift_fractions_figure",
    "save_evaluation_figures",
    "save_figure",
    "save_sheet",
    "segmentation_figure",
    "sky_noise",
    "sources_figure",
    "write_html",
    "write_pdf",
]
