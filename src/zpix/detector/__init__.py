"""The network: tensors in, tensors out, and the checkpoint it lives in."""

import zpix.detector.later_compiler  # noqa: F401  # first, since others import torchvision and timm
from zpix.detector.annotated_images import Scenes
from zpix.detector.any_bands import serves_any_bands
from zpix.detector.backbone import BACKBONES, TimmBackbone, built_for_pix
from zpix.detector.beside_checkpoint import load_taught, novelty_path, surveys_path, taught_path
from zpix.detector.carrying import BackboneWeights, carry_backbone, imagenet_backbone, stored_backbone
from zpix.detector.checkpoint import (
    About,
    Checkpoint,
    default_model,
    load_checkpoint,
    save_checkpoint,
)
from zpix.detector.detector import Detector
from zpix.detector.found import ForcedBoxes, Found
from zpix.detector.measured_surveys import Expectation, MeasuredSet, MeasuredSurveys
from zpix.detector.quantised import measured_ranges, quantised_twin
from zpix.detector.redshift_head import Mixture, MixtureLayer, RedshiftHead
from zpix.detector.redshift_heads import REDSHIFT_HEADS
from zpix.detector.soft_photometry import SourcePixels
from zpix.detector.twin import fast_twin

__all__ = [
    "BACKBONES",
    "REDSHIFT_HEADS",
    "About",
    "BackboneWeights",
    "Checkpoint",
    "Detector",
    "Expectation",
    "ForcedBoxes",
    "Found",
    "MeasuredSet",
    "MeasuredSurveys",
    "Mixture",
    "MixtureLayer",
    "RedshiftHead",
    "Scenes",
    "SourcePixels",
    "TimmBackbone",
    "built_for_pix",
    "carry_backbone",
    "default_model",
    "fast_twin",
    "imagenet_backbone",
    "load_checkpoint",
    "load_taught",
    "measured_ranges",
    "novelty_path",
    "quantised_twin",
    "save_checkpoint",
    "serves_any_bands",
    "stored_backbone",
    "surveys_path",
    "taught_path",
]
