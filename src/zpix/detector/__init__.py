"""The network: tensors in, tensors out, and the checkpoint it lives in."""

from zpix.detector.annotated_images import Scenes
from zpix.detector.backbone import BACKBONES, TimmBackbone, built_for_pix
from zpix.detector.carrying import BackboneWeights, carry_backbone, imagenet_backbone, stored_backbone
from zpix.detector.checkpoint import (
    About,
    Checkpoint,
    default_model,
    load_checkpoint,
    load_taught,
    novelty_path,
    save_checkpoint,
    taught_path,
)
from zpix.detector.detector import Detector
from zpix.detector.found import ForcedBoxes, Found
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
    "ForcedBoxes",
    "Found",
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
    "stored_backbone",
    "taught_path",
]
