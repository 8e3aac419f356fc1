"""When did a galaxy form its stars?

Histories are delayed exponentials, rising ones, and quenched ones, all with bursts; no star is older than the universe.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.cosmic_time import age_of_universe
from zpix.spectra.family import GalaxyTraits
from zpix.spectra.galaxy_draws import logistic
from zpix.spectra.population_grid import LOG_AGES

_FIRST_STARS = 0.1  # Gyr after the beginning
_STEPS = 8  # ages within a bin
_BURST_AGES = (0.01, 0.03, 0.1, 0.3)  # Gyr: how far back bursts are drawn, one factor for each step


def draw_histories(rng: np.random.Generator, galaxies: GalaxyTraits) -> NDArray[np.float64]:
    """Draw how much of its mass a galaxy formed in each bin of age.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.

    Returns
    -------
    (N, bin) float64
        Shares of the bins that end at `LOG_AGES`; sums are 1.
    """
    edges = np.concatenate([[0.0], 10 ** (np.array(LOG_AGES) - 9)])
    inner = edges[:-1, None] + np.diff(edges)[:, None] * (np.arange(_STEPS) + 0.5) / _STEPS
    age, width = inner.ravel(), np.repeat(np.diff(edges) / _STEPS, _STEPS)  # Gyr
    rate = _smooth_rate(rng, galaxies, age) * _bursts(rng, galaxies, age)
    formed = (rate * width).reshape(len(galaxies), len(LOG_AGES), _STEPS).sum(axis=2)
    return np.asarray(formed / formed.sum(axis=1, keepdims=True))


def _smooth_rate(rng: np.random.Generator, galaxies: GalaxyTraits, age: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rate of star formation so many Gyr ago, without bursts, (N, age), in any unit."""
    z, log_mass, quiescent, n = galaxies.z, galaxies.log_mass, galaxies.quiescent, len(galaxies)
    there_was = np.maximum(age_of_universe(z) - _FIRST_STARS, 0.05)
    begun = there_was * np.where(quiescent, rng.beta(6, 1.2, n), rng.beta(2.5, 1.5 + 0.25 * np.clip(z - 2, 0, 6)))
    since = begun[:, None] - age  # from the first star on
    massive = np.clip(log_mass - 10, -1, 1)
    tau = begun * np.where(quiescent, rng.uniform(0.05, 0.25, n), 10 ** (rng.uniform(-0.5, 0.6, n) - 0.25 * massive))
    delayed = np.maximum(since, 0) * np.exp(-np.maximum(since, 0) / tau[:, None])
    growth = begun * rng.uniform(0.2, 0.9, n)
    rising = np.exp(np.minimum(since / growth[:, None], 50.0))
    rises = ~quiescent & (rng.uniform(size=n) < 0.15 + 0.65 * logistic((z - 3.5) / 1.2))
    rate = np.where(rises[:, None], rising / rising.max(axis=1, keepdims=True), delayed)
    stopped = begun * rng.uniform(0.15, 0.7, n)
    left = 10 ** rng.uniform(-4, -2, n)
    rate = np.where(quiescent[:, None] & (age < stopped[:, None]), rate * left[:, None], rate)
    youngest = age == age[0]  # a galaxy of less than one step has its stars there
    return np.asarray(np.where((since > 0) | youngest, np.maximum(rate, 1e-12), 0.0))


def _bursts(rng: np.random.Generator, galaxies: GalaxyTraits, age: NDArray[np.float64]) -> NDArray[np.float64]:
    """Factor of the rate so many Gyr ago, (N, age): stronger at low mass and high redshift."""
    n = len(galaxies)
    strength = 0.22 + 0.08 * np.clip(9.5 - galaxies.log_mass, 0, 2) + 0.03 * np.minimum(galaxies.z, 6)  # dex
    deviate = rng.normal(size=(n, len(_BURST_AGES)))
    factors = np.hstack([10 ** (np.where(galaxies.quiescent, 0.0, strength)[:, None] * deviate), np.ones((n, 1))])
    return factors[:, np.searchsorted(_BURST_AGES, age)]
