"""What would a source with a spectrum look like if it were fainter, or observed less deeply?"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from zpix.adaptation.field_sources import FieldSources
from zpix.config import ModelConfig
from zpix.detector.soft_photometry import BandSums, as_inputs, reference_weight
from zpix.training.augmentation import hidden_bands
from zpix.training.separate_sums import SeparateSums
from zpix.training.source_sums import SourceSums

_SHARE = 0.5  # of the sources that are made fainter
_FAINTEST_MAG = 1.5  # by which they are made fainter at most
_NOISIER_DEX = 0.1  # scatter of noise beyond their own, which only grows
_FEWEST_FOR_SIZES = 100


def head_inputs(sources: FieldSources, model: ModelConfig) -> SourceSums:
    """Give sources of a field as the redshift head reads them.

    Parameters
    ----------
    sources : FieldSources
        The sources.
    model : ModelConfig
        Weights of the photometry.

    Returns
    -------
    SourceSums
        Their sums; redshifts are NaN.
    """
    names = ("total", "noise", "coverage", "size")
    total, noise, coverage, size = (torch.from_numpy(np.asarray(getattr(sources, name), np.float32)) for name in names)
    sums = as_inputs(BandSums(total, noise, coverage, size), reference_weight(model.gaussian_sigmas_pix))
    unknown = torch.full((len(sources),), float("nan"))
    return SourceSums(sums, unknown, torch.from_numpy(np.asarray(sources.dust, np.float32)))


def size_slope(mock: SeparateSums) -> float:
    """Measure by how much the logarithm of a box's side falls with each magnitude.

    Parameters
    ----------
    mock : SeparateSums
        Simulated galaxies.

    Returns
    -------
    float
        Per magnitude, 0 to 0.3.
    """
    if len(mock.redshift) < _FEWEST_FOR_SIZES:
        return 0.15
    side = mock.size.clamp(min=1).log().mean(1).numpy()
    slope, _ = np.polyfit(mock.magnitude.numpy(), side, 1)
    return float(np.clip(-slope, 0.0, 0.3))


def copied(
    sources: FieldSources,
    donors: SeparateSums,
    *,
    model: ModelConfig,
    slope: float,
    band_dropout: float,
    rng: np.random.Generator,
) -> SourceSums:
    """Copy sources, half of them fainter, all of them a little noisier, with some bands hidden.

    Noise is that of simulated galaxies, scaled, so that the sums of one source share it as they should.

    Parameters
    ----------
    sources : FieldSources
        N sources.
    donors : SeparateSums
        Simulated galaxies in the same noise.
    model : ModelConfig
        Weights of the photometry.
    slope : float
        From `size_slope`.
    band_dropout : float
        Probability that a band is hidden.
    rng : numpy Generator
        Of the random choices.

    Returns
    -------
    SourceSums
        Of N copies; redshifts are NaN.
    """
    n, bands = sources.coverage.shape
    fainter_mag = np.where(rng.uniform(size=n) < _SHARE, rng.uniform(0, _FAINTEST_MAG, n), 0.0)
    dimmed = 10 ** (-0.4 * fainter_mag)
    noisier = 10 ** np.abs(_NOISIER_DEX * rng.standard_normal((n, 1)))
    added = np.sqrt(np.maximum(noisier**2 - dimmed[:, None] ** 2, 0.0)) * rng.choice([-1.0, 1.0], (n, bands))
    own = donors.of(torch.from_numpy(rng.integers(0, len(donors.redshift), n)))
    sigma = own.sigma.numpy()
    shape = np.divide(own.noise.numpy(), sigma, out=np.zeros_like(sigma), where=sigma > 0)
    total = sources.total * _by_band(dimmed[:, None]) + shape * sources.noise * _by_band(added)
    seen = ~hidden_bands((n, bands), band_dropout, rng)
    copies = FieldSources(
        **{name: getattr(sources, name) for name in ("dust", "pyramid", "flux", "snr", "label", "ra", "dec", "id")},
        total=(total * _by_band(seen)).astype(np.float32),
        noise=(sources.noise * _by_band(noisier * seen)).astype(np.float32),
        coverage=sources.coverage * seen,
        size=(sources.size * np.exp(-slope * fainter_mag)[:, None]).astype(np.float32),
    )  # fmt: skip
    return head_inputs(copies, model)


def _by_band(values: NDArray[np.floating] | NDArray[np.bool_]) -> NDArray[np.float32]:
    """Values (n, band) as factors of sums, (n, band, 1)."""
    return np.asarray(values, np.float32)[:, :, None]
