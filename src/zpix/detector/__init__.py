"""The network: tensors in, tensors out, and the checkpoint it lives in."""

from zpix.detector.checkpoint import Checkpoint, load_checkpoint, novelty_path, save_checkpoint
from zpix.detector.detector import Detector, Found, Scenes
from zpix.detector.twin import fast_twin

__all__ = [
    "Checkpoint",
    "Detector",
    "Found",
    "Scenes",
    "fast_twin",
    "load_checkpoint",
    "novelty_path",
    "save_checkpoint",
]
