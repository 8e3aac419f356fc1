"""What zpix is compared with: detection by photutils, matched photometry and template fitting, tuned in good faith."""

from zpix.evaluation.rival.checks import flux_scale, pulls
from zpix.evaluation.rival.detection import DetectionSettings, RivalSegments, detect
from zpix.evaluation.rival.fit import Fit, FitSettings, TemplateFitter
from zpix.evaluation.rival.method import Rival, RivalTask
from zpix.evaluation.rival.own_templates import simulation_templates
from zpix.evaluation.rival.photometry import PhotometrySettings, RivalPhotometry, measure
from zpix.evaluation.rival.rivals import RIVALS, EazyRival
from zpix.evaluation.rival.sources import RivalSources, find_and_measure
from zpix.evaluation.rival.templates import TemplateSet, read_template_set, write_template_set

__all__ = [
    "RIVALS",
    "DetectionSettings",
    "EazyRival",
    "Fit",
    "FitSettings",
    "PhotometrySettings",
    "Rival",
    "RivalPhotometry",
    "RivalSegments",
    "RivalSources",
    "RivalTask",
    "TemplateFitter",
    "TemplateSet",
    "detect",
    "find_and_measure",
    "flux_scale",
    "measure",
    "pulls",
    "read_template_set",
    "simulation_templates",
    "write_template_set",
]
