"""Which tile do networks search, and how many sources does it have?

A trained network finds the sources of a simulated tile. One with random weights finds arbitrary ones, so the answers of
two of its stages are replaced, after they have been computed, by those of a tile as full as JADES: per 512 × 512 pixels
1,000 proposals, of which 91 sources of 8 to 40 pixels are kept. The stages that follow then have realistic work.
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
_CELL_PIX = 40  # of the jittered grid of sources, in which none suppresses another
_PROPOSALS_EACH = 5  # of the proposals, around every source
_DUST = 0.02


@dataclass(frozen=True)
class Answers:
    """Given answers of two stages of a network.

    Attributes
    ----------
    proposals : (n, 4) float32, pixels
        Boxes (x0, y0, x1, y1) in the image.
    logits : (n, 3) float32
        Logits of background, galaxy and star.
    sources : (m, 4) float32, pixels
        Boxes that remain after suppression.
    """

    proposals: NDArray[np.float32]
    logits: NDArray[np.float32]
    sources: NDArray[np.float32]


@dataclass(frozen=True)
class Load:
    """A tile, with given answers for a network of random weights.

    Attributes
    ----------
    pixels : Pixels
        Flux, error and validity.
    dust : float, mag
        E(B−V).
    answers : Answers or None
        None for a trained network.
    """

    pixels: Pixels
    dust: float
    answers: Answers | None = None


def noise_load(bands: int, size: int, *, seed: int = 0) -> Load:
    """Make a tile of noise with the answers of a tile of JADES.

    Parameters
    ----------
    bands : int
        Number of bands.
    size : int, pixels
        Side of the tile.
    seed : int, default: 0
        Seed of noise and answers.

    Returns
    -------
    Load
        The tile.
    """
    rng = np.random.default_rng(seed)
    flux = rng.normal(size=(bands, size, size)).astype(np.float32)
    pixels = Pixels(flux, np.ones_like(flux), np.ones(flux.shape, bool))
    return Load(pixels, _DUST, jades_answers(size, rng))


def jades_answers(size: int, rng: np.random.Generator) -> Answers:
    """Draw the answers of a tile as full as JADES.

    Parameters
    ----------
    size : int, pixels
        Side of the tile.
    rng : numpy.random.Generator
        Draws positions, sizes and logits.

    Returns
    -------
    Answers
        Proposals, logits and sources.
    """
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
    """Make a training batch of copies of a tile, with its sources as truth.

    Parameters
    ----------
    load : Load
        Tile with given answers.
    images : int
        Size of the batch.

    Returns
    -------
    Scenes
        The batch; each source is a rectangle of pixels with a redshift.
    """
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
