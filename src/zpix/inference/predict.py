"""What does the network find in one tile? The only crossing from torch to plain arrays."""

from __future__ import annotations

import numpy as np
import torch

from zpix.config import InferenceConfig
from zpix.detector import Checkpoint, Found
from zpix.detector.device import choose_device, choose_precision, mixed_precision
from zpix.detector.mask_head import MASK_SIZE
from zpix.image import Pixels
from zpix.sources import GALAXY, STAR, Detections, ZMixture


class Predictor:
    """A trained network on a device, ready for tiles."""

    def __init__(self, checkpoint: Checkpoint, config: InferenceConfig) -> None:
        self.bands = checkpoint.bands
        self.config = config
        self.device = choose_device(config.device)
        self.dtype = choose_precision(config.precision, self.device)
        self._detector = checkpoint.detector.to(self.device).to(memory_format=torch.channels_last).eval()

    def predict(self, pixels: Pixels, *, dust: float) -> Detections:
        """Sources of one tile, boxes in pixels of the tile.

        Parameters
        ----------
        pixels : flux and error of the model's bands in the model's order, nJy per pixel
        dust : E(B−V) in magnitudes
        """
        if not pixels.valid.any():
            return Detections.empty(MASK_SIZE, self._detector.config.mixture_components)
        pixels = _filled_up(pixels, self._detector.config.built_for_pix)
        flux = torch.from_numpy(pixels.flux)[None].to(self.device)
        error = torch.from_numpy(pixels.error)[None].to(self.device)
        with mixed_precision(self.device, self.dtype):
            (found,) = self._detector.detect(
                flux,
                error,
                torch.tensor([dust], dtype=torch.float32, device=self.device),
                score_threshold=self.config.score_threshold,
                nms_iou=self.config.nms_iou,
                proposals_per_megapixel=self.config.proposals_per_megapixel,
            )
        return to_detections(found)


def _filled_up(pixels: Pixels, size: int | None) -> Pixels:
    """The same pixels with unobserved ones behind them up to `size` a side, for a backbone that takes no other."""
    bands, height, width = pixels.shape
    if size is None or (height, width) == (size, size):
        return pixels
    square = Pixels.empty(bands, (size, size))
    for name in ("flux", "error", "valid"):
        getattr(square, name)[:, :height, :width] = getattr(pixels, name)
    return square


def to_detections(found: Found) -> Detections:
    """Tensors of one image as plain arrays."""
    star = found.star_probability.float().cpu().numpy()
    log_weights, means, widths = (part.double().cpu().numpy() for part in found.mixture)
    return Detections(
        box=found.boxes.float().cpu().numpy(),
        score=found.score.float().cpu().numpy(),
        label=np.where(star > 0.5, STAR, GALAXY).astype(np.int64),
        star_probability=star,
        mask=found.masks.float().cpu().numpy(),
        redshift=ZMixture(np.exp(log_weights), means, widths),
    )
