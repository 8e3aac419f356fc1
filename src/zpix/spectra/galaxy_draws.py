"""What is drawn alike for galaxies of all families: obscuration, youth, dust and lines, given redshift and mass?

Families differ in their spectra, not in what galaxies are like, so these relations are theirs in common.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.family import GalaxyTraits


def draw_obscured(rng: np.random.Generator, galaxies: GalaxyTraits) -> NDArray[np.bool_]:
    """Draw which galaxies are heavily obscured: massive ones, up to half of them (Whitaker et al. 2017).

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.

    Returns
    -------
    (N,) bool
        True for obscured galaxies; none of them is quiescent.
    """
    obscured = 0.02 + 0.45 / (1 + np.exp(-(galaxies.log_mass - 10.4) / 0.3))
    chance = obscured * np.clip((8 - galaxies.z) / 3, 0, 1)
    return np.asarray(~galaxies.quiescent & (rng.uniform(size=len(galaxies)) < chance))


def draw_young(rng: np.random.Generator, galaxies: GalaxyTraits, dusty: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Draw the share of stars younger than about 10 Myr in the light at 5500 Å.

    It is larger at high redshift and low mass (Endsley et al. 2023).

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.
    dusty : (N,) bool
        True for obscured galaxies, whose young stars are hidden.

    Returns
    -------
    (N,) float64
        Shares.
    """
    n = len(galaxies)
    young = logistic(_typical_youth(galaxies) + 1.1 * rng.normal(size=n))
    return np.where(galaxies.quiescent, 0.02 * rng.uniform(size=n) ** 3, np.where(dusty, 0.3 * young, young))


def youth(galaxies: GalaxyTraits, young: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compare the share of young stars with what is typical of the redshift and mass.

    Parameters
    ----------
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.
    young : (N,) float64
        What `draw_young` gives.

    Returns
    -------
    (N,) float64
        log₁₀ of the ratio, from −1.3 to 0.7; 0 is typical.
    """
    return np.asarray(np.log10(np.clip(young / logistic(_typical_youth(galaxies)), 0.05, 5)))


def draw_dust(rng: np.random.Generator, galaxies: GalaxyTraits, dusty: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Draw attenuations at 5500 Å.

    The mean of star-forming galaxies is 0.36 at 10⁹ and 0.7 at 10¹⁰ suns, somewhat less than at z = 2.5 by McLure et
    al. (2018), and less beyond z = 3.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.
    dusty : (N,) bool
        True for obscured galaxies.

    Returns
    -------
    (N,) float64, mag
        A(V).
    """
    n = len(galaxies)
    mean_dust = 0.12 + 0.35 * np.clip(galaxies.log_mass - 8.3, 0, 2.5)
    a_v = mean_dust * np.interp(galaxies.z, (3, 5), (1.0, 0.6)) * rng.gamma(1.6, 1 / 1.6, n)
    return np.where(dusty, a_v + rng.uniform(0.3, 3.0, n), np.where(galaxies.quiescent, rng.exponential(0.15, n), a_v))


def draw_line_strengths(
    rng: np.random.Generator, galaxies: GalaxyTraits, young: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw strengths of lines from relations with redshift and mass.

    EW(Hα) ∝ (1+z)^1.8 to z = 2.2 and flatter beyond (Faisst et al. 2016; Mármol-Queraltó et al. 2016), larger
    at low mass; the median near 450 Å at z = 6 gives EW([O III]+Hβ) ≈ 800 Å (Endsley et al. 2021, 2024;
    Matthee et al. 2023).

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.
    young : (N,) float64
        What `draw_young` gives.

    Returns
    -------
    lines : (N, 7) float64
        Strengths of `LINE_GROUPS`.
    ew_ha : (N,) float64, Å
        Rest equivalent width of Hα.
    """
    z, log_mass, quiescent = galaxies.z, galaxies.log_mass, galaxies.quiescent
    n = len(z)
    growth = 1.8 * np.log10(1 + np.minimum(z, 2.2)) + np.log10((1 + np.maximum(z, 2.2)) / 3.2)
    log_ew = np.log10(16.0) + growth - 0.15 * (np.clip(log_mass, 8.5, 11) - 10) + 0.25 * rng.normal(size=n)
    log_ew += 0.4 * youth(galaxies, young)
    ew_ha = np.where(quiescent, 3.0 * rng.exponential(size=n), np.clip(10**log_ew, 0, 3500))
    scatter = rng.normal(size=(n, 6))
    enriched = np.clip(log_mass - 9.3, 0, 2)
    helium = 10 ** (-0.9 + 0.15 * scatter[:, 0])
    oxygen3 = 10 ** (np.clip(0.62 + 0.04 * (z - 2) - 0.45 * enriched, -0.3, 0.80) + 0.15 * scatter[:, 1])
    oxygen2 = 10 ** (np.clip(-0.1 - 0.1 * (z - 1), -0.8, 0.0) + 0.2 * scatter[:, 2])
    nitrogen = 10 ** (np.clip(-0.5 + 0.4 * (log_mass - 10.3) - 0.08 * z, -2.0, -0.25) + 0.15 * scatter[:, 3])
    sulphur2 = 10 ** (-0.75 - 0.05 * z + 0.15 * scatter[:, 4])
    sulphur3 = 10 ** (-0.75 + 0.15 * scatter[:, 5])
    return np.stack([np.ones(n), helium, oxygen3, oxygen2, nitrogen, sulphur2, sulphur3], axis=1), ew_ha


def draw_has_lyman_alpha(rng: np.random.Generator, galaxies: GalaxyTraits) -> NDArray[np.bool_]:
    """Draw which galaxies let Lyman α out: fewer in the neutral universe (Jones et al. 2024).

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.

    Returns
    -------
    (N,) bool
        True for those with the line; none of them is quiescent.
    """
    chance = np.where(galaxies.z < 6, 0.3, 0.1)
    return np.asarray((rng.uniform(size=len(galaxies)) < chance) & ~galaxies.quiescent)


def draw_smc_share(rng: np.random.Generator, galaxies: GalaxyTraits) -> NDArray[np.float64]:
    """Draw how much of the dust has the steep curve of the SMC: more at high redshift (Shivaei et al. 2020).

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.

    Returns
    -------
    (N,) float64
        Shares; the rest has the curve of Calzetti et al. (2000).
    """
    return np.asarray(rng.uniform(0, 1, len(galaxies)) * logistic((galaxies.z - 3) / 1.0))


def draw_gas(rng: np.random.Generator, number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw how much gas lies in front of galaxies, as sightlines differ (Inoue & Iwata 2008).

    Parameters
    ----------
    rng : Generator
        Random numbers.
    number : int
        Number of galaxies N.

    Returns
    -------
    igm : (N,) float64
        Optical depth of the intergalactic medium in units of its mean.
    damping : (N,) float64
        Optical depth of neutral gas near the galaxy (z > 6) in units of its mean.
    """
    return np.exp(0.15 * rng.normal(size=number)), rng.uniform(0, 1.6, number)


def logistic(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the logistic function.

    Parameters
    ----------
    value : (N,) float64
        Any numbers.

    Returns
    -------
    (N,) float64
        1 / (1 + exp(−value)).
    """
    return np.asarray(1 / (1 + np.exp(-value)))


def _typical_youth(galaxies: GalaxyTraits) -> NDArray[np.float64]:
    """Logit of the typical share of young stars."""
    return np.asarray(-1.6 + 0.38 * np.minimum(galaxies.z, 8.5) - 0.5 * (galaxies.log_mass - 9))
