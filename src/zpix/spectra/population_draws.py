"""Which metals, dust and gas do galaxies have that are sums of stellar populations?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.family import GalaxyTraits
from zpix.spectra.galaxy_draws import draw_dust, draw_gas, draw_has_lyman_alpha, draw_obscured
from zpix.spectra.nebular_ratios import draw_ratios
from zpix.spectra.population_grid import PopulationGrid
from zpix.spectra.population_spectra import PopulationSpectra
from zpix.spectra.star_formation import draw_histories

_SOLAR_OXYGEN, _SOLAR_METALS = 8.69, 0.0142  # Asplund et al. (2009)
# 12 + log(O/H) of 10¹⁰ suns by redshift, of the order of Sanders et al. (2021) and Curti et al. (2024)
_OXYGEN_Z, _OXYGEN = (0.0, 1.0, 2.3, 3.3, 6.0, 10.0), (8.77, 8.65, 8.51, 8.41, 8.15, 7.95)
_OXYGEN_SLOPE = 0.25  # for each dex of mass


def draw_populations(
    rng: np.random.Generator, galaxies: GalaxyTraits, grid: PopulationGrid, *, emission_lines: bool
) -> PopulationSpectra:
    """Draw histories, metals, dust and gas of galaxies.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.
    grid : PopulationGrid
        Stars by age and metallicity.
    emission_lines : bool
        Whether galaxies have emission lines.

    Returns
    -------
    PopulationSpectra of length N
        Parameters of the spectra.
    """
    n = len(galaxies)
    oxygen, log_metallicity = _metals(rng, galaxies)
    formed = draw_histories(rng, galaxies)
    light = np.einsum("nm,mb,nb->n", grid.metallicity_weights(log_metallicity), grid.at_5500, formed)
    a_v, cloud_a_v, slope, bump = _dust(rng, galaxies)
    ionisation = 0.1 * np.clip(galaxies.z - 0.5, 0, 3) + 0.2 * rng.normal(size=n)
    lyman_alpha = np.where(draw_has_lyman_alpha(rng, galaxies), 0.4 * rng.beta(1.2, 3.0, n), 0.0)
    igm, damping = draw_gas(rng, n)
    return PopulationSpectra(
        z=galaxies.z,
        a_v=a_v,
        igm=igm,
        damping=damping,
        nucleus=np.zeros(n),
        broad_lines=np.zeros(n),
        formed=formed / light[:, None],
        log_metallicity=log_metallicity,
        cloud_a_v=cloud_a_v,
        slope=slope,
        bump=bump,
        escape=rng.beta(0.8, 7.0, n),  # a tenth (Mascia et al. 2023)
        lines=draw_ratios(rng, oxygen, ionisation) * emission_lines,
        lyman_alpha=lyman_alpha * emission_lines,
    )


def _metals(rng: np.random.Generator, galaxies: GalaxyTraits) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """12 + log(O/H) of the gas, and log₁₀ of the mass fraction of metals in stars, which iron dominates and lags."""
    n = len(galaxies)
    oxygen = np.interp(galaxies.z, _OXYGEN_Z, _OXYGEN) + _OXYGEN_SLOPE * np.clip(galaxies.log_mass - 10, -3, 1)
    oxygen = np.clip(oxygen + 0.12 * rng.normal(size=n), 7.0, 9.0)
    forming = oxygen - _SOLAR_OXYGEN - 0.15 * np.clip(galaxies.z / 2, 0, 1)
    ceased = 0.05 + 0.15 * np.clip(galaxies.log_mass - 10.7, -2, 1) - 0.1 * np.clip(galaxies.z / 2, 0, 1)
    relative = np.where(galaxies.quiescent, ceased, forming) + 0.15 * rng.normal(size=n)
    return oxygen, np.log10(_SOLAR_METALS) + np.clip(relative, -2.0, 0.5)


def _dust(
    rng: np.random.Generator, galaxies: GalaxyTraits
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """A(V) of all light and of birth clouds, slopes and bumps.

    Curves are shallower where there is more dust (Salim et al. 2018), bumps weaker with shallower curves (Kriek &
    Conroy 2013) and at high redshift.
    """
    n = len(galaxies)
    a_v = 0.8 * draw_dust(rng, galaxies, draw_obscured(rng, galaxies))
    cloud_a_v = a_v * rng.uniform(0.2, 1.2, n)
    slope = np.clip(-0.2 + 0.45 * np.log10(np.maximum(a_v, 0.02) / 0.8), -0.7, 0.2) + 0.15 * rng.normal(size=n)
    slope = np.clip(slope, -0.9, 0.3)
    bump = np.maximum(0.85 - 1.9 * slope, 0.0) * rng.uniform(0, 1.2, n) * np.interp(galaxies.z, (2, 6), (1.0, 0.4))
    return a_v, cloud_a_v, slope, bump
