"""The network on colours learns a redshift that colours tell."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.colour_network import CeilingSettings, ceiling_redshifts, fit_ceiling


def breaks(n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sources of five bands with a break that moves through them with redshift, 1 % errors."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(1, 5, n)
    flux = 100 / (1 + np.exp(-3 * (np.arange(5) - (z[:, None] - 0.5))))
    return flux, np.full_like(flux, 1.0), z


def test_it_learns_and_knows_how_well():
    settings = CeilingSettings(hidden=64, layers=2, components=3, epochs=15, batch_size=128, learning_rate=3e-3)
    flux, noise, z = breaks(4000, seed=0)
    network = fit_ceiling(flux, noise, z, seed=0, settings=settings)
    flux, noise, z = breaks(1000, seed=1)
    mixture = ceiling_redshifts(network, flux, noise, seed=2)
    error = (mixture.least_risk() - z) / (1 + z)
    assert np.median(np.abs(error)) < 0.02
    pit = mixture.cdf(z[:, None])[:, 0]
    assert 0.5 < np.mean(np.abs(pit - 0.5) < 0.34) < 0.9


def test_the_same_seed_gives_the_same_network():
    settings = CeilingSettings(hidden=16, layers=2, components=2, epochs=1)
    flux, noise, z = breaks(600, seed=0)
    one, two = (fit_ceiling(flux, noise, z, seed=3, settings=settings) for _ in range(2))
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.slow
def test_errors_that_know_the_flux_tell_it():
    """Why the noise of photons is not told: here nothing is to be seen but errors that follow the true flux."""
    settings = CeilingSettings(hidden=64, layers=2, components=3, epochs=15, batch_size=128, learning_rate=3e-3)
    flux, noise, z = breaks(4000, seed=0)
    unseen, truth = noise * 1e4, noise + flux
    scatter = []
    for told in (truth, noise):
        network = fit_ceiling(flux, unseen, z, seed=0, told_njy=told, settings=settings)
        mixture = ceiling_redshifts(network, flux, unseen, seed=1, told_njy=told)
        scatter.append(np.median(np.abs(mixture.least_risk() - z) / (1 + z)))
    assert scatter[0] < 0.05 < 0.15 < scatter[1]
