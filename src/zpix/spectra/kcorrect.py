"""Which colours do galaxies of the family `kcorrect` have, given their stars, dust, lines and redshift?

A galaxy's light is a non-negative mix of continua (`zpix.spectra.continua`). Dust, emission lines and the
intergalactic medium are put on top, so that colours fill their space instead of following a few tracks. Nothing is
tabulated in redshift: each galaxy is integrated through the filters on a grid uniform in ln λ. Fluxes are linear in the
mix, so what holds a part of it has that part of the light.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from zpix.instruments import band_weights
from zpix.spectra.attenuation import E_FOLDS_PER_MAG, attenuation
from zpix.spectra.continua import CONTINUA, continua
from zpix.spectra.emission_lines import (
    H_ALPHA,
    LINE_GROUPS,
    LINES,
    LYMAN_ALPHA,
    add_narrow_lines,
    narrow_line_fluxes,
)
from zpix.spectra.family import COMPONENTS, GalaxyFamily, GalaxyTraits, LineStrengths
from zpix.spectra.intergalactic import absorb
from zpix.spectra.kcorrect_draws import draw_kcorrect
from zpix.spectra.kcorrect_spectra import KcorrectSpectra
from zpix.spectra.wavelengths import batches, pixel_at, redshifted, rest_grid

#: Component of each of `CONTINUA`, and of the lines.
_COMPONENT = {
    "dusty_old": "old",
    "burst": "young",
    "dusty_young": "other",
    "old": "old",
    "intermediate": "intermediate",
    "metal_poor": "young",
    "accretion": "accretion",
    "dense_gas": "other",
    "lines": "lines",
}
_COLUMNS = [COMPONENTS.index(_COMPONENT[name]) for name in (*CONTINUA, "lines")]
#: Rest equivalent widths (Å) of a quasar's Hα and Lyα with N V (Vanden Berk et al. 2001, Table 2).
_NUCLEUS_EW_HA, _NUCLEUS_EW_LYA = 195.0, 93.0


class KcorrectFamily(GalaxyFamily[KcorrectSpectra]):
    """Galaxies as mixes of the basis spectra of kcorrect (Blanton & Roweis 2007) with dust, lines and gas."""

    has_nuclei = True

    def draw(self, rng: np.random.Generator, galaxies: GalaxyTraits, *, emission_lines: bool) -> KcorrectSpectra:
        """Draw stars, dust, lines and absorption; see `GalaxyFamily.draw`."""
        return draw_kcorrect(rng, galaxies, emission_lines=emission_lines)

    def rest_spectra(self, drawn: KcorrectSpectra) -> NDArray[np.float64]:
        """Compute rest-frame f_λ, with lines two pixels wide; see `SpectraFamily.rest_spectra`.

        Through the bands, and behind the gas, they have the fluxes of `band_fluxes`.
        """
        grid = rest_grid()
        light, lyman_alpha = _behind_dust(drawn)
        f_nu = light.astype(float)
        add_narrow_lines(f_nu, _lines(drawn, light, lyman_alpha))
        return np.asarray(f_nu / grid**2)

    def band_fluxes(self, drawn: KcorrectSpectra, *, bands: tuple[str, ...]) -> NDArray[np.float32]:
        """Compute band-averaged f_ν, for light of 1 at 5500 Å before dust; see `SpectraFamily.band_fluxes`."""
        fluxes = np.zeros((len(drawn), len(bands)), np.float32)
        for batch in batches(len(drawn)):
            light, lyman_alpha = _behind_gas(drawn[batch])
            continuum = redshifted(light, drawn.z[batch], bands) @ band_weights(bands)  # (N, band)
            fluxes[batch] = continuum + _line_fluxes(drawn[batch], light, lyman_alpha, bands)
        return fluxes

    def light(self, drawn: KcorrectSpectra, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the share of the parts in the light at 5500 Å before dust; see `SpectraFamily.light`."""
        of_continua = np.take(shares, _COLUMNS, axis=2)[:, :, :-1]
        return np.asarray(np.einsum("npk,nk->np", of_continua, drawn.weights))

    def part_fluxes(
        self, drawn: KcorrectSpectra, shares: NDArray[np.float64], *, bands: tuple[str, ...]
    ) -> NDArray[np.float32]:
        """Compute band-averaged f_ν of the parts of each galaxy; see `SpectraFamily.part_fluxes`."""
        fluxes = np.zeros((len(drawn), shares.shape[1], len(bands)), np.float32)
        for batch in batches(len(drawn)):
            fluxes[batch] = _part_fluxes(drawn[batch], np.take(shares[batch], _COLUMNS, axis=2), bands)
        return fluxes

    def line_strengths(self, drawn: KcorrectSpectra) -> LineStrengths:
        """Give the strengths of Hα and [O III]; see `SpectraFamily.line_strengths`."""
        oxygen3 = 0.35 * drawn.lines[:, LINE_GROUPS.index("oxygen3")] / np.exp(0.25 * drawn.a_v)
        return LineStrengths(h_alpha=drawn.ew_ha, oxygen3=oxygen3)

    def with_nuclei(
        self, drawn: KcorrectSpectra, share: NDArray[np.float64], *, emission_lines: bool
    ) -> tuple[KcorrectSpectra, NDArray[np.float64]]:
        """Add a quasar's continuum and broad lines to some galaxies; see `GalaxyFamily.with_nuclei`."""
        active = share > 0
        weights = (1 - share)[:, None] * drawn.weights
        weights[:, CONTINUA.index("accretion")] += share
        broad = share * _NUCLEUS_EW_HA * emission_lines
        ew_ha = (1 - share) * drawn.ew_ha + broad
        in_lines = np.where(active, broad / np.maximum(ew_ha, 1e-6), 0.0)
        ew_lya = (1 - share) * drawn.ew_lya + share * _NUCLEUS_EW_LYA * emission_lines
        a_v = np.where(active, np.minimum(drawn.a_v, 0.3), drawn.a_v)
        return replace(drawn, weights=weights, ew_ha=ew_ha, ew_lya=ew_lya, a_v=a_v), in_lines


#: The family, which little red dots use too.
KCORRECT = KcorrectFamily()


def _part_fluxes(spectra: KcorrectSpectra, shares: NDArray[np.float64], bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Fluxes of parts, (N, part, band), of which shares (N, part, 9) hold each of `CONTINUA`, and last of the lines."""
    lines = _line_fluxes(spectra, *_behind_gas(spectra), bands)
    fluxes = shares[:, :, -1, None] * lines[:, None]
    for part in range(shares.shape[1]):
        weights = spectra.weights * shares[:, part, :-1]
        rows = np.flatnonzero(weights.any(axis=1))
        own = replace(spectra, weights=weights)[rows]
        fluxes[rows, part] += redshifted(_behind_gas(own)[0], own.z, bands) @ band_weights(bands)
    return fluxes


def _behind_dust(spectra: KcorrectSpectra) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Continuum behind dust, f_ν (N, W), and its f_ν beside Lyman α, (N,)."""
    light = spectra.weights.astype(np.float32) @ continua()  # (N, W)
    optical_depth = spectra.a_v[:, None] * E_FOLDS_PER_MAG
    dust = (1.0 - spectra.smc[:, None]) * optical_depth, spectra.smc[:, None] * optical_depth
    light *= np.exp(-(np.hstack(dust).astype(np.float32) @ attenuation()))
    return light, light[:, pixel_at(1260.0)].astype(float)


def _behind_gas(spectra: KcorrectSpectra) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Continuum behind dust and intergalactic gas, f_ν (N, W), and its f_ν beside Lyman α before the gas, (N,)."""
    light, lyman_alpha = _behind_dust(spectra)
    absorb(light, spectra.z, spectra.igm, spectra.damping)
    return light, lyman_alpha


def _line_fluxes(
    spectra: KcorrectSpectra,
    light: NDArray[np.float32],
    lyman_alpha: NDArray[np.float64],
    bands: tuple[str, ...],
) -> NDArray[np.float64]:
    """What the lines add to the band fluxes, (N, band); dust reddens their ratios through the continuum's curve."""
    return narrow_line_fluxes(_lines(spectra, light, lyman_alpha), spectra.z, bands)


def _lines(
    spectra: KcorrectSpectra, light: NDArray[np.float32], lyman_alpha: NDArray[np.float64]
) -> Iterator[tuple[float, NDArray[np.float64]]]:
    """Rest wavelength of each line in Å, and its f_ν × Δ ln λ in each galaxy, (N,)."""
    h_alpha = light[:, pixel_at(H_ALPHA)] * spectra.ew_ha / H_ALPHA
    curve = attenuation()[0]
    for wavelength, group, ratio in LINES:
        reddening = curve[pixel_at(wavelength)] - curve[pixel_at(H_ALPHA)]
        strength = spectra.lines[:, LINE_GROUPS.index(group)] * ratio * 10 ** (-0.4 * spectra.a_v * reddening)
        yield wavelength, h_alpha * strength * wavelength / H_ALPHA
    yield LYMAN_ALPHA, lyman_alpha * spectra.ew_lya / LYMAN_ALPHA
