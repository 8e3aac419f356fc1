"""What does the network see of an image?

Flux in units of its noise, compressed by arcsinh (linear in the noise, logarithmic in the light), and one validity
channel per band, so that a missing band is a mask and not a zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

# Beyond this significance a pixel holds no more colour information than its calibration allows.
_MAX_SIGNIFICANCE = 1e4
# Rows of an image that are normalised at once on a processor: intermediate values then stay in its cache, which is four
# times faster than going through memory for each operation.
_ROWS_AT_ONCE = 32


def split_validity(flux: Tensor, error: Tensor) -> tuple[Tensor, Tensor]:
    """Give flux and variance, both zero where a pixel is not valid.

    Parameters
    ----------
    flux : Tensor, nJy
        Flux per pixel.
    error : Tensor, nJy
        Its error, of the same shape; +inf where a pixel is not valid.

    Returns
    -------
    flux : Tensor, nJy
        Flux per pixel.
    variance : Tensor, nJy²
        Square of the error.
    """
    usable = torch.isfinite(error) & torch.isfinite(flux)
    return torch.where(usable, flux, 0.0), torch.where(usable, error * error, 0.0)


def image_channels(
    flux: Tensor,
    error: Tensor,
    dtype: torch.dtype = torch.float32,
    together: Sequence[Sequence[int]] | None = None,
) -> Tensor:
    """Make the input of the backbone: significances first, validity after.

    Bands that are seen together are stacked with weights of inverse variance.

    Parameters
    ----------
    flux : Tensor, shape (image, band, y, x), float32, nJy
        Flux per pixel.
    error : Tensor, shape (image, band, y, x), float32, nJy
        Its error; +inf where a pixel is not valid.
    dtype : torch.dtype, default float32
        Type of the result.
    together : sequence of sequence of int, optional
        Bands of each stack; by default each band is seen by itself.

    Returns
    -------
    Tensor, shape (image, 2 stack, y, x)
        In channels-last memory order.
    """
    images, bands, height, width = flux.shape
    stacks = [(band,) for band in range(bands)] if together is None else together
    channels = torch.empty(
        (images, 2 * len(stacks), height, width), dtype=dtype, device=flux.device, memory_format=torch.channels_last
    )
    step = height if flux.is_cuda else _ROWS_AT_ONCE
    for row in range(0, height, step):
        rows = slice(row, row + step)
        significance, valid = significances(flux[:, :, rows], error[:, :, rows], stacks)
        channels[:, : len(stacks), rows] = _arcsinh(significance).to(dtype)
        channels[:, len(stacks) :, rows] = valid.to(dtype)
    return channels


def significances(flux: Tensor, error: Tensor, stacks: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Give flux over noise, and where it is known.

    Parameters
    ----------
    flux : Tensor, shape (image, band, y, x), float32, nJy
        Flux per pixel.
    error : Tensor, shape (image, band, y, x), float32, nJy
        Its error; +inf where a pixel is not valid.
    stacks : sequence of sequence of int
        Bands that are seen together.

    Returns
    -------
    significance : Tensor, shape (image, stack, y, x)
        At most 10⁴ on either side of zero; zero where a pixel is not valid.
    valid : Tensor, shape (image, stack, y, x), bool
        Where a band of the stack is valid.
    """
    ratio = flux / error
    # also false for NaN; an infinite flux is no measurement
    valid = (error < math.inf) & (error > 0) & (ratio.abs() < math.inf)
    if [tuple(stack) for stack in stacks] != [(band,) for band in range(flux.shape[1])]:
        ratio, valid = _stacked(ratio, valid, error, stacks)
    return torch.where(valid, ratio.clamp(-_MAX_SIGNIFICANCE, _MAX_SIGNIFICANCE), 0.0), valid


def _stacked(ratio: Tensor, valid: Tensor, error: Tensor, stacks: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Significance and validity (image, stack, y, x) of stacks of bands: Σ f/σ² over √Σ 1/σ², of what is valid."""
    inverse = torch.where(valid, 1 / error, 0.0)
    shape = (len(ratio), len(stacks), *ratio.shape[2:])
    significance, seen = ratio.new_zeros(shape), valid.new_zeros(shape)
    for number, stack in enumerate(stacks):
        if len(stack) == 1:
            significance[:, number], seen[:, number] = ratio[:, stack[0]], valid[:, stack[0]]
        elif stack:
            members = list(stack)
            weights = inverse[:, members]
            total = (torch.where(valid[:, members], ratio[:, members], 0.0) * weights).sum(1)
            seen[:, number] = valid[:, members].any(1)
            significance[:, number] = total * torch.rsqrt((weights**2).sum(1).clamp(min=1e-30))
    return significance, seen


def _arcsinh(x: Tensor) -> Tensor:
    """Arcsinh by the logarithm, which processors compute on whole vectors; it equals torch.asinh to rounding."""
    size = x.abs()
    return torch.copysign(torch.log(size + torch.sqrt(size * size + 1)), x)
