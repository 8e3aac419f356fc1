"""What does the network see of an image?

Flux in units of its noise, compressed by arcsinh (linear in the noise, logarithmic in the light), and one validity
channel per band, so that a missing band is a mask and not a zero.
"""

from __future__ import annotations

import torch
from torch import Tensor

# Beyond this significance a pixel holds no more colour information than its calibration allows.
_MAX_SIGNIFICANCE = 1e4


def split_validity(flux: Tensor, error: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Separate validity from values: flux and variance with zeros where the error is not finite, and the mask.

    Parameters
    ----------
    flux, error : (image, band, y, x) float, nJy per pixel; the error is +inf where a pixel is not valid

    Returns
    -------
    flux, variance, valid : same shape, float; `valid` is 1 or 0
    """
    usable = torch.isfinite(error) & torch.isfinite(flux)
    zero = torch.zeros((), dtype=flux.dtype, device=flux.device)
    return torch.where(usable, flux, zero), torch.where(usable, error * error, zero), usable.to(flux.dtype)


def significance(flux: Tensor, variance: Tensor) -> Tensor:
    """arcsinh of flux over noise; zero where the variance is zero, that is, where nothing was observed."""
    ratio = flux * torch.rsqrt(variance.clamp(min=1e-20))
    ratio = ratio.clamp(-_MAX_SIGNIFICANCE, _MAX_SIGNIFICANCE)
    return torch.where(variance > 0, torch.asinh(ratio), torch.zeros_like(ratio))


def image_channels(flux: Tensor, variance: Tensor, valid: Tensor) -> Tensor:
    """Input of the backbone: (image, 2 band, y, x), significances first, validity after."""
    return torch.cat([significance(flux, variance), valid], dim=1)
