"""Which sources are in a piece of sky?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from zpix.config import SimulationConfig
from zpix.scenes.clustering import move_beside_others
from zpix.scenes.galaxies import draw_galaxies, draw_listed_galaxies
from zpix.scenes.jaguar import JaguarCatalogue
from zpix.scenes.nuclei import draw_little_red_dots, light_nuclei
from zpix.scenes.population import Population
from zpix.scenes.spectroscopic_sample import spectroscopic_redshifts
from zpix.scenes.star_population import draw_stars
from zpix.sources import GALAXY


def draw_population(
    rng: np.random.Generator,
    *,
    width_pix: float,
    height_pix: float,
    config: SimulationConfig,
    catalogue: JaguarCatalogue | None = None,
) -> Population:
    """Draw the sources of a rectangle of sky whose lower left pixel is (0, 0).

    What can be switched off has random numbers of its own, so that everything else stays as it is.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    width_pix, height_pix : float, pixels
        Sides of the rectangle.
    config : SimulationConfig
        What the sky is drawn with.
    catalogue : JaguarCatalogue, optional
        Its galaxies take the place of all others, little red dots included.

    Returns
    -------
    Population
        The sources; a few lie just outside the rectangle.
    """
    area = width_pix * height_pix * (config.pixel_scale_arcsec / 60) ** 2  # arcmin²
    structure_rng, nuclei_rng, spectra_rng = rng.spawn(3)
    if catalogue is None:
        galaxies = light_nuclei(nuclei_rng, draw_galaxies(rng, structure_rng, area, config), config)
    else:
        galaxies = draw_listed_galaxies(rng, area, config, catalogue)
    population = Population.concatenate([galaxies, draw_stars(rng, area, config)])
    n = len(population)
    x, y = rng.uniform(0, width_pix, n), rng.uniform(0, height_pix, n)
    move_beside_others(rng, x, y, population, config)
    if catalogue is None:
        dots = draw_little_red_dots(nuclei_rng, area, config)
        x = np.append(x, nuclei_rng.uniform(0, width_pix, len(dots)))
        y = np.append(y, nuclei_rng.uniform(0, height_pix, len(dots)))
        population = Population.concatenate([population, dots])
    if config.spectral_scatter:
        bent = population.spectra.bent(spectra_rng.spawn(1)[0], config.spectral_scatter)
        bent = replace(bent, bends=np.where((population.label == GALAXY)[:, None], bent.bends, 0.0))
        population = replace(population, spectra=bent)
    z_spec = spectroscopic_redshifts(spectra_rng, population)
    return replace(population, x=x - 0.5, y=y - 0.5, z_spec=z_spec)
