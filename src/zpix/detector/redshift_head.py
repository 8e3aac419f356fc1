"""Which redshifts are possible for a source?

A mixture density network (Bishop 1994) over what the detector knows of a source. Variant `fpn` is the head of Merz et
al. 2026: pooled pyramid features and E(B−V) through two hidden layers. Variant `fpn+pixels` adds the source's own
pixels, since colours are in the pixels and the pyramid blurs them: sums of each band under Gaussian weights around the
light's centre and under the predicted mask, in units of their noise and relative to the other bands.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zpix.config import ModelConfig
from zpix.detector.box_head import BOX_BINS

# Milky Way E(B−V) is a few hundredths of a magnitude in survey fields; this brings it to order one.
_DUST_SCALE = 20.0
_HIDDEN = 512
_Z_MAX = 20.0
_NARROWEST = 2e-3  # of 1 + z: no band set resolves less
_FAINTEST_NJY = 1e-9  # far below any noise; keeps divisions finite
_ANY_LIGHT = 1e-6  # in each pixel, in units of its noise: what has no light has a centre
_SMOOTHING_PIX = 1.5  # σ of the Gaussian that takes the noise from the light whose shape is measured
_MOST_ELONGATED = 0.9  # correlation of x and y of the light


class Mixture(NamedTuple):
    """Parameters of redshift mixtures, each (n, K), and what they were inferred from.

    log_weights, means, widths : (n, K) float, in redshift
    features : (n, F) float, of the kinds and numbers that `RedshiftHead.feature_widths` tells
    """

    log_weights: Tensor
    means: Tensor
    widths: Tensor
    features: Tensor


class SourcePixels(NamedTuple):
    """Cutouts of n sources: what soft photometry reads.

    flux, variance : (n, band, S, S) float, nJy and nJy²; both zero where not observed
    mask : (n, S, S) float, probability that a pixel belongs to the source
    size : (n, 2) float, width and height of the box in pixels
    """

    flux: Tensor
    variance: Tensor
    mask: Tensor
    size: Tensor


class RedshiftHead(nn.Module):
    """Features, pixels and dust to a redshift mixture; one output type for both variants."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        features = config.pyramid_channels * BOX_BINS**2
        self.sigmas_pix, self.elliptical_widths = config.gaussian_sigmas_pix, config.elliptical_widths
        self.photometry: nn.Module | None = None
        if config.redshift_head == "fpn":
            self.pyramid = nn.Sequential(nn.Linear(features + 1, 1024), nn.Tanh(), nn.Linear(1024, 64), nn.Tanh())
            self.mixture = MixtureLayer(64, config.mixture_components)
        else:
            # Starts at zero, so that pretrained photometry is not disturbed when the pyramid joins it.
            joins = nn.Linear(128, _HIDDEN)
            nn.init.zeros_(joins.weight)
            nn.init.zeros_(joins.bias)
            self.pyramid = nn.Sequential(nn.Linear(features + 1, 128), nn.GELU(), joins)
            bands, sums = len(config.bands), len(self.sigmas_pix) + len(self.elliptical_widths) + 1  # and the mask
            self._colours = 2 * bands * sums  # significances and colours
            inputs = self._colours + 2 * bands + 2 + 1  # depth and coverage; box sides; dust
            self.photometry = nn.Sequential(
                nn.Linear(inputs, _HIDDEN), nn.GELU(), *_layer(), nn.Linear(_HIDDEN, _HIDDEN)
            )
            self.trunk = nn.Sequential(nn.LayerNorm(_HIDDEN), nn.GELU(), *_layer())
            self.mixture = MixtureLayer(_HIDDEN, config.mixture_components)

    def fp32_parts(self) -> list[nn.Module]:
        """Layers that compute in fp32 whatever the rest does."""
        if self.photometry is None:
            return [self.mixture]
        return [self.photometry, self.trunk, self.mixture]

    @property
    def feature_widths(self) -> tuple[int, ...]:
        """Numbers of features of each kind: significances and colours of the pixels, if they are read; hidden layer."""
        hidden = self.mixture.linear.in_features
        return (hidden,) if self.photometry is None else (self._colours, hidden)

    def forward(self, pooled: Tensor, pixels: SourcePixels | None, dust: Tensor) -> Mixture:
        """Mixture of each source.

        Parameters
        ----------
        pooled : (n, channel, 7, 7) pyramid features
        pixels : cutouts; None for the `fpn` variant
        dust : (n,) float, E(B−V) in magnitudes
        """
        flat = pooled.flatten(1)
        from_pyramid = self.pyramid(torch.cat([flat, _as_input(dust).to(flat.dtype)], 1)).float()
        if self.photometry is None:
            return self.mixture(from_pyramid)
        assert pixels is not None
        return self.from_sums(soft_photometry(pixels, self.sigmas_pix, self.elliptical_widths), dust, from_pyramid)

    def from_sums(self, sums: Tensor, dust: Tensor, from_pyramid: Tensor | None = None) -> Mixture:
        """Mixture of each source from its soft photometry; without the pyramid's part, of the photometry alone."""
        assert self.photometry is not None
        with torch.autocast(sums.device.type, enabled=False):  # bf16 would round the fluxes to a per cent
            hidden = self.photometry(torch.cat([sums, _as_input(dust)], 1))
            mixture = self.mixture(self.trunk(hidden if from_pyramid is None else hidden + from_pyramid))
            return mixture._replace(features=torch.cat([sums[:, : self._colours], mixture.features], 1))


def _as_input(dust: Tensor) -> Tensor:
    """E(B−V), (n,) in magnitudes, as a column of order one."""
    return _DUST_SCALE * dust[:, None].float()


def _layer() -> tuple[nn.Module, ...]:
    return nn.Linear(_HIDDEN, _HIDDEN), nn.LayerNorm(_HIDDEN), nn.GELU()


class MixtureLayer(nn.Module):
    """Hidden vector to mixture parameters, in fp32: means in ln(1+z), widths relative to 1 + mean."""

    def __init__(self, inputs: int, components: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, 3 * components)
        with torch.no_grad():  # begin with components spread over the redshifts and wide enough to overlap
            self.linear.weight.mul_(0.1)
            self.linear.bias.zero_()
            self.linear.bias[components : 2 * components] = torch.linspace(0.2, 2.4, components)
            self.linear.bias[2 * components :] = math.log(0.2)

    def forward(self, hidden: Tensor) -> Mixture:
        with torch.autocast(hidden.device.type, enabled=False):
            weight, bias = self.linear.weight.float(), self.linear.bias.float()
            logits, log_mean, log_width = F.linear(hidden.float(), weight, bias).chunk(3, 1)
            means = torch.expm1(log_mean.clamp(-0.5, math.log1p(_Z_MAX)))
            relative = _NARROWEST + torch.exp(log_width.clamp(-9.0, 1.0))
            return Mixture(torch.log_softmax(logits, 1), means, relative * (1 + means), hidden.float())


def soft_photometry(
    pixels: SourcePixels, sigmas_pix: tuple[float, ...], elliptical_widths: tuple[float, ...] = ()
) -> Tensor:
    """Sums of each band under weights, as the network likes them.

    The weights are Gaussians of `sigmas_pix` around the centre of the light under the mask, which noise moves less than
    the middle of a box, Gaussians that are `elliptical_widths` times as wide as the light in each direction, and the
    mask itself: soft photometry, made inside the network. Colours are given beside significances, because to learn
    small differences of large logarithms takes a network very long.

    Returns
    -------
    (n, bands × (2 sums + 2) + 2) float32: half the arcsinh of each sum over its noise; arcsinh of each sum over the
    mean noise of the bands, less its mean over the bands, which for bright sources is the colour; log10 of the noise
    (nJy) and the observed fraction under the second Gaussian; and the logarithms of the box sides
    """
    with torch.autocast(pixels.flux.device.type, enabled=False):
        flux, variance = pixels.flux.float(), pixels.variance.float()  # (n, band, S, S)
        kinds = [_gaussians(pixels, sigmas_pix), pixels.mask[:, None].float()]
        if elliptical_widths:
            kinds.insert(1, _ellipses(pixels, elliptical_widths))
        weights = torch.cat(kinds, 1)  # (n, sum, S, S)
        flux, variance, weights = flux.flatten(2), variance.flatten(2), weights.flatten(2)
        total = torch.einsum("nbp,nsp->nbs", flux, weights)
        noise = torch.einsum("nbp,nsp->nbs", variance, weights**2).sqrt()  # zero where nothing was observed
        observed = (noise > 0).float()
        bands = observed.sum(1, keepdim=True).clamp(min=1)
        mean_noise = (noise.sum(1, keepdim=True) / bands).clamp(min=_FAINTEST_NJY)
        significance = observed * torch.asinh(total / noise.clamp(min=_FAINTEST_NJY))
        brightness = observed * torch.asinh(total / mean_noise)
        colour = observed * (brightness - brightness.sum(1, keepdim=True) / bands)

        reference = min(1, len(sigmas_pix) - 1)
        depth = torch.log10(noise[:, :, reference].clamp(min=1e-3))
        disc = weights[:, reference : reference + 1]
        coverage = torch.einsum("nbp,nsp->nbs", (variance > 0).float(), disc)[:, :, 0] / disc.sum(2).clamp(min=1e-3)
        sides = pixels.size.float().clamp(min=1.0).log() - math.log(16.0)
        return torch.cat([0.5 * significance.flatten(1), colour.flatten(1), depth, coverage, sides], 1)


def _gaussians(pixels: SourcePixels, sigmas_pix: tuple[float, ...]) -> Tensor:
    """Gaussian weights around the centre of the light under the mask, (n, sigma, S, S); one at the centre."""
    dx, dy = _from_centre(_significance(pixels).clamp(min=0).mean(1) * pixels.mask.float())
    squared = dx[:, None, :] ** 2 + dy[:, :, None] ** 2  # (n, S, S)
    sigmas = torch.tensor(sigmas_pix, device=squared.device)
    return torch.exp(-0.5 * squared[:, None] / sigmas[:, None, None] ** 2)


def _ellipses(pixels: SourcePixels, widths: tuple[float, ...]) -> Tensor:
    """Gaussian weights around the centre of the light under the mask, as wide as it is in each direction or some times
    as wide, (n, width, S, S); at least a pixel."""
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
    return pixels.flux.float() * torch.rsqrt(variance.clamp(min=_FAINTEST_NJY**2)) * (variance > 0)


def _from_centre(light: Tensor) -> tuple[Tensor, Tensor]:
    """How far columns and rows (n, S) are from the centre of light (n, S, S), in pixels; without any, of the cutout."""
    light = light + _ANY_LIGHT
    total = light.sum((1, 2))
    steps = torch.arange(light.shape[-1], device=light.device) + 0.5
    return steps - (light.sum(1) @ steps / total)[:, None], steps - (light.sum(2) @ steps / total)[:, None]
