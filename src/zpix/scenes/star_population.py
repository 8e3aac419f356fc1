"""Which stars and brown dwarfs are in a piece of sky?"""

from __future__ import annotations

import numpy as np

from zpix.config import SimulationConfig
from zpix.scenes.population import Population
from zpix.spectra import STARS, MixedSpectra


def draw_stars(rng: np.random.Generator, area: float, config: SimulationConfig) -> Population:
    """Draw stars, three per arcmin² to 28 mag with counts ∝ 10^0.13m, and brown dwarfs (Hainline et al. 2024).

    None is brighter than 17 mag but those of `bright_star_boost`.

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
        Stars and brown dwarfs, without positions.
    """
    per_arcmin2 = 3.0 * 10 ** (0.13 * (min(config.limit_mag, 29.0) - 28.0))
    n_stars = rng.poisson(area * config.star_density * per_arcmin2)
    n_dwarfs = rng.poisson(area * config.brown_dwarf_per_arcmin2)
    n = n_stars + n_dwarfs
    faint = min(config.limit_mag, 29.0)
    mag = np.clip(faint + np.log10(1 - rng.uniform(size=n)) / np.repeat([0.13, 0.25], [n_stars, n_dwarfs]), 17.0, faint)
    if config.bright_star_boost:
        bright = rng.spawn(1)[0]
        chosen, drawn_flat = bright.uniform(size=n) < config.bright_star_boost, bright.uniform(size=n)
        brightest, faintest = config.bright_star_range
        chosen &= np.arange(n) < n_stars
        mag = np.where(chosen, brightest + (faintest - brightest) * drawn_flat, mag)
    drawn = STARS.draw(rng, stars=n_stars, brown_dwarfs=n_dwarfs)
    return Population.unplaced(
        kind=np.repeat(["star", "brown_dwarf"], [n_stars, n_dwarfs]),
        mag=mag,
        z=drawn.z,
        spectra=MixedSpectra.of(STARS, drawn),
    )
