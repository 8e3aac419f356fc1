"""Which sources shine by accretion: galaxies with an active nucleus, and little red dots?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.scenes.galaxies import kpc_per_arcsec, stellar_mass
from zpix.scenes.population import Population
from zpix.scenes.structure import NUCLEUS, Structure
from zpix.spectra.galaxies import CONTINUA, LINE_GROUPS, GalaxySpectra

_LINES = len(CONTINUA)  # last column of `Structure.shares`
#: Rest equivalent widths (Å) of a quasar's Hα and Lyα with N V (Vanden Berk et al. 2001, Table 2).
_NUCLEUS_EW_HA, _NUCLEUS_EW_LYA = 195.0, 93.0

#: 260 little red dots in 640 arcmin² to F444W = 27.7 (Kokorev et al. 2024).
_DOTS_PER_ARCMIN2, _DOTS_TO_MAG = 260 / 640, 27.7
_DOTS_SLOPE = 0.25  # of log counts per mag, of the order of their flat luminosity functions (Kokorev et al. 2024)
_DOTS_BRIGHTEST, _DOTS_FAINTEST = 22.5, 29.0  # one with K < 23.7 in 15 deg² (Ma et al. 2025)
_DOTS_Z = (4.0, 8.5)
_DOT_KPC = 0.06  # half-light radius: most are unresolved, below of the order of 0.1 kpc (Kokorev et al. 2024)


def light_nuclei(rng: np.random.Generator, galaxies: Population, config: SimulationConfig) -> Population:
    """The galaxies, of which some of the massive ones now have an unobscured nucleus and are of kind `agn`.

    Of the order of one in ten massive galaxies accretes visibly (Aird et al. 2018), more than half of them behind dust
    (Merloni et al. 2014): here 4 % of those above 10^10.5 suns. The nucleus takes a tenth to nearly all of the light
    at 5500 Å, which is a choice; magnitudes stay as they are.
    """
    n = len(galaxies)
    chance = 0.04 * config.agn_density / (1 + np.exp(-(stellar_mass(galaxies.mag, galaxies.z) - 10.2) / 0.25))
    active = rng.uniform(size=n) < chance
    share = np.where(active, 0.1 + 0.85 * rng.beta(1.5, 2.0, n), 0.0)
    spectra = galaxies.spectra
    weights = (1 - share)[:, None] * spectra.weights
    weights[:, CONTINUA.index("accretion")] += share
    broad = share * _NUCLEUS_EW_HA * config.emission_lines
    ew_ha = (1 - share) * spectra.ew_ha + broad
    in_lines = np.where(active, broad / np.maximum(ew_ha, 1e-6), 0.0)
    shares = galaxies.structure.shares.copy()
    shares[:, :, _LINES] *= (1 - in_lines)[:, None]
    shares[:, NUCLEUS, _LINES] += in_lines
    changed = {
        "weights": weights,
        "ew_ha": ew_ha,
        "ew_lya": (1 - share) * spectra.ew_lya + share * _NUCLEUS_EW_LYA * config.emission_lines,
        "a_v": np.where(active, np.minimum(spectra.a_v, 0.3), spectra.a_v),
    }
    parts = {
        "kind": np.where(active, "agn", galaxies.kind),
        "spectra": GalaxySpectra(**(vars(spectra) | changed)),
        "structure": Structure(**(vars(galaxies.structure) | {"shares": shares})),
    }
    return Population(**(vars(galaxies) | parts))


def draw_little_red_dots(rng: np.random.Generator, area: float, config: SimulationConfig) -> Population:
    """Little red dots of `area` arcmin², without positions.

    They are compact, blue in the ultraviolet and red beyond the Balmer limit. Their numbers peak near z = 6 and fall
    fast below 4.5 (Kocevski et al. 2024); Hα is strong (Matthee et al. 2024).
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
        re_arcsec=_DOT_KPC * np.exp(0.4 * rng.normal(size=n)) / kpc_per_arcsec(z),
        sersic_n=np.ones(n),
        axis_ratio=rng.uniform(0.7, 1.0, n),
        pa_deg=rng.uniform(0, 180, n),
        spectra=_dot_spectra(rng, z, config),
    )


def _dot_spectra(rng: np.random.Generator, z: NDArray[np.float64], config: SimulationConfig) -> GalaxySpectra:
    """V-shaped spectra: the blue side has 5 to 20 % of the light at 5500 Å."""
    n = len(z)
    blue, poor = 10 ** rng.uniform(-1.3, -0.7, n), rng.uniform(0.2, 1.0, n)
    share = {"dense_gas": 1 - blue, "metal_poor": blue * poor, "burst": blue * (1 - poor)}
    # [O III] is weak beside broad Balmer lines, metals are few (Matthee et al. 2024)
    strength = {"hydrogen": 1.0, "helium": 0.15, "oxygen3": 1.2, "oxygen2": 0.05, "nitrogen": 0.02}
    lines = np.array([strength.get(group, 0.03) for group in LINE_GROUPS])
    return GalaxySpectra(
        z=z,
        weights=np.stack([share.get(name, np.zeros(n)) for name in CONTINUA], axis=1),
        a_v=rng.gamma(1.5, 0.2, n),
        smc=np.ones(n),
        ew_ha=500 * np.exp(0.35 * rng.normal(size=n)) * config.emission_lines,
        lines=np.tile(lines, (n, 1)),
        ew_lya=np.zeros(n),
        igm=np.exp(0.15 * rng.normal(size=n)),
        damping=rng.uniform(0, 1.6, n),
    )
