"""Which network estimates redshifts from fluxes alone, as a ceiling for redshifts from pixels?

A mixture density network of a few layers on the fluxes of sources: the best that colours allow if the prior is right.
It has no pixels, so it knows neither sizes nor shapes, and neighbours do not disturb it. zpix is measured against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zpix.config import TrainingConfig
from zpix.detector.losses import redshift_loss
from zpix.detector.redshift_head import Mixture, MixtureLayer
from zpix.errors import TrainingError
from zpix.progress import progress_bar
from zpix.sources import ZMixture
from zpix.training.loop import learning_rate


@dataclass(frozen=True)
class CeilingSettings:
    """Settings of the network and of its training.

    Attributes
    ----------
    hidden, layers : int
        Width and number of the layers.
    components : int
        Gaussians of a PDF.
    epochs, batch_size : int
        Length of the training.
    learning_rate, weight_decay : float
        Settings of AdamW.
    clip_norm : float
        Largest norm of the gradient.
    """

    hidden: int = 512
    layers: int = 4
    components: int = 10
    epochs: int = 60
    batch_size: int = 512
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    clip_norm: float = 1.0


class ColourNetwork(nn.Module):
    """Network from fluxes and their noise, (n, band) or (n, band, aperture), to redshift mixtures."""

    def __init__(self, fluxes: int, settings: CeilingSettings) -> None:
        super().__init__()
        parts: list[nn.Module] = [nn.Linear(3 * fluxes, settings.hidden), nn.GELU()]
        for _ in range(settings.layers - 1):
            parts += [nn.Linear(settings.hidden, settings.hidden), nn.LayerNorm(settings.hidden), nn.GELU()]
        self.trunk = nn.Sequential(*parts)
        self.mixture = MixtureLayer(settings.hidden, settings.components)

    def forward(self, flux: Tensor, noise: Tensor) -> Mixture:
        """Compute the mixture of each source from its fluxes and errors in nJy, (n, band[, aperture])."""
        significance = torch.asinh(flux / noise)
        colour = torch.asinh(flux / noise.mean(1, keepdim=True))
        colour = colour - colour.mean(1, keepdim=True)
        return self.mixture(self.trunk(torch.cat([0.5 * significance, colour, torch.log10(noise)], 1).flatten(1)))


def fit_ceiling(
    flux_njy: NDArray,
    noise_njy: NDArray,
    redshift: NDArray,
    *,
    seed: int,
    told_njy: NDArray | None = None,
    settings: CeilingSettings | None = None,
    correlation: NDArray | None = None,
) -> ColourNetwork:
    """Train on true fluxes, with new noise in every epoch.

    Parameters
    ----------
    flux_njy : (N, band) or (N, band, aperture) float, nJy
        True fluxes.
    noise_njy : array of the same shape, nJy
        Errors of the photometry.
    redshift : (N,) float
        True redshifts.
    seed : int
        Seed of weights, noise and batches.
    told_njy : array of the same shape, nJy, optional
        Errors that are given to the network, `noise_njy` by default. They must not depend on the true flux: the photon
        noise of a source would reveal it.
    settings : CeilingSettings, optional
        Settings of the network and of its training.
    correlation : (band, aperture, aperture) float, optional
        Correlation of the errors; they are independent by default.

    Returns
    -------
    ColourNetwork
        The trained network.
    """
    settings = settings or CeilingSettings()
    torch.manual_seed(seed)
    told_njy = noise_njy if told_njy is None else told_njy
    flux, noise, told, z = (_tensor(values) for values in (flux_njy, noise_njy, told_njy, redshift))
    network = ColourNetwork(flux[0].numel(), settings).train()
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    steps = -(-len(z) // settings.batch_size)
    warmup = min(100, settings.epochs * steps // 10)
    schedule = TrainingConfig(learning_rate=settings.learning_rate, schedule="cosine", warmup_steps=warmup)
    with progress_bar("the ceiling", settings.epochs * steps) as bar:
        for epoch in range(settings.epochs):
            order = torch.randperm(len(z))
            for number, rows in enumerate(order.split(settings.batch_size)):
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate(epoch * steps + number, settings.epochs * steps, schedule)
                mixture = network(_observed(flux[rows], noise[rows], correlation), told[rows])
                loss = redshift_loss(mixture.log_weights, mixture.means, mixture.widths, z[rows])
                if not bool(torch.isfinite(loss)):
                    raise TrainingError(f"the loss of epoch {epoch}, step {number} is not finite; lower learning_rate")
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
                optimizer.step()
                bar.advance(note=f"epoch {epoch + 1}/{settings.epochs}  loss {float(loss.detach()):.3f}")
    return network.eval()


@torch.no_grad()
def ceiling_redshifts(
    network: ColourNetwork,
    flux_njy: NDArray,
    noise_njy: NDArray,
    *,
    seed: int,
    told_njy: NDArray | None = None,
    correlation: NDArray | None = None,
) -> ZMixture:
    """Estimate redshifts of N sources from one realisation of their noise; arguments are those of `fit_ceiling`."""
    torch.manual_seed(seed)
    told_njy = noise_njy if told_njy is None else told_njy
    flux, noise, told = (_tensor(values) for values in (flux_njy, noise_njy, told_njy))
    log_weights, means, widths, _ = network(_observed(flux, noise, correlation), told)
    return ZMixture(log_weights.double().exp().numpy(), means.double().numpy(), widths.double().numpy())


def _tensor(values: NDArray) -> Tensor:
    """Return values as a float32 tensor."""
    return torch.from_numpy(np.asarray(values, np.float32))


def _observed(flux: Tensor, noise: Tensor, correlation: NDArray | None) -> Tensor:
    """Add new noise to fluxes."""
    unit = torch.randn_like(flux)
    if correlation is not None:
        factor = torch.from_numpy(np.linalg.cholesky(correlation).astype(np.float32))  # (band, aperture, aperture)
        unit = torch.einsum("bal,nbl->nba", factor, unit)
    return flux + noise * unit
