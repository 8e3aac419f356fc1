"""Small annotated images for the tests of the network: Gaussian blobs whose redshift is their colour."""

from __future__ import annotations

import numpy as np
import torch

from zpix.config import ModelConfig
from zpix.detector import Scenes

FIVE_BANDS = ("HSC-G", "HSC-R", "HSC-I", "HSC-Z", "HSC-Y")


def small_model(**changes) -> ModelConfig:
    """A model small enough for a test."""
    settings = {"pyramid_channels": 16, "box_hidden": 32, "mask_layers": 1, "built_size_pix": 128}
    return ModelConfig(**{**settings, **changes})


def blobs(bands: tuple[str, ...], *, images: int = 2, count: int = 6, size: int = 128, seed: int = 0) -> Scenes:
    """`count` blobs per image with noise of 1 nJy, their segments, and redshifts for half of them."""
    rng = np.random.default_rng(seed)
    flux = rng.normal(0, 1, (images, len(bands), size, size)).astype(np.float32)
    segmentation = np.zeros((images, size, size), np.int32)
    boxes, labels, redshifts = [], [], []
    y, x = np.mgrid[:size, :size]
    for image in range(images):
        places = rng.permutation(16)[:count]
        for number, place in enumerate(places):
            cx, cy = (place % 4 + 0.5) * size / 4, (place // 4 + 0.5) * size / 4
            z = rng.uniform(0, 6)
            profile = np.exp(-0.5 * ((x - cx) ** 2 + (y - cy) ** 2) / 3**2)
            colour = 10 * (1 + np.arange(len(bands)) / len(bands)) ** (z - 3)
            flux[image] += colour[:, None, None] * profile
            segmentation[image][profile > 0.2] = number + 1
        found = [np.argwhere(segmentation[image] == n + 1) for n in range(count)]
        boxes.append(torch.tensor([[*p.min(0)[::-1], *(p.max(0)[::-1] + 1)] for p in found]).float())
        labels.append(torch.tensor([1, 2] * count)[:count])
        redshifts.append(torch.tensor([float(n) if n % 2 else float("nan") for n in range(count)]))
    return Scenes(
        torch.from_numpy(flux), torch.ones_like(torch.from_numpy(flux)), torch.full((images,), 0.02),
        torch.from_numpy(segmentation), boxes, labels, redshifts,
    )  # fmt: skip
