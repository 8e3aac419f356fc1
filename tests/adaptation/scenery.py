"""Sources of a field and of a mock as sums in three bands, without any pixels: redshift is a colour."""

from __future__ import annotations

import numpy as np
import torch

from zpix.adaptation import FieldSources, Lessons
from zpix.config import ModelConfig, SimulationConfig
from zpix.detector import Detector
from zpix.training.separate_sums import SeparateSums

BANDS = ("F115W", "F200W", "F444W")
MODEL = ModelConfig(
    bands=BANDS, redshift_head="bands", pyramid_channels=8, box_hidden=16, mask_layers=1, mixture_components=3,
    gaussian_sigmas_pix=(1.2, 2.0), built_size_pix=128,
)  # fmt: skip
SKY = SimulationConfig(limit_mag=27.5)
SUMS = 3  # two Gaussians and the mask


def mock_of(n: int, *, sigma: float = 1.0, seed: int = 0) -> SeparateSums:
    """Galaxies without neighbours."""
    rng = np.random.default_rng(seed)
    magnitude = rng.uniform(22, 27, n).astype(np.float32)
    flux = 10 ** (-0.4 * (magnitude - 31.4))
    shape = (n, len(BANDS), SUMS)
    noise = torch.full(shape, sigma)
    return SeparateSums(
        response=torch.full(shape, 0.5), others=torch.zeros(shape), sigma=noise,
        noise=noise * torch.from_numpy(rng.standard_normal(shape).astype(np.float32)),
        coverage=torch.ones(n, len(BANDS)),
        size=torch.from_numpy(np.exp(3 - 0.15 * (magnitude - 24))[:, None].repeat(2, 1).astype(np.float32)),
        flux=torch.from_numpy(np.repeat(flux[:, None], len(BANDS), 1)), magnitude=torch.from_numpy(magnitude),
        kind=torch.zeros(n, dtype=torch.uint8), redshift=torch.from_numpy(rng.uniform(0.1, 5, n).astype(np.float32)),
        dust=torch.full((n,), 0.01),
    )  # fmt: skip


def sources_of(flux: np.ndarray, *, sigma: float = 1.0, seed: int = 0) -> FieldSources:
    """Sources of these fluxes (N, band) in noise."""
    n, rng = len(flux), np.random.default_rng(seed)
    total = 0.5 * flux[:, :, None] + sigma * rng.standard_normal((n, len(BANDS), SUMS))
    noise = np.full(total.shape, sigma)
    return FieldSources(
        total=total.astype(np.float32), noise=noise.astype(np.float32), coverage=np.ones((n, len(BANDS)), np.float32),
        size=np.full((n, 2), 16, np.float32), dust=np.full(n, 0.01, np.float32), pyramid=np.zeros((n, 0), np.float32),
        flux=total[:, :, -1].astype(np.float32), snr=np.sqrt((total[:, :, -1] ** 2).sum(1)).astype(np.float32) / sigma,
        label=np.ones(n, np.int64), ra=np.linspace(10, 10.1, n), dec=np.zeros(n), id=np.full(n, -1),
    )  # fmt: skip


def coloured(redshift: np.ndarray, *, brightness: float = 200.0) -> np.ndarray:
    """Fluxes (N, band) whose colour tells the redshift."""
    colour = np.log1p(redshift)
    return brightness * np.stack([np.exp(-colour), np.ones_like(colour), np.exp(0.5 * colour)], 1)


def lessons_of(n: int, *, mock: int = 60, seed: int = 0) -> Lessons:
    """Spectra of coloured sources, and a mock."""
    z = np.random.default_rng(seed).uniform(0.2, 5, n)
    return Lessons(sources_of(coloured(z), seed=seed), z.astype(np.float32), np.ones(n), mock_of(mock), SKY)


def network(seed: int = 0) -> Detector:
    """A small network with random weights."""
    torch.manual_seed(seed)
    return Detector(MODEL).eval()
