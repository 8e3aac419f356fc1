"""Which sources shine by accretion: galaxies with an active nucleus, and little red dots?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.scenes.cosmology import kpc_per_arcsec
from zpix.scenes.galaxies import stellar_mass
from zpix.scenes.population import Population
from zpix.scenes.structure import NUCLEUS
from zpix.spectra import COMPONENTS, draw_dot_spectra

_LINES = COMPONENTS.index("lines")

#: 260 little red dots in 640 arcmin² to F444W = 27.7 (Kokorev et al. 2024).
_DOTS_PER_ARCMIN2, _DOTS_TO_MAG = 260 / 640, 27.7
_DOTS_SLOPE = 0.25  # of log counts per mag, of the order of their flat luminosity functions (Kokorev et al. 2024)
_DOTS_BRIGHTEST, _DOTS_FAINTEST = 22.5, 29.0  # one with K < 23.7 in 15 deg² (Ma et al. 2025)
_DOTS_Z = (4.0, 8.5)
_DOT_KPC = 0.06  # half-light radius: most are unresolved, below of the order of 0.1 kpc (Kokorev et al. 2024)


def light_nuclei(rng: np.random.Generator, galaxies: Population, config: SimulationConfig) -> Population:
    """Give some of the massive galaxies an unobscured nucleus; they are then of kind `agn`.

    Of the order of one in ten massive galaxies accretes visibly (Aird et al. 2018), more than half of them behind dust
    (Merloni et al. 2014): here 4 % of those above 10^10.5 suns. The nucleus takes a tenth to nearly all of the light
    at 5500 Å, which is a choice; magnitudes stay as they are.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : Population
        The galaxies.
    config : SimulationConfig
        What the sky is drawn with.

    Returns
    -------
    Population
        The same galaxies.
    """
    n = len(galaxies)
    chance = 0.04 * config.agn_density / (1 + np.exp(-(stellar_mass(galaxies.mag, galaxies.z) - 10.2) / 0.25))
    active = (rng.uniform(size=n) < chance) & galaxies.spectra.can_have_nuclei
    share = draw_nuclear_shares(rng, active)
    spectra, in_lines = galaxies.spectra.with_nuclei(share, emission_lines=config.emission_lines)
    shares = galaxies.structure.shares.copy()
    shares[:, :, _LINES] *= (1 - in_lines)[:, None]
    shares[:, NUCLEUS, _LINES] += in_lines
    kind = np.where(active, "agn", galaxies.kind)
    return replace(galaxies, kind=kind, spectra=spectra, structure=replace(galaxies.structure, shares=shares))


def draw_nuclear_shares(rng: np.random.Generator, active: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Draw how much of the light at 5500 Å is a nucleus's.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    active : (N,) bool
        Which galaxies have one.

    Returns
    -------
    (N,) float64
        Shares; 0 for the others.
    """
    return np.where(active, 0.1 + 0.85 * rng.beta(1.5, 2.0, len(active)), 0.0)


def draw_little_red_dots(rng: np.random.Generator, area: float, config: SimulationConfig) -> Population:
    """Draw the little red dots of a piece of sky.

    They are compact, blue in the ultraviolet and red beyond the Balmer limit. Their numbers peak near z = 6 and fall
    fast below 4.5 (Kocevski et al. 2024); Hα is strong (Matthee et al. 2024).

    Parameters
    ----------
    rng : Generator
        Random numbers.
    area : float, arcmin²
        Area of the sky.
    config : SimulationConfig
        What the sky is drawn with.

    Returns
    -------
    Population
        The little red dots, without positions.
    """
    faintest = min(config.limit_mag, _DOTS_FAINTEST)
    expected = _DOTS_PER_ARCMIN2 * 10 ** (_DOTS_SLOPE * (faintest - _DOTS_TO_MAG))
    n = rng.poisson(area * config.agn_density * expected)
    mag = np.maximum(faintest + np.log10(1 - rng.uniform(size=n)) / _DOTS_SLOPE, min(_DOTS_BRIGHTEST, faintest))
    z = rng.normal(6.0, 1.0, n)
    z = np.where((z > _DOTS_Z[0]) & (z < _DOTS_Z[1]), z, rng.uniform(5.0, 7.0, n))
    return Population.unplaced(
        kind="little_red_dot",
        mag=mag,
        z=z,
        re_arcsec=_DOT_KPC * np.exp(0.4 * rng.normal(size=n)) / kpc_per_arcsec(z),
        sersic_n=np.ones(n),
        axis_ratio=rng.uniform(0.7, 1.0, n),
        pa_deg=rng.uniform(0, 180, n),
        spectra=draw_dot_spectra(rng, z, emission_lines=config.emission_lines),
    )
