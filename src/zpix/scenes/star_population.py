"""Which stars and brown dwarfs are in a piece of sky?"""

from __future__ import annotations

import numpy as np

from zpix.config import SimulationConfig
from zpix.scenes.population import Population
from zpix.spectra.galaxies import CONTINUA, LINE_GROUPS, GalaxySpectra


def draw_stars(rng: np.random.Generator, area: float, config: SimulationConfig) -> Population:
    """Stars, three per arcmin² to 28 mag with counts ∝ 10^0.13m, and brown dwarfs (Hainline et al. 2024)."""
    per_arcmin2 = 3.0 * 10 ** (0.13 * (min(config.limit_mag, 29.0) - 28.0))
    n_stars = rng.poisson(area * config.star_density * per_arcmin2)
    n_dwarfs = rng.poisson(area * config.brown_dwarf_per_arcmin2)
    n = n_stars + n_dwarfs
    faint = min(config.limit_mag, 29.0)
    mag = np.clip(faint + np.log10(1 - rng.uniform(size=n)) / np.repeat([0.13, 0.25], [n_stars, n_dwarfs]), 17.0, faint)
    sort = rng.choice(3, size=n, p=[0.68, 0.22, 0.10])  # M, K and hotter dwarfs: what a deep field looks through
    low, high = np.array([2400.0, 3900.0, 5300.0])[sort], np.array([3900.0, 5300.0, 7500.0])[sort]
    teff = rng.uniform(low, high)
    teff[n_stars:] = 400 + 1900 * rng.beta(1.5, 1.5, n_dwarfs)
    zero = np.zeros(n)
    spectra = GalaxySpectra(
        z=zero,
        weights=np.zeros((n, len(CONTINUA))),
        a_v=zero,
        smc=zero,
        ew_ha=zero,
        lines=np.zeros((n, len(LINE_GROUPS))),
        ew_lya=zero,
        igm=zero,
        damping=zero,
    )
    return Population.unplaced(
        kind=np.repeat(["star", "brown_dwarf"], [n_stars, n_dwarfs]),
        mag=mag,
        spectra=spectra,
        teff=teff,
        colour_scatter=rng.normal(size=n),
    )
