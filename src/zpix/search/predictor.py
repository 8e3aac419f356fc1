"""What does the network find in some tiles? The only crossing from torch to plain arrays."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zpix.config import InferenceConfig
from zpix.detector import (
    Checkpoint,
    Detector,
    ForcedBoxes,
    Found,
    RedshiftHead,
    built_for_pix,
    fast_twin,
    measured_ranges,
    quantised_twin,
)
from zpix.detector.device import choose_device, choose_precision, keep_freed_memory, return_freed_memory
from zpix.detector.mask_head import MASK_SIZE
from zpix.errors import ConfigError
from zpix.image import Pixels, Region
from zpix.sources import Detections, ReferenceBoxes, ZMixture, labels_of

# Tiles of one forward pass: a processor gains nothing from more than one, a graphics card is filled by a few.
_BATCH_ON_CUDA = 4
# Seconds after which memory is handed back; to have it given again costs a hundredth of them.
_BETWEEN_RETURNS_S = 5.0


class Predictor:
    """A trained network on a device, ready for tiles.

    Parameters
    ----------
    checkpoint : Checkpoint
        The model.
    config : InferenceConfig
        Settings of the search.

    Attributes
    ----------
    bands : tuple of str
        Bands of the pixels that it takes, in their order.
    classes : tuple of str
        Classes that it tells apart, in the order of their probabilities.
    batch_size : int
        Preferred number of tiles in one call.
    mask_size : int
        Cells of a mask along each side of its box.
    feature_widths : sequence of int
        Numbers of features of each kind in its detections.
    features_by_band : bool
        Whether those of the first kind are significances and colours of each band.
    """

    mask_size = MASK_SIZE

    def __init__(self, checkpoint: Checkpoint, config: InferenceConfig) -> None:
        self.bands, self.classes = checkpoint.bands, checkpoint.config.classes
        self.feature_widths = checkpoint.detector.redshift_head.feature_widths
        self.features_by_band = checkpoint.detector.redshift_head.features_by_band
        self.config = config
        self.device = choose_device(config.device)
        self.dtype = choose_precision("auto" if config.precision == "int8" else config.precision, self.device)
        self.batch_size = _BATCH_ON_CUDA if self.device.type == "cuda" else 1
        keep_freed_memory()
        self._detector = self._twin(checkpoint)
        return_freed_memory()  # to make it took copies of all weights
        self._returned_at = time.monotonic()

    def _twin(self, checkpoint: Checkpoint) -> Detector:
        if self.config.precision != "int8":
            return fast_twin(checkpoint.detector, self.device, self.dtype, compiled=self.config.compile)
        if self.device.type != "cpu":
            raise ConfigError(
                f"precision int8 is for processors, not for the device '{self.device}'; choose auto there"
            )
        return quantised_twin(checkpoint.detector, checkpoint.about.ranges or {}, self.dtype)

    @property
    def redshift_head(self) -> RedshiftHead:
        """Redshift head of the network that answers.

        Returns
        -------
        RedshiftHead
            On the device.
        """
        return self._detector.redshift_head

    def measured_ranges(self) -> AbstractContextManager[dict[str, tuple[float, float]]]:
        """Measure the inputs of layers that can compute in eight bits, while tiles are predicted in this context.

        Returns
        -------
        context manager of dict of str to (float, float)
            Least and largest input of each layer.
        """
        return measured_ranges(self._detector)

    def predict(
        self, pixels: Pixels, *, dust: float, within: Region | None = None, reference: ReferenceBoxes | None = None
    ) -> Detections:
        """Find the sources of one tile.

        Parameters
        ----------
        pixels : Pixels
            Flux and error (band, y, x) of the model's bands in the model's order, nJy per pixel.
        dust : float, mag
            E(B−V) of the tile.
        within : Region, optional
            Part of the tile, in its pixels, where sources are wanted; those centred elsewhere cost less then.
        reference : ReferenceBoxes, optional
            Sources that are described whether found or not.

        Returns
        -------
        Detections
            In pixels of the tile; those of the reference come last, in order.
        """
        (found,) = self.predict_batch(
            [pixels], dust=[dust], within=[within], reference=None if reference is None else [reference]
        )
        return found

    def predict_batch(
        self,
        pixels: Sequence[Pixels],
        *,
        dust: Sequence[float],
        within: Sequence[Region | None] | None = None,
        reference: Sequence[ReferenceBoxes] | None = None,
    ) -> list[Detections]:
        """Find the sources of several tiles.

        Parameters
        ----------
        pixels : sequence of Pixels
            Flux and error (band, y, x) of the model's bands in the model's order, nJy per pixel, of each tile.
        dust : sequence of float, mag
            E(B−V) of each tile.
        within : sequence of Region or None, optional
            Part of each tile, in its pixels, where sources are wanted; those centred elsewhere cost less then.
        reference : sequence of ReferenceBoxes, optional
            Sources of each tile that are described whether found or not.

        Returns
        -------
        list of Detections
            Of each tile, in its pixels; those of the reference come last, in order.
        """
        if time.monotonic() - self._returned_at > _BETWEEN_RETURNS_S:
            return_freed_memory()
            self._returned_at = time.monotonic()
        found = [
            Detections.empty(
                MASK_SIZE,
                self._detector.config.mixture_components,
                sum(self.feature_widths),
                len(self.classes),
            )
            for _ in pixels
        ]
        regions = within or [None] * len(found)
        by_shape: dict[tuple[int, ...], list[int]] = {}
        for row, tile in enumerate(pixels):
            if tile.valid.any() or (reference is not None and len(reference[row])):
                by_shape.setdefault(tile.shape, []).append(row)
        for rows in by_shape.values():
            tiles = [_filled_up(pixels[row], built_for_pix(self._detector.config)) for row in rows]
            answers = self._detector.detect(
                self._joined([tile.flux for tile in tiles]),
                self._joined([tile.error for tile in tiles]),
                torch.tensor([dust[row] for row in rows], dtype=torch.float32, device=self.device),
                score_threshold=self.config.score_threshold,
                nms_iou=self.config.nms_iou,
                proposals_per_megapixel=self.config.proposals_per_megapixel,
                within=[None if (r := regions[row]) is None else (r.x0, r.y0, r.x1, r.y1) for row in rows],
                forced=None if reference is None else [self._to_device(reference[row]) for row in rows],
            )
            for row, answer in zip(rows, answers, strict=True):
                found[row] = to_detections(answer, self.classes)
                if reference is not None and not pixels[row].valid.any():  # nothing is found where nothing was observed
                    found[row] = found[row][len(found[row]) - len(reference[row]) :]
        return found

    def _to_device(self, reference: ReferenceBoxes) -> ForcedBoxes:
        return ForcedBoxes(*(torch.from_numpy(values).to(self.device) for values in (reference.box, reference.mask)))

    def _joined(self, images: list[np.ndarray]) -> Tensor:
        """Images (band, y, x) of tiles as one batch on the device, without a copy for one tile on a processor."""
        batch = torch.from_numpy(images[0])[None] if len(images) == 1 else torch.from_numpy(np.stack(images))
        if self.device.type == "cuda":
            batch = batch.pin_memory()
        return batch.to(self.device, non_blocking=True)


def _filled_up(pixels: Pixels, size: int | None) -> Pixels:
    """The same pixels with unobserved ones behind them up to `size` a side, for a backbone that takes no other."""
    bands, height, width = pixels.shape
    if size is None or (height, width) == (size, size):
        return pixels
    square = Pixels.empty(bands, (size, size))
    for name in ("flux", "error", "valid"):
        getattr(square, name)[:, :height, :width] = getattr(pixels, name)
    return square


def _most_probable(shares: NDArray[np.float32]) -> NDArray[np.intp]:
    """Column of the most probable class of each row of probabilities (n, class).

    That of the first class is what the others leave, as a catalogue has it.
    """
    first = 1 - shares[:, 1:].sum(1, keepdims=True)
    column: NDArray[np.intp] = np.argmax(np.concatenate([first, shares[:, 1:]], axis=1), axis=1)
    return column


def to_detections(found: Found, classes: Sequence[str]) -> Detections:
    """Tensors of one image as plain arrays."""
    shares = found.class_probability.float().cpu().numpy()
    log_weights, means, widths = (part.double().cpu().numpy() for part in found.mixture[:3])
    return Detections(
        box=found.boxes.float().cpu().numpy(),
        score=found.score.float().cpu().numpy(),
        label=labels_of(classes)[_most_probable(shares)],
        class_probability=shares,
        mask=found.masks.float().cpu().numpy(),
        redshift=ZMixture(np.exp(log_weights), means, widths),
        features=found.mixture.features.float().cpu().numpy(),
    )
