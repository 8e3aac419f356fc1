"""Which redshifts are possible for a source, seen in any set of bands?

Each observed band is a token: its sums, as `soft_photometry` gives them, its noise and coverage, and where it lies in
wavelength. A small transformer (Vaswani et al. 2017) looks at the tokens of a source and at one for the source itself,
which ends as the mixture. Bands have no order and no names, so that a network taught on random sets of bands can be
asked about others, and about bands it has never seen that lie near those it has.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from zpix.config import ModelConfig
from zpix.detector.redshift_head import Mixture, MixtureLayer, PhotometricHead, dust_input
from zpix.detector.soft_photometry import SourcePixels, soft_photometry
from zpix.image.passbands import passband

_WIDTH, _HEADS, _LAYERS = 96, 4, 3
_HIDDEN = 256
_WAVES = 4  # pairs of sines and cosines of ln λ, the fastest of which turns once in 0.22 dex


@final
class BandsRedshiftHead(PhotometricHead):
    """Head `bands`: soft photometry of any set of bands, and dust.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network; its weights do not depend on the bands.

    Raises
    ------
    BandError
        If the wavelengths of a band are not known.
    """

    serves_any_bands: ClassVar[bool] = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.sigmas_pix, self.elliptical_widths = config.gaussian_sigmas_pix, config.elliptical_widths
        places = where_bands_lie(config.bands)
        self.register_buffer("places", places, persistent=False)
        self._bands, self._sums = len(config.bands), len(self.sigmas_pix) + len(self.elliptical_widths) + 1
        self.band = nn.Sequential(
            nn.Linear(2 * self._sums + 2 + places.shape[1], _HIDDEN), nn.GELU(), nn.Linear(_HIDDEN, _WIDTH)
        )
        self.source = nn.Sequential(nn.Linear(2 + 1, _HIDDEN), nn.GELU(), nn.Linear(_HIDDEN, _WIDTH))  # sides; dust
        self.layers = nn.ModuleList([_Layer() for _ in range(_LAYERS)])
        self.trunk = nn.Sequential(nn.LayerNorm(2 * _WIDTH), nn.Linear(2 * _WIDTH, _HIDDEN), nn.GELU())
        self.mixture = MixtureLayer(_HIDDEN, config.mixture_components)

    def forward(self, pooled: Callable[[], Tensor], pixels: Callable[[], SourcePixels], dust: Tensor) -> Mixture:
        """Give the mixture of each of n sources; see `RedshiftHead.forward`."""
        return self.from_sums(soft_photometry(pixels(), self.sigmas_pix, self.elliptical_widths), dust)

    def from_sums(self, sums: Tensor, dust: Tensor, from_pyramid: Tensor | None = None) -> Mixture:
        """Give the mixture of each of n sources; see `PhotometricHead.from_sums`."""
        with torch.autocast(sums.device.type, enabled=False):  # bf16 would round the fluxes to a per cent
            n, each = len(sums), self._bands * self._sums
            significance, colour, depth, coverage, sides = torch.split(
                sums, [each, each, self._bands, self._bands, 2], 1
            )
            of_band = torch.cat([
                significance.reshape(n, self._bands, self._sums),
                colour.reshape(n, self._bands, self._sums),
                depth[:, :, None],
                coverage[:, :, None],
                self.places.expand(n, -1, -1),  # type: ignore[operator]
            ], 2)  # fmt: skip
            if self.training:  # in sets of bands; each batch is of one
                some = (coverage > 0).any(0)
                of_band, coverage = of_band[:, some], coverage[:, some]
            tokens = torch.cat([self.source(torch.cat([sides, dust_input(dust)], 1))[:, None], self.band(of_band)], 1)
            observed = functional.pad(coverage > 0, (1, 0), value=True)  # (n, 1 + band)
            for layer in self.layers:
                tokens = layer(tokens, observed)
            seen = observed[:, 1:, None].float()
            mean = (tokens[:, 1:] * seen).sum(1) / seen.sum(1).clamp(min=1)
            mixture: Mixture = self.mixture(self.trunk(torch.cat([tokens[:, 0], mean], 1)))
            return mixture._replace(features=torch.cat([sums[:, : 2 * each], mixture.features], 1))

    def photometric_parameters(self) -> list[nn.Parameter]:
        """List all parameters; see `PhotometricHead`."""
        return list(self.parameters())

    def fp32_parts(self) -> list[nn.Module]:
        """List the layers that compute in fp32, which are all; see `RedshiftHead.fp32_parts`."""
        return [self.band, self.source, self.layers, self.trunk, self.mixture]

    @property
    def feature_widths(self) -> tuple[int, ...]:
        """Numbers of significances and colours of the pixels, and of the hidden layer; see `RedshiftHead`."""
        return (2 * self._bands * self._sums, self.mixture.linear.in_features)

    @property
    def features_by_band(self) -> bool:
        """Say that the first features are told apart by band; see `RedshiftHead`."""
        return True


class _Layer(nn.Module):
    """One layer of a transformer, with normalisation before each part."""

    def __init__(self) -> None:
        super().__init__()
        self.before_attention, self.before_hidden = nn.LayerNorm(_WIDTH), nn.LayerNorm(_WIDTH)
        self.query_key_value, self.joined = nn.Linear(_WIDTH, 3 * _WIDTH), nn.Linear(_WIDTH, _WIDTH)
        self.hidden = nn.Sequential(nn.Linear(_WIDTH, 3 * _WIDTH), nn.GELU(), nn.Linear(3 * _WIDTH, _WIDTH))

    def forward(self, tokens: Tensor, observed: Tensor) -> Tensor:
        """Tokens (n, token, width) that have looked at those that are `observed`, (n, token) bool."""
        n, count, _ = tokens.shape
        parts = self.query_key_value(self.before_attention(tokens)).reshape(n, count, 3, _HEADS, _WIDTH // _HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # (n, head, token, width / heads) each
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=observed[:, None, None, :])
        tokens = tokens + self.joined(seen.transpose(1, 2).reshape(n, count, _WIDTH))
        told: Tensor = tokens + self.hidden(self.before_hidden(tokens))
        return told


def where_bands_lie(bands: tuple[str, ...]) -> Tensor:
    """Describe bands by their wavelengths in numbers of order one.

    Parameters
    ----------
    bands : tuple of str
        Names of bands.

    Returns
    -------
    Tensor, shape (band, F), float32
        ln of the pivot wavelength, of both edges over it, and sines and cosines of the pivot.

    Raises
    ------
    BandError
        If the wavelengths of a band are not known.
    """
    known = [passband(band) for band in bands]
    pivot = torch.tensor([math.log(one.pivot_um) for one in known])
    edges = torch.tensor([[math.log(one.red_um / one.pivot_um), math.log(one.pivot_um / one.blue_um)] for one in known])
    turns = pivot[:, None] * 2.0 ** torch.arange(_WAVES) * (math.pi / 2)
    return torch.cat([pivot[:, None], 5 * edges, turns.sin(), turns.cos()], 1)
