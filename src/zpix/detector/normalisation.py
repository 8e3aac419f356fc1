"""What does the network see of an image?

Flux in units of its noise, compressed by arcsinh (linear in the noise, logarithmic in the light), and one validity
channel per band, so that a missing band is a mask and not a zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

# Beyond this significance a pixel holds no more colour information than its calibration allows.
_MAX_SIGNIFICANCE = 1e4
# Rows of an image that are normalised at once on a processor: intermediate values then stay in its cache, which is four
# times faster than going through memory for each operation.
_ROWS_AT_ONCE = 64
_LEAST_WEIGHT = 1e-30  # nJy⁻²; keeps divisions finite


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
    # x − x is NaN where x is not finite: faster than to compare and to choose
    clean = (flux + (error - error)).nan_to_num_(0.0, 0.0, 0.0)
    return clean, (error * error).add_(flux - flux).nan_to_num_(0.0, 0.0, 0.0)


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
        values = channels_of_stacks(flux[:, :, rows], error[:, :, rows], stacks)
        # to turn a block into channels-last order and then to copy it is faster than to copy it as it is
        turned = values.to(dtype).permute(0, 2, 3, 1).contiguous()
        channels[:, :, rows] = turned.permute(0, 3, 1, 2)
    return channels


def channels_of_stacks(flux: Tensor, error: Tensor, stacks: Sequence[Sequence[int]]) -> Tensor:
    """Compute the input of the backbone for some rows at once; comparing numbers would take longer than all the rest.

    Parameters
    ----------
    flux, error
        As `image_channels` takes them.
    stacks : sequence of sequence of int
        Bands of each stack.

    Returns
    -------
    Tensor, shape (image, 2 stack, y, x), float32
        Significances Σ f/σ² over √Σ 1/σ² of what is valid, their arcsinh, between ±10⁴; then validity, 0 or 1.
    """
    # 1/σ; zero where it is not positive and finite, and, by f − f, where the flux is not finite
    inverse = error.reciprocal().add_(flux - flux).nan_to_num_(0.0, 0.0, 0.0).clamp_(min=0)
    ratio = (flux * inverse).nan_to_num_(0.0)
    empty = torch.zeros_like(ratio[:, 0])
    significance, weight = [], []
    for stack in stacks:
        if len(stack) == 1:
            significance.append(ratio[:, stack[0]])
            weight.append(inverse[:, stack[0]])
        elif stack:
            total, squares = empty, empty
            for band in stack:
                total = torch.addcmul(total, ratio[:, band], inverse[:, band])
                squares = torch.addcmul(squares, inverse[:, band], inverse[:, band])
            significance.append(total * squares.clamp(min=_LEAST_WEIGHT).rsqrt_())
            weight.append(squares)
        else:
            significance.append(empty)
            weight.append(empty)
    value = _arcsinh(torch.stack(significance, 1).clamp_(-_MAX_SIGNIFICANCE, _MAX_SIGNIFICANCE))
    return torch.cat([value, torch.stack(weight, 1).clamp_(max=1).ceil_()], 1)


def _arcsinh(x: Tensor) -> Tensor:
    """Arcsinh by the logarithm, which processors compute on whole vectors; it equals torch.asinh to rounding."""
    size = x.abs()
    return torch.addcmul(torch.ones_like(size), size, size).sqrt_().add_(size).log_().mul_(x.sign())
