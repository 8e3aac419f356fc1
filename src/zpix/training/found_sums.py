"""What does the photometry of the redshift head read of galaxies in the boxes and masks that a detector gives them?

Boxes and masks of a search are worse than true ones, for faint galaxies most. A head that has learnt on the
detector's own knows how much worse, without the joint training.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zpix.config import InferenceConfig, ModelConfig, TrainingConfig
from zpix.detector import Detector, fast_twin, load_checkpoint
from zpix.detector.carrying import take_weights
from zpix.detector.cutouts import extract_cutouts, masks_on_cutouts
from zpix.detector.device import choose_precision
from zpix.detector.normalisation import split_validity
from zpix.detector.soft_photometry import SourcePixels, weights_of
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.separate_sums import SeparateSums, sums_apart
from zpix.training.source_cutouts import labelled_boxes, light_of


@lru_cache(1)
def outliner(path: Path, model: ModelConfig) -> Detector:
    """Load a detector to outline galaxies with.

    Parameters
    ----------
    path : Path
        A model; its redshift head is not used.
    model : ModelConfig
        Shape of the network, in the bands that it is to see.

    Returns
    -------
    Detector
        The network with the model's weights, on the processor.

    Raises
    ------
    ModelError
        If the model is of another shape.
    """
    detector = Detector(model)
    take_weights(detector, load_checkpoint(path), path, without="redshift_head.")
    place = torch.device("cpu")
    return fast_twin(detector.eval(), place, choose_precision("auto", place))


def found_sums(
    tile: AnnotatedTile, detector: Detector, *, seen: NDArray[np.bool_], rng: np.random.Generator
) -> SeparateSums:
    """Sum the galaxies of a simulated tile part by part, in the boxes and masks of a detector.

    Parameters
    ----------
    tile : AnnotatedTile
        The tile, with its light, in the errors that the model takes.
    detector : Detector
        What `outliner` gives.
    seen : ndarray of bool, shape (band,)
        Bands that the detector sees and that galaxies are centred on; sums are of all bands.
    rng : numpy Generator
        Of the boxes of galaxies that are not found.

    Returns
    -------
    SeparateSums
        Of all its galaxies.
    """
    model = detector.config
    wanted, boxes = labelled_boxes(tile)
    flux, error = torch.from_numpy(tile.flux)[None], torch.from_numpy(tile.error)[None]
    bands = torch.from_numpy(seen)
    shown = torch.where(bands[None, :, None, None], error, torch.inf)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**63)))
        own, masks = detector.outline(
            flux, shown, [torch.from_numpy(boxes)],
            proposals_per_megapixel=InferenceConfig().proposals_per_megapixel, box_jitter=TrainingConfig().box_jitter,
        )  # fmt: skip
    pixels, corner = _pixels(flux, error, own, masks, model.cutout_size_pix)
    in_seen = pixels._replace(variance=pixels.variance * bands[None, :, None, None])
    weights = weights_of(in_seen, model.gaussian_sigmas_pix, model.elliptical_widths)
    light = light_of(tile, wanted, corner.numpy(), size=model.cutout_size_pix)
    images = torch.from_numpy(light.whole), torch.from_numpy(light.own)
    dust = torch.full((len(wanted),), tile.dust)
    return sums_apart(pixels, weights, images, tile=tile, source=wanted, dust=dust, model=model)


def _pixels(flux: Tensor, error: Tensor, boxes: Tensor, masks: Tensor, size: int) -> tuple[SourcePixels, Tensor]:
    """Cutouts around boxes of one image, and their first pixels (n, 2)."""
    in_first = torch.zeros(len(boxes), dtype=torch.int64)
    cut_flux, cut_error, corner = extract_cutouts(flux, error, boxes, in_first, size)
    clean, variance = split_validity(cut_flux, cut_error)
    on_cutouts = masks_on_cutouts(masks, boxes, corner, size)
    return SourcePixels(clean, variance, on_cutouts, boxes[:, 2:] - boxes[:, :2]), corner
