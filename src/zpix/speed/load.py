"""What does a tile give a network to do?

A trained network finds what is in a simulated tile. One with random weights finds anything, so the answers of two of
its stages are replaced, once they have been computed, by those for a tile as it is in JADES: per 512 × 512 pixels,
1,000 proposals of which 91 sources of 8 to 40 pixels are kept. What follows then has the real work to do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from zpix.detector import Scenes
from zpix.image import Pixels

_PROPOSALS, _SOURCES = 1000, 91  # of 512 × 512 pixels
_CELL_PIX = 40  # sources lie on a jittered grid of such cells, so that none suppresses another
_PROPOSALS_EACH = 5  # of the proposals, around every source
_DUST = 0.02


@dataclass(frozen=True)
class Answers:
    """What the stages of a network are made to answer.

    Attributes
    ----------
    proposals : (n, 4) float32, image pixels
    logits : (n, 3) float32, of background, galaxy and star
    sources : (m, 4) float32, the boxes that remain
    """

    proposals: NDArray[np.float32]
    logits: NDArray[np.float32]
    sources: NDArray[np.float32]


@dataclass(frozen=True)
class Load:
    """A tile, and the answers that a network with random weights is made to give on it; none for a trained one."""

    pixels: Pixels
    dust: float
    answers: Answers | None = None


def noise_load(bands: int, size: int, *, seed: int = 0) -> Load:
    """A tile of noise of `size` pixels a side with the answers for a tile of JADES."""
    rng = np.random.default_rng(seed)
    flux = rng.normal(size=(bands, size, size)).astype(np.float32)
    pixels = Pixels(flux, np.ones_like(flux), np.ones(flux.shape, bool))
    return Load(pixels, _DUST, jades_answers(size, rng))


def jades_answers(size: int, rng: np.random.Generator) -> Answers:
    """Answers for a tile of `size` pixels a side that is as full as JADES."""
    share = (size / 512) ** 2
    cells = max(1, size // _CELL_PIX)
    count = min(cells**2, max(1, round(_SOURCES * share)))
    place = rng.permutation(cells**2)[:count]
    centre = _CELL_PIX * (np.stack([place % cells, place // cells], 1) + 0.5) + rng.uniform(-4, 4, (count, 2))
    sides = np.exp(rng.uniform(math.log(8), math.log(40), (count, 2)))
    sources = np.concatenate([centre - sides / 2, centre + sides / 2], 1)
    around = np.repeat(sources, _PROPOSALS_EACH, 0)
    around = around + rng.normal(size=around.shape) * 0.03 * np.tile(np.repeat(sides, _PROPOSALS_EACH, 0), 2)
    elsewhere_count = max(0, round(_PROPOSALS * share) - len(around))
    middle = rng.uniform(0, size, (elsewhere_count, 2))
    reach = np.exp(rng.uniform(math.log(8), math.log(90), (elsewhere_count, 2))) / 2
    proposals = np.concatenate([around, np.concatenate([middle - reach, middle + reach], 1)]).clip(0, size)
    proposals[:, 2:] = np.maximum(proposals[:, 2:], proposals[:, :2] + 2)
    logits = np.full((len(proposals), 3), -3.0)
    logits[:, 0] = 0.0
    logits[: len(around), 1] = rng.uniform(0.5, 3.5, len(around))
    return Answers(*(array.astype(np.float32) for array in (proposals, logits, sources.clip(0, size))))


def scenes_to_learn_from(load: Load, images: int) -> Scenes:
    """A batch of the tile with its sources as truth, each a rectangle of pixels with a redshift."""
    assert load.answers is not None
    _, height, width = load.pixels.shape
    boxes = load.answers.sources.round()
    segmentation = np.zeros((height, width), np.int32)
    for row, (x0, y0, x1, y1) in enumerate(boxes.astype(int)):
        segmentation[y0:y1, x0:x1] = row + 1
    redshift = np.linspace(0.1, 10.0, len(boxes), dtype=np.float32)
    return Scenes(
        flux=torch.from_numpy(np.stack([load.pixels.flux] * images)),
        error=torch.from_numpy(np.stack([load.pixels.error] * images)),
        dust=torch.full((images,), load.dust),
        segmentation=torch.from_numpy(np.stack([segmentation] * images)),
        boxes=[torch.from_numpy(boxes)] * images,
        labels=[torch.ones(len(boxes), dtype=torch.long)] * images,
        redshifts=[torch.from_numpy(redshift)] * images,
    )
