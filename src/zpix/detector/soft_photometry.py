"""How bright is a source in each band, as a redshift head reads it?

Sums of each band under smooth weights: Gaussians around the centre of the light, Gaussians of the light's own shape and
the predicted mask. They are given in units of their noise and relative to the other bands, and gradients pass through
them, so that the mask can learn from redshifts.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

_FAINTEST_NJY = 1e-9  # far below any noise; keeps divisions finite
#: log10 of the noise (nJy) that a band is said to have where it was not observed.
LEAST_DEPTH = -3.0
_ANY_LIGHT = 1e-6  # added to each pixel, in units of its noise, so that an empty cutout has a centre
_SMOOTHING_PIX = 1.5  # σ of the Gaussian that suppresses noise before the shape of the light is measured
_MOST_ELONGATED = 0.9  # correlation of x and y of the light


class SourcePixels(NamedTuple):
    """Cutouts of n sources, S pixels on a side.

    Attributes
    ----------
    flux : Tensor, shape (n, band, S, S), nJy
        Flux per pixel; zero where not observed.
    variance : Tensor, shape (n, band, S, S), nJy²
        Square of the error; zero where not observed.
    mask : Tensor, shape (n, S, S)
        Probability that a pixel belongs to the source.
    size : Tensor, shape (n, 2), pixels
        Width and height of the source's box.
    """

    flux: Tensor
    variance: Tensor
    mask: Tensor
    size: Tensor


def soft_photometry(
    pixels: SourcePixels, sigmas_pix: tuple[float, ...], elliptical_widths: tuple[float, ...] = ()
) -> Tensor:
    """Sum each band under weights, and give the sums as numbers of order one.

    The Gaussian weights are centred on the light under the mask, which noise moves less than the middle of a box.
    Colours are given beside significances: learning small differences of large logarithms takes a network very long.

    Parameters
    ----------
    pixels : SourcePixels
        Cutouts of n sources.
    sigmas_pix : tuple of float, pixels
        Standard deviations of the round Gaussian weights.
    elliptical_widths : tuple of float, default ()
        Widths of further Gaussian weights, in units of the width of the light in each direction.

    Returns
    -------
    Tensor, shape (n, bands × (2 sums + 2) + 2), float32
        Half the arcsinh of each sum over its noise; arcsinh of each sum over the mean noise of the bands, less its
        mean over the bands, which is the colour of a bright source; log10 of the noise (nJy) and the observed
        fraction under the second Gaussian; the logarithms of the box sides.
    """
    with torch.autocast(pixels.flux.device.type, enabled=False):
        reference = reference_weight(sigmas_pix)
        weights = weights_of(pixels, sigmas_pix, elliptical_widths)
        return as_inputs(band_sums(pixels, weights, reference), reference)


class BandSums(NamedTuple):
    """Sums of n sources under weights.

    Attributes
    ----------
    total : Tensor, shape (n, band, sum), nJy
        Flux.
    noise : Tensor, shape (n, band, sum), nJy
        Its noise; zero where nothing was observed.
    coverage : Tensor, shape (n, band)
        Observed fraction under the reference weight.
    size : Tensor, shape (n, 2), pixels
        Width and height of the source's box.
    """

    total: Tensor
    noise: Tensor
    coverage: Tensor
    size: Tensor


def reference_weight(sigmas_pix: tuple[float, ...]) -> int:
    """Say under which weight depth and coverage are told: the second Gaussian, if there are two.

    Parameters
    ----------
    sigmas_pix : tuple of float, pixels
        Standard deviations of the round Gaussian weights.

    Returns
    -------
    int
        Its number.
    """
    return min(1, len(sigmas_pix) - 1)


def weights_of(
    pixels: SourcePixels, sigmas_pix: tuple[float, ...], elliptical_widths: tuple[float, ...] = ()
) -> Tensor:
    """Compute the weights under which a source is summed: round Gaussians, elliptical ones, and the mask.

    Parameters
    ----------
    pixels, sigmas_pix, elliptical_widths
        As `soft_photometry` takes them.

    Returns
    -------
    Tensor, shape (n, sum, S, S)
        Weights; those of round Gaussians have height one.
    """
    kinds = [_gaussians(pixels, sigmas_pix), pixels.mask[:, None].float()]
    if elliptical_widths:
        kinds.insert(1, _ellipses(pixels, elliptical_widths))
    return torch.cat(kinds, 1)


def sum_under(image: Tensor, weights: Tensor) -> Tensor:
    """Sum images under weights.

    Parameters
    ----------
    image : Tensor, shape (n, band, S, S)
        Values of pixels.
    weights : Tensor, shape (n, sum, S, S)
        Weights.

    Returns
    -------
    Tensor, shape (n, band, sum)
        Sums.
    """
    return torch.einsum("nbp,nsp->nbs", image.flatten(2), weights.flatten(2))  # pixels in one axis, p


def band_sums(pixels: SourcePixels, weights: Tensor, reference: int) -> BandSums:
    """Sum sources under weights.

    Parameters
    ----------
    pixels : SourcePixels
        Cutouts of n sources.
    weights : Tensor, shape (n, sum, S, S)
        What `weights_of` gives.
    reference : int
        The weight under which coverage is told.

    Returns
    -------
    BandSums
        Of n sources.
    """
    flux, variance = pixels.flux.float(), pixels.variance.float()
    total, noise = sum_under(flux, weights), sum_under(variance, weights**2).sqrt()
    disc = weights[:, reference : reference + 1]
    coverage = sum_under(variance.sign(), disc)[:, :, 0] / disc.flatten(2).sum(2).clamp(min=1e-3)
    return BandSums(total, noise, coverage, pixels.size.float())


def as_inputs(sums: BandSums, reference: int) -> Tensor:
    """Give sums as numbers of order one, as the redshift head reads them.

    Parameters
    ----------
    sums : BandSums
        Of n sources.
    reference : int
        The weight under which depth is told.

    Returns
    -------
    Tensor, shape (n, bands × (2 sums + 2) + 2), float32
        As `soft_photometry` gives them.
    """
    total, noise = sums.total, sums.noise
    observed = (noise > 0).float()
    bands = observed.sum(1, keepdim=True).clamp(min=1)
    mean_noise = (noise.sum(1, keepdim=True) / bands).clamp(min=_FAINTEST_NJY)
    significance = observed * torch.asinh(total / noise.clamp(min=_FAINTEST_NJY))
    brightness = observed * torch.asinh(total / mean_noise)
    colour = observed * (brightness - brightness.sum(1, keepdim=True) / bands)
    depth = torch.log10(noise[:, :, reference].clamp(min=10**LEAST_DEPTH))
    sides = sums.size.clamp(min=1.0).log() - math.log(16.0)
    return torch.cat([0.5 * significance.flatten(1), colour.flatten(1), depth, sums.coverage, sides], 1)


def _gaussians(pixels: SourcePixels, sigmas_pix: tuple[float, ...]) -> Tensor:
    """Gaussian weights around the centre of the light under the mask, (n, sigma, S, S); one at the centre."""
    dx, dy = _from_centre(_significance(pixels).clamp(min=0).mean(1) * pixels.mask.float())
    sigmas = torch.tensor(sigmas_pix, device=dx.device)
    across, along = (torch.exp(-0.5 * (d[:, None] / sigmas[:, None]) ** 2) for d in (dx, dy))  # (n, sigma, S) each
    return along[..., None] * across[..., None, :]


def _ellipses(pixels: SourcePixels, widths: tuple[float, ...]) -> Tensor:
    """Gaussian weights (n, width, S, S) with the second moments of the light under the mask, at least a pixel wide.

    Each width scales the standard deviations of the light.
    """
    stack = _significance(pixels).mean(1)  # of all bands, so that all have the same weights
    steps = torch.arange(stack.shape[-1], device=stack.device, dtype=stack.dtype)
    blur = torch.exp(-0.5 * ((steps[:, None] - steps) / _SMOOTHING_PIX) ** 2)
    smooth = (blur @ stack @ blur) / (2 * math.pi * _SMOOTHING_PIX**2)
    light = smooth.clamp(min=0) * pixels.mask.float() + _ANY_LIGHT
    dx, dy = _from_centre(light)
    along_x, along_y = light.sum(1), light.sum(2)
    total = along_x.sum(1)
    xx = ((along_x * dx**2).sum(1) / total).clamp(min=1)[:, None, None]
    yy = ((along_y * dy**2).sum(1) / total).clamp(min=1)[:, None, None]
    xy = (torch.einsum("nyx,ny,nx->n", light, dy, dx) / total)[:, None, None]
    most = _MOST_ELONGATED * (xx * yy).sqrt()
    xy = torch.minimum(torch.maximum(xy, -most), most)
    dx, dy = dx[:, None, :], dy[:, :, None]
    squared = (yy * dx**2 + xx * dy**2 - 2 * xy * dx * dy) / (xx * yy - xy**2)
    return torch.exp(-0.5 * squared[:, None] / torch.tensor(widths, device=squared.device)[:, None, None] ** 2)


def _significance(pixels: SourcePixels) -> Tensor:
    """Flux over its error, (n, band, S, S); zero where not observed."""
    variance = pixels.variance.float()
    return pixels.flux.float() * torch.rsqrt(variance.clamp(min=_FAINTEST_NJY**2)) * variance.sign()


def _from_centre(light: Tensor) -> tuple[Tensor, Tensor]:
    """Distance in pixels of columns and rows, (n, S) each, from the centre of light (n, S, S).

    Without any light it is the distance from the centre of the cutout.
    """
    light = light + _ANY_LIGHT
    total = light.sum((1, 2))
    steps = torch.arange(light.shape[-1], device=light.device) + 0.5
    return steps - (light.sum(1) @ steps / total)[:, None], steps - (light.sum(2) @ steps / total)[:, None]
