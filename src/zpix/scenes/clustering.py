"""How do sources cluster?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.scenes.population import Population
from zpix.sources import GALAXY


def move_beside_others(
    rng: np.random.Generator, x: NDArray, y: NDArray, population: Population, config: SimulationConfig
) -> None:
    """Put a fraction of the galaxies near others, so that pairs exceed chance; writes into x and y."""
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
