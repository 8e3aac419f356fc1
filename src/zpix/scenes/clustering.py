"""How do sources cluster?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.scenes.population import Population
from zpix.sources import GALAXY


def move_beside_others(
    rng: np.random.Generator,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    population: Population,
    config: SimulationConfig,
) -> None:
    """Put a fraction of the galaxies near others, so that pairs exceed chance.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    x, y : (N,) float64, pixels
        Positions; written to.
    population : Population of length N
        The sources.
    config : SimulationConfig
        What the sky is drawn with.
    """
    galaxy = np.flatnonzero(population.label == GALAXY)
    chosen = galaxy[rng.uniform(size=len(galaxy)) < config.clustered_fraction]
    if len(galaxy) < 2:
        return
    beside = galaxy[rng.integers(0, len(galaxy), len(chosen))]
    median = config.cluster_scale_arcsec / config.pixel_scale_arcsec
    separation = median * np.exp(0.6 * rng.normal(size=len(chosen)))
    angle = rng.uniform(0, 2 * np.pi, len(chosen))
    x[chosen] = x[beside] + separation * np.cos(angle)
    y[chosen] = y[beside] + separation * np.sin(angle)
