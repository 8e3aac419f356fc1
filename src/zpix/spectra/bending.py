"""How may spectra differ, smoothly and at random, from all that families of spectra know?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.instruments import pivot_um

#: Places in log₁₀ of the rest wavelength in Å, 0.2 dex apart, of the bumps of which a bend consists.
BEND_PLACES = np.arange(2.6, 5.01, 0.2)
_WIDTH_DEX = 0.14  # σ of a bump: the correlation of two wavelengths has one of √2 times that, 0.2 dex


def draw_bends(rng: np.random.Generator, number: int, largest: float) -> NDArray[np.float64]:
    """Draw smooth random curves by which spectra are multiplied, each of its own strength.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    number : int
        Number of spectra N.
    largest : float
        Largest rms of ln(flux); that of each curve is drawn evenly from 0 to it.

    Returns
    -------
    (N, term) float64
        Heights of the bumps at `BEND_PLACES`.
    """
    power = (_bumps(np.linspace(3.0, 4.6, 161)) ** 2).sum(axis=1).mean()
    strength = rng.uniform(0.0, largest, (number, 1)) / np.sqrt(power)
    return np.asarray(strength * rng.normal(size=(number, len(BEND_PLACES))))


def bend_factors(bends: NDArray[np.float64], z: NDArray[np.float64], bands: tuple[str, ...]) -> NDArray[np.float32]:
    """Compute the factors by which bends multiply band fluxes.

    Bends are smooth over a band, so a factor is that at its pivot wavelength, and all light of a galaxy has the same.

    Parameters
    ----------
    bends : (N, term) float64
        What `draw_bends` gives; zeros leave spectra as they are.
    z : (N,) float64
        Redshifts.
    bands : tuple of str
        Names of bands.

    Returns
    -------
    (N, band) float32
        Factors.
    """
    log_rest = np.log10(pivot_um(bands) * 1e4) - np.log10(1 + z)[:, None]
    return np.asarray(np.exp((_bumps(log_rest) * bends[:, None]).sum(axis=2)), np.float32)


def _bumps(log_rest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussians of height 1 at each of `BEND_PLACES`, (..., term)."""
    return np.asarray(np.exp(-0.5 * ((log_rest[..., None] - BEND_PLACES) / _WIDTH_DEX) ** 2))
