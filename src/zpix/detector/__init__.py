"""The network: tensors in, tensors out, and the checkpoint it lives in."""

from zpix.detector.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from zpix.detector.detector import Detector, Found, Given, Scenes
from zpix.detector.twin import fast_twin

__all__ = ["Checkpoint", "Detector", "Found", "Given", "Scenes", "fast_twin", "load_checkpoint", "save_checkpoint"]
