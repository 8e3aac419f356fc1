"""Which redshifts are possible for a source?

A mixture density network (Bishop 1994) over what the detector knows of a source. Head `fpn` is that of Merz et al.
2026: pooled pyramid features and E(B−V) through two hidden layers. Head `fpn+pixels` adds the source's own pixels by
way of `soft_photometry`, since colours are in the pixels and the pyramid blurs them. A head over any set of bands is in
`bands_head`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from zpix.config import ModelConfig
from zpix.detector.box_head import BOX_BINS
from zpix.detector.soft_photometry import LEAST_DEPTH, SourcePixels, soft_photometry

# Milky Way E(B−V) is a few hundredths of a magnitude in survey fields; this brings it to order one.
_DUST_SCALE = 20.0
_HIDDEN = 512
_Z_MAX = 20.0
_NARROWEST = 2e-3  # of 1 + z: no band set resolves less


class Mixture(NamedTuple):
    """Parameters of redshift mixtures of n sources, K Gaussians each, and the features they were inferred from.

    Attributes
    ----------
    log_weights : Tensor, shape (n, K)
        Logarithms of the weights, which sum to one.
    means : Tensor, shape (n, K)
        Means of the Gaussians, in redshift.
    widths : Tensor, shape (n, K)
        Standard deviations of the Gaussians, in redshift.
    features : Tensor, shape (n, F)
        Features of the kinds and numbers of `RedshiftHead.feature_widths`.
    """

    log_weights: Tensor
    means: Tensor
    widths: Tensor
    features: Tensor


class BandInputs(NamedTuple):
    """Which band each input of a layer is of.

    Attributes
    ----------
    band : list of int
        Number of the band of each input, -1 for inputs of no single band.
    absent : list of float
        Value of each input where its band is missing.
    """

    band: list[int]
    absent: list[float]


class MixtureLayer(nn.Module):
    """The last layer of a redshift head, in fp32: hidden vector to mixture parameters.

    Means are linear in ln(1 + z), widths are relative to 1 + mean.

    Parameters
    ----------
    inputs : int
        Length H of the hidden vector.
    components : int
        Number K of Gaussians.
    """

    def __init__(self, inputs: int, components: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, 3 * components)
        with torch.no_grad():  # begin with components spread over the redshifts and wide enough to overlap
            self.linear.weight.mul_(0.1)
            self.linear.bias.zero_()
            self.linear.bias[components : 2 * components] = torch.linspace(0.2, 2.4, components)
            self.linear.bias[2 * components :] = math.log(0.2)

    def forward(self, hidden: Tensor) -> Mixture:
        """Give the mixture of each source; its features are the hidden vector.

        Parameters
        ----------
        hidden : Tensor, shape (n, H)
            Hidden vectors.

        Returns
        -------
        Mixture
            Of n sources, float32.
        """
        with torch.autocast(hidden.device.type, enabled=False):
            weight, bias = self.linear.weight.float(), self.linear.bias.float()
            logits, log_mean, log_width = functional.linear(hidden.float(), weight, bias).chunk(3, 1)
            means = torch.expm1(log_mean.clamp(-0.5, math.log1p(_Z_MAX)))
            relative = _NARROWEST + torch.exp(log_width.clamp(-9.0, 1.0))
            return Mixture(torch.log_softmax(logits, 1), means, relative * (1 + means), hidden.float())


class RedshiftHead(nn.Module, ABC):
    """What the detector knows of a source to a redshift mixture.

    A head is built from a `ModelConfig` alone and ends in a `MixtureLayer` named `mixture`.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network.

    Attributes
    ----------
    serves_any_bands : bool
        Whether the weights know no band, so that they serve any `config.bands`; a class says it, by default false.
    """

    serves_any_bands: ClassVar[bool] = False
    mixture: MixtureLayer

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def forward(self, pooled: Callable[[], Tensor], pixels: Callable[[], SourcePixels], dust: Tensor) -> Mixture:
        """Give the mixture of each of n sources.

        Parameters
        ----------
        pooled : callable without arguments
            Pools the pyramid's features of the boxes and returns them, (n, channel, 7, 7); a head that does not read
            them does not call it.
        pixels : callable without arguments
            Cuts the sources' pixels and returns them as `SourcePixels`; a head that does not read pixels does not
            call it.
        dust : Tensor, shape (n,), mag
            E(B−V) of the Milky Way.

        Returns
        -------
        Mixture
            Of n sources.
        """

    def fp32_parts(self) -> list[nn.Module]:
        """List the layers that compute in fp32 whatever the rest does.

        Returns
        -------
        list of Module
            The mixture layer, and whatever else must not be rounded.
        """
        return [self.mixture]

    @property
    def feature_widths(self) -> tuple[int, ...]:
        """Numbers of features of each kind in `Mixture.features`.

        Returns
        -------
        tuple of int
            One number per kind; by default the hidden layer before the mixture is the only kind.
        """
        return (self.mixture.linear.in_features,)

    def band_inputs(self) -> dict[str, BandInputs]:
        """List the layers whose inputs are of single bands, so that their weights can follow the names of the bands.

        Returns
        -------
        dict of str to BandInputs
            By the name of the layer's weights, (out, input); by default none.
        """
        return {}

    @property
    def features_by_band(self) -> bool:
        """Say whether the first kind of features is told apart by band.

        Returns
        -------
        bool
            True if these are significances (band, sum), then colours (band, sum), as `soft_photometry` gives them; by
            default false.
        """
        return False


class PhotometricHead(RedshiftHead):
    """A redshift head with soft photometry, which can learn from that alone before the joint training."""

    @abstractmethod
    def from_sums(self, sums: Tensor, dust: Tensor, from_pyramid: Tensor | None = None) -> Mixture:
        """Give the mixture of each of n sources from its soft photometry.

        Parameters
        ----------
        sums : Tensor, shape (n, F)
            Sums as `soft_photometry` gives them with the weights of the model.
        dust : Tensor, shape (n,), mag
            E(B−V) of the Milky Way.
        from_pyramid : Tensor, shape (n, hidden), optional
            The pyramid's part of the hidden layer; without it the photometry decides alone.

        Returns
        -------
        Mixture
            Of n sources.
        """

    @abstractmethod
    def photometric_parameters(self) -> list[nn.Parameter]:
        """List the parameters that learn from soft photometry alone.

        Returns
        -------
        list of Parameter
            All but those of the pyramid's part.
        """


@final
class PyramidRedshiftHead(RedshiftHead):
    """Head `fpn`: pyramid features and dust.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        inputs = config.pyramid_channels * BOX_BINS**2 + 1  # and dust
        self.pyramid = nn.Sequential(nn.Linear(inputs, 1024), nn.Tanh(), nn.Linear(1024, 64), nn.Tanh())
        self.mixture = MixtureLayer(64, config.mixture_components)

    def forward(self, pooled: Callable[[], Tensor], pixels: Callable[[], SourcePixels], dust: Tensor) -> Mixture:
        """Give the mixture of each of n sources; see `RedshiftHead.forward`."""
        mixture: Mixture = self.mixture(self.pyramid(_with_dust(pooled(), dust)).float())
        return mixture


@final
class PixelRedshiftHead(PhotometricHead):
    """Head `fpn+pixels`: soft photometry, pyramid features and dust.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.sigmas_pix, self.elliptical_widths = config.gaussian_sigmas_pix, config.elliptical_widths
        # The pyramid's part starts at zero, so that it does not disturb pretrained photometry when it joins.
        joins = nn.Linear(128, _HIDDEN)
        nn.init.zeros_(joins.weight)
        nn.init.zeros_(joins.bias)
        inputs = config.pyramid_channels * BOX_BINS**2 + 1  # and dust
        self.pyramid = nn.Sequential(nn.Linear(inputs, 128), nn.GELU(), joins)
        bands, sums = len(config.bands), len(self.sigmas_pix) + len(self.elliptical_widths) + 1  # and the mask
        self._colours = 2 * bands * sums  # significances and colours
        inputs = self._colours + 2 * bands + 2 + 1  # depth and coverage; box sides; dust
        self.photometry = nn.Sequential(nn.Linear(inputs, _HIDDEN), nn.GELU(), *_layer(), nn.Linear(_HIDDEN, _HIDDEN))
        self.trunk = nn.Sequential(nn.LayerNorm(_HIDDEN), nn.GELU(), *_layer())
        self.mixture = MixtureLayer(_HIDDEN, config.mixture_components)

    def forward(self, pooled: Callable[[], Tensor], pixels: Callable[[], SourcePixels], dust: Tensor) -> Mixture:
        """Give the mixture of each of n sources; see `RedshiftHead.forward`."""
        from_pyramid = self.pyramid(_with_dust(pooled(), dust)).float()
        return self.from_sums(soft_photometry(pixels(), self.sigmas_pix, self.elliptical_widths), dust, from_pyramid)

    def from_sums(self, sums: Tensor, dust: Tensor, from_pyramid: Tensor | None = None) -> Mixture:
        """Give the mixture of each of n sources; see `PhotometricHead.from_sums`."""
        with torch.autocast(sums.device.type, enabled=False):  # bf16 would round the fluxes to a per cent
            hidden = self.photometry(torch.cat([sums, dust_input(dust)], 1))
            mixture: Mixture = self.mixture(self.trunk(hidden if from_pyramid is None else hidden + from_pyramid))
            return mixture._replace(features=torch.cat([sums[:, : self._colours], mixture.features], 1))

    def band_inputs(self) -> dict[str, BandInputs]:
        """List the layer that reads soft photometry; see `RedshiftHead.band_inputs`."""
        bands = range(len(self.config.bands))
        sums = self._colours // (2 * len(bands))
        by_sum = [band for band in bands for _ in range(sums)]
        order = [*by_sum, *by_sum, *bands, *bands, -1, -1, -1]  # significances, colours, depths, coverages, the rest
        absent = [0.0] * self._colours + [LEAST_DEPTH] * len(bands) + [0.0] * (len(bands) + 3)
        return {"photometry.0.weight": BandInputs(order, absent)}

    def photometric_parameters(self) -> list[nn.Parameter]:
        """List the parameters that learn from soft photometry alone; see `PhotometricHead`."""
        return [parameter for name, parameter in self.named_parameters() if not name.startswith("pyramid.")]

    def fp32_parts(self) -> list[nn.Module]:
        """List the layers that compute in fp32; see `RedshiftHead.fp32_parts`."""
        return [self.photometry, self.trunk, self.mixture]

    @property
    def feature_widths(self) -> tuple[int, ...]:
        """Numbers of significances and colours of the pixels, and of the hidden layer; see `RedshiftHead`."""
        return (self._colours, self.mixture.linear.in_features)

    @property
    def features_by_band(self) -> bool:
        """Say that the first features are told apart by band; see `RedshiftHead`."""
        return True


def dust_input(dust: Tensor) -> Tensor:
    """Give E(B−V) as an input of order one.

    Parameters
    ----------
    dust : Tensor, shape (n,), mag
        E(B−V) of the Milky Way.

    Returns
    -------
    Tensor, shape (n, 1), float32
        The input.
    """
    return _DUST_SCALE * dust[:, None].float()


def _with_dust(pooled: Tensor, dust: Tensor) -> Tensor:
    """Pooled features (n, channel, 7, 7) as rows, (n, channel × 49 + 1), dust last."""
    flat = pooled.flatten(1)
    return torch.cat([flat, dust_input(dust).to(flat.dtype)], 1)


def _layer() -> tuple[nn.Module, ...]:
    """One hidden layer."""
    return nn.Linear(_HIDDEN, _HIDDEN), nn.LayerNorm(_HIDDEN), nn.GELU()
