"""Which redshifts are possible for a source?

A mixture density network (Bishop 1994) over what the detector knows of a source. Variant `fpn` is the head of Merz et
al. 2026: pooled pyramid features and E(B−V) through two hidden layers. Variant `fpn+pixels` adds the source's own
pixels, since colours are in the pixels and the pyramid blurs them: sums of each band in apertures and in the predicted
mask, in units of their noise, and a small residual network on a cutout.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zpix.config import ModelConfig
from zpix.detector.box_head import BOX_BINS
from zpix.detector.normalisation import significance

# Milky Way E(B−V) is a few hundredths of a magnitude in survey fields; this brings it to order one.
_DUST_SCALE = 20.0
_HIDDEN = 256
_Z_MAX = 20.0
_NARROWEST = 2e-3  # of 1 + z: no band set resolves less


class Mixture(NamedTuple):
    """Parameters of redshift mixtures, each (n, K): log weights, means and widths in redshift."""

    log_weights: Tensor
    means: Tensor
    widths: Tensor


class SourcePixels(NamedTuple):
    """Cutouts of n sources: what the pixel branch reads.

    flux, variance : (n, band, S, S) float, nJy and nJy²; both zero where not observed
    mask : (n, S, S) float, probability that a pixel belongs to the source
    centre : (n, 2) float, centre of the box (x, y) in cutout pixels, edges at integers
    size : (n, 2) float, width and height of the box in pixels
    """

    flux: Tensor
    variance: Tensor
    mask: Tensor
    centre: Tensor
    size: Tensor


class RedshiftHead(nn.Module):
    """Features, pixels and dust to a redshift mixture; one output type for both variants."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        features = config.pyramid_channels * BOX_BINS**2
        if config.redshift_head == "fpn":
            self.pixels: PixelBranch | None = None
            self.pyramid = nn.Sequential(nn.Linear(features + 1, 1024), nn.Tanh(), nn.Linear(1024, 64), nn.Tanh())
            self.mixture = MixtureLayer(64, config.mixture_components)
        else:
            self.pixels = PixelBranch(config)
            # Starts at zero, so that a pretrained pixel branch is not disturbed when the pyramid joins it.
            joins = nn.Linear(128, _HIDDEN)
            nn.init.zeros_(joins.weight)
            nn.init.zeros_(joins.bias)
            self.pyramid = nn.Sequential(nn.Linear(features + 1, 128), nn.GELU(), joins)
            self.trunk = nn.Sequential(
                nn.GELU(), nn.Linear(_HIDDEN, _HIDDEN), nn.GELU(), nn.Linear(_HIDDEN, 128), nn.GELU()
            )
            self.mixture = MixtureLayer(128, config.mixture_components)

    def fp32_parts(self) -> list[nn.Module]:
        """Layers that compute in fp32 whatever the rest does."""
        if self.pixels is None:
            return [self.mixture]
        return [self.pixels.photometry, self.trunk, self.mixture]

    def forward(
        self, pooled: Tensor | None, pixels: SourcePixels | None, dust: Tensor, *, shapes: bool = True
    ) -> Mixture:
        """Mixture of each source.

        Parameters
        ----------
        pooled : (n, channel, 7, 7) pyramid features; None trains the pixel branch alone
        pixels : cutouts; None for the `fpn` variant
        dust : (n,) float, E(B−V) in magnitudes
        shapes : whether the pixel branch looks at the cutouts beyond their sums
        """
        dust = _DUST_SCALE * dust[:, None].float()
        from_pyramid = None
        if pooled is not None:
            flat = pooled.flatten(1)
            from_pyramid = self.pyramid(torch.cat([flat, dust.to(flat.dtype)], 1)).float()
        if self.pixels is None:
            assert from_pyramid is not None
            return self.mixture(from_pyramid)
        assert pixels is not None
        hidden = self.pixels(pixels, dust, shapes=shapes)
        with torch.autocast(dust.device.type, enabled=False):
            return self.mixture(self.trunk(hidden if from_pyramid is None else hidden + from_pyramid))


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
            return Mixture(torch.log_softmax(logits, 1), means, relative * (1 + means))


class PixelBranch(nn.Module):
    """Cutouts to a hidden vector (n, 256): soft photometry and a small residual network, added."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        bands = len(config.bands)
        self.radii_pix = config.aperture_radii_pix
        sums = len(self.radii_pix) + 1  # and the mask
        photometry = bands * (sums + 2) + 2 + 1  # noise and coverage; box size; dust
        self.photometry = nn.Sequential(
            nn.Linear(photometry, 2 * _HIDDEN), nn.GELU(), nn.Linear(2 * _HIDDEN, 2 * _HIDDEN), nn.GELU(),
            nn.Linear(2 * _HIDDEN, _HIDDEN),
        )  # fmt: skip
        self.mix_colours = nn.Conv2d(2 * bands + 1, 32, 1)  # significance, coverage, mask
        self.network = nn.Sequential(
            nn.GELU(), nn.Conv2d(32, 32, 3, stride=2, padding=1), ResidualBlock(32),
            nn.GELU(), nn.Conv2d(32, 64, 3, stride=2, padding=1), ResidualBlock(64),
        )  # fmt: skip
        self.shape = nn.Linear(2 * 64, _HIDDEN)
        nn.init.zeros_(self.shape.weight)  # joins when the photometry has been learnt
        nn.init.zeros_(self.shape.bias)

    def forward(self, pixels: SourcePixels, dust: Tensor, *, shapes: bool) -> Tensor:
        with torch.autocast(dust.device.type, enabled=False):  # bf16 would round the fluxes to a per cent
            hidden = self.photometry(torch.cat([aperture_photometry(pixels, self.radii_pix), dust], 1))
        if not shapes:
            return hidden
        observed = (pixels.variance > 0).to(pixels.flux.dtype)
        image = torch.cat([significance(pixels.flux, pixels.variance), observed, pixels.mask[:, None]], 1)
        maps = self.network(self.mix_colours(image.to(self.mix_colours.weight.dtype)))  # (n, 64, S / 4, S / 4)
        middle = maps.shape[-1] // 2
        core = maps[:, :, middle - 1 : middle + 1, middle - 1 : middle + 1].mean((2, 3))
        return hidden + self.shape(torch.cat([core, maps.mean((2, 3))], 1)).float()


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions around a shortcut, normalised by group so that single sources work."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.GroupNorm(8, channels), nn.GELU(), nn.Conv2d(channels, channels, 3, padding=1),
            nn.GroupNorm(8, channels), nn.GELU(), nn.Conv2d(channels, channels, 3, padding=1),
        )  # fmt: skip

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.body(maps)


def aperture_photometry(pixels: SourcePixels, radii_pix: tuple[float, ...]) -> Tensor:
    """Sums of each band in circular apertures and in the mask, as the network likes them.

    Returns
    -------
    (n, bands × (apertures + 3) + 2) float32: arcsinh of each sum over its noise, log10 of the noise (nJy) and the
    observed fraction of the second aperture for each band, and the logarithms of the box sides
    """
    with torch.autocast(pixels.flux.device.type, enabled=False):
        flux, variance = pixels.flux.float().flatten(2), pixels.variance.float().flatten(2)  # (n, band, S²)
        size = pixels.flux.shape[-1]
        steps = torch.arange(size, device=flux.device) + 0.5
        dx = steps - pixels.centre[:, 0:1].float()
        dy = steps - pixels.centre[:, 1:2].float()
        distance = torch.sqrt(dx[:, None, :] ** 2 + dy[:, :, None] ** 2)  # (n, S, S)
        radii = torch.tensor(radii_pix, device=flux.device)
        discs = (radii[:, None, None] - distance[:, None] + 0.5).clamp(0, 1)  # (n, aperture, S, S), soft edges
        weights = torch.cat([discs, pixels.mask[:, None].float()], 1).flatten(2)  # (n, sum, S²)
        total = torch.einsum("nbp,nsp->nbs", flux, weights)
        noise = torch.einsum("nbp,nsp->nbs", variance, weights**2).sqrt()  # zero where nothing was observed
        ratio = torch.where(noise > 0, torch.asinh(total / noise.clamp(min=1e-9)), torch.zeros_like(total))
        reference = min(1, len(radii_pix) - 1)
        depth = torch.log10(noise[:, :, reference].clamp(min=1e-3))
        disc = weights[:, reference : reference + 1]
        coverage = torch.einsum("nbp,nsp->nbs", (variance > 0).float(), disc)[:, :, 0] / disc.sum(2).clamp(min=1e-3)
        sides = pixels.size.float().clamp(min=1.0).log() - math.log(16.0)
        return torch.cat([0.5 * ratio.flatten(1), depth, coverage, sides], 1)
