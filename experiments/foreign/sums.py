"""How good is a redshift head by itself, on sums of pixels of galaxies whose spectra are drawn again?

Galaxies are drawn once, and measured under the boxes and masks that a detector gives them. All heads get the same sums,
so that their ratio is known better than either, and a test takes seconds where searching fields takes minutes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from zpix.config import PretrainingConfig, SimulationConfig
from zpix.detector import Checkpoint, load_checkpoint
from zpix.detector.redshift_head import PhotometricHead
from zpix.evaluation import RedshiftSample, redshift_sample
from zpix.sources import ZMixture
from zpix.training.drawn_colours import draw_colours
from zpix.training.pretraining import predict_sums
from zpix.training.separate_sums import SeparateSums, redrawn

_DRAWN_AGAIN = 3  # times that each galaxy gets another spectrum


def drawn_galaxies(
    out: Path,
    simulation: SimulationConfig,
    *,
    detector: Path,
    bands: tuple[str, ...],
    tiles: int,
    seed: int,
    faintest: float,
) -> SeparateSums:
    """Return galaxies brighter than an F444W magnitude in some bands, drawn in `out` unless they are there."""
    galaxies, _ = draw_colours(
        out, tiles=tiles, seed=seed, simulation=simulation, model=load_checkpoint(detector).for_bands(bands).config,
        config=PretrainingConfig(realisations=1), detector=detector,
    )  # fmt: skip
    return galaxies.of(torch.nonzero(galaxies.magnitude < faintest)[:, 0])


def told_of(
    model: Checkpoint, galaxies: SeparateSums, bands: tuple[str, ...], simulation: SimulationConfig
) -> RedshiftSample:
    """Redshifts that the head of a model gives galaxies, drawn in these bands, with spectra of a simulation."""
    head = model.detector.redshift_head.eval()
    assert isinstance(head, PhotometricHead)
    of_model = galaxies.in_bands(torch.tensor([bands.index(band) for band in model.config.bands]))
    samples = []
    for again in range(_DRAWN_AGAIN):
        sums = redrawn(
            of_model, model=model.config, simulation=simulation, band_dropout=0.0,
            rng=np.random.default_rng([again, 71]),
        )  # fmt: skip
        mixture = predict_sums(head, sums, torch.device("cpu"))
        weights, means, widths = (part.double().numpy() for part in mixture[:3])
        pdf = ZMixture(np.exp(weights), means, widths)
        samples.append(redshift_sample(pdf, pdf.quantile(0.5).ravel(), sums.redshift.numpy().astype(np.float64)))
    return RedshiftSample.concatenate(samples)
