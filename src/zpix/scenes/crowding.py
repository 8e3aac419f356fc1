"""How crowded is a field?"""

from __future__ import annotations

import numpy as np

from zpix.config import SimulationConfig
from zpix.scenes.streams import CROWDING, stream


def crowded(seed: int, config: SimulationConfig) -> SimulationConfig:
    """Draw the density and the clustering of the galaxies of a field.

    Parameters
    ----------
    seed : int
        Seed of the sky.
    config : SimulationConfig
        What skies are drawn with.

    Returns
    -------
    SimulationConfig
        What this sky is drawn with: `source_density` times a factor drawn evenly in its logarithm from `density_range`,
        and a `clustered_fraction` drawn from `clustered_range`.
    """
    rng = stream(seed, CROWDING)
    density, clustering = rng.uniform(size=2)
    changed: dict[str, float] = {}
    low, high = config.density_range
    if (low, high) != (1.0, 1.0):
        changed["source_density"] = config.source_density * float(np.exp(np.log(low) + np.log(high / low) * density))
    if config.clustered_range is not None:
        low, high = config.clustered_range
        changed["clustered_fraction"] = low + (high - low) * float(clustering)
    return config.model_copy(update=changed) if changed else config
