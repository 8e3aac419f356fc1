"""Of which sources would a spectroscopic survey have measured the redshift?

A survey like JADES chooses bright sources, and high-redshift candidates down to faint ones, and is certain of those
with lines or a bright continuum. All that counts here is what is true of a source; pixels do not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.scenes.population import Population

#: Range of NIRSpec's prism in Å.
_PRISM = (6500.0, 53000.0)
_HALF_CERTAIN_CGS = 1e-18  # flux of the brightest line (erg/s/cm²) at which half of all spectra give a redshift
_HALF_CERTAIN_MAG = 25.5  # or magnitude at which the continuum, with its breaks, does
_HALF_CHOSEN_MAG = 27.5
#: Share of suitable sources that are chosen, by redshift: knots such that 32 secure redshifts per arcmin² (2,145 in 67
#: arcmin², 2.3 % of the 94,000 sources there; Merz et al. 2026) are spread in redshift as the 2,858 of JADES' DR4 are.
_Z = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.1, 5.0, 6.0, 7.0, 8.2, 10.0, 15.0)
_CHOSEN = (0.0, 0.024, 0.025, 0.053, 0.112, 0.129, 0.189, 0.27, 0.218, 0.214, 0.324, 0.285, 0.345, 0.455, 0.455)


def spectroscopic_redshifts(rng: np.random.Generator, population: Population) -> NDArray[np.float64]:
    """Draw which sources a spectroscopic survey has measured.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    population : Population of length N
        The sources.

    Returns
    -------
    (N,) float64
        Redshift of each source that was measured, NaN for the others and for stars.
    """
    measured = rng.uniform(size=len(population)) < success_probability(population)
    return np.where(measured, population.z, np.nan)


def success_probability(population: Population) -> NDArray[np.float64]:
    """Compute the probability that a source was observed and its redshift is secure.

    Parameters
    ----------
    population : Population of length N
        The sources.

    Returns
    -------
    (N,) float64
        Probabilities; 0 for stars.
    """
    z, mag = population.z, population.mag
    # high-redshift candidates are followed to fainter magnitudes
    bright_enough = _logistic((_HALF_CHOSEN_MAG + 0.8 * np.clip((z - 4) / 3, 0, 1) - mag) / 0.5)
    by_lines = _logistic(np.log10(np.maximum(brightest_line(population), 1e-25) / _HALF_CERTAIN_CGS) / 0.15)
    by_continuum = _logistic((_HALF_CERTAIN_MAG + 2.0 * np.clip((z - 6) / 2, 0, 1) - mag) / 0.4)
    certain = 1 - (1 - by_lines) * (1 - by_continuum)
    return np.where(z > 0, np.interp(z, _Z, _CHOSEN) * bright_enough * certain, 0.0)


def brightest_line(population: Population) -> NDArray[np.float64]:
    """Compute the flux of the brighter of Hα and [O III] 5008 that the prism sees.

    The continuum under Hα is taken as that in F444W: F = f_ν c/λ² W, with W the observed equivalent width.

    Parameters
    ----------
    population : Population of length N
        The sources.

    Returns
    -------
    (N,) float64, erg/s/cm²
        Fluxes; 0 where it sees neither.
    """
    z, lines = population.z, population.spectra.line_strengths()
    f_nu = 10 ** (-0.4 * (population.mag + 48.6))  # erg/s/cm²/Hz
    h_alpha = f_nu * 2.998e18 / 6564.6**2 * lines.h_alpha / (1 + z)
    seen = [
        np.where((wave * (1 + z) > _PRISM[0]) & (wave * (1 + z) < _PRISM[1]), flux, 0.0)
        for wave, flux in ((6564.6, h_alpha), (5008.2, h_alpha * lines.oxygen3))
    ]
    return np.maximum(*seen)


def _logistic(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic function, 1 / (1 + exp(−value))."""
    return 1 / (1 + np.exp(-np.clip(value, -50, 50)))
