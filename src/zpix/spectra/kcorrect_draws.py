"""Which stars, dust and lines do galaxies of the family `kcorrect` have, given their redshifts and masses?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.continua import CONTINUA
from zpix.spectra.family import GalaxyTraits
from zpix.spectra.kcorrect_spectra import KcorrectSpectra


def draw_kcorrect(rng: np.random.Generator, galaxies: GalaxyTraits, *, emission_lines: bool = True) -> KcorrectSpectra:
    """Draw stars, dust, lines and absorption of galaxies of some redshifts and masses.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.
    emission_lines : bool, default: True
        Whether they have emission lines.

    Returns
    -------
    KcorrectSpectra of length N
        Parameters of their spectra.
    """
    z, log_mass, quiescent = galaxies.z, galaxies.log_mass, galaxies.quiescent
    n = len(z)
    # heavily obscured ones are massive, up to half of them (Whitaker et al. 2017)
    obscured = 0.02 + 0.45 / (1 + np.exp(-(log_mass - 10.4) / 0.3))
    dusty = ~quiescent & (rng.uniform(size=n) < obscured * np.clip((8 - z) / 3, 0, 1))
    # share of stars younger than ~10 Myr in the light: more at high z and low mass (Endsley et al. 2023)
    young = _logistic(-1.6 + 0.38 * np.minimum(z, 8.5) - 0.5 * (log_mass - 9) + 1.1 * rng.normal(size=n))
    young = np.where(quiescent, 0.02 * rng.uniform(size=n) ** 3, np.where(dusty, 0.3 * young, young))
    weights = _mix(rng, galaxies, young, dusty)
    # A(V) = 0.36 at 10⁹ and 0.7 at 10¹⁰ suns, somewhat less than at z = 2.5 by McLure et al. (2018); less beyond z = 3
    mean_dust = 0.12 + 0.35 * np.clip(log_mass - 8.3, 0, 2.5)
    a_v = mean_dust * np.interp(z, (3, 5), (1.0, 0.6)) * rng.gamma(1.6, 1 / 1.6, n)
    a_v = np.where(dusty, a_v + rng.uniform(0.3, 3.0, n), np.where(quiescent, rng.exponential(0.15, n), a_v))
    lines, ew_ha = _draw_lines(rng, galaxies, young)
    has_lya = rng.uniform(size=n) < np.where(z < 6, 0.3, 0.1)  # Jones et al. (2024): rarer in the neutral universe
    return KcorrectSpectra(
        z=z,
        weights=weights,
        a_v=a_v,
        smc=rng.uniform(0, 1, n) * _logistic((z - 3) / 1.0),  # steeper at high redshift (Shivaei et al. 2020)
        ew_ha=ew_ha * emission_lines,
        lines=lines,
        ew_lya=np.where(has_lya & ~quiescent, np.exp(np.log(20) + 0.7 * rng.normal(size=n)), 0.0) * emission_lines,
        igm=np.exp(0.15 * rng.normal(size=n)),  # sightlines differ (Inoue & Iwata 2008)
        damping=rng.uniform(0, 1.6, n),
    )


def _mix(
    rng: np.random.Generator, galaxies: GalaxyTraits, young: NDArray[np.float64], dusty: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Shares of `CONTINUA` in the light at 5500 Å, shape (N, 8): they sum to one."""
    z, log_mass, quiescent = galaxies.z, galaxies.log_mass, galaxies.quiescent
    n = len(z)
    metal_poor = _logistic(-1.5 + 0.35 * (z - 2) - 0.6 * (log_mass - 9) + 0.9 * rng.normal(size=n))
    time_to_age = np.clip((6 - z) / 4, 0, 1)  # the old continuum is 10 Gyr old; there was no time for it
    old = rng.beta(1.2, 2.0, n) * time_to_age
    old = np.where(quiescent, rng.beta(5, 1.5, n) * np.clip((5.5 - z) / 3, 0, 1), old)
    reddened = np.where(dusty, rng.beta(2, 2, n), np.where(quiescent, 0, 0.5 * rng.beta(1, 4, n)))
    very_dusty = np.where(dusty, 0.3 * rng.beta(1, 3, n), 0.0) * time_to_age
    mature = (1 - young) * (1 - very_dusty)
    share = {
        "dusty_old": (1 - young) * very_dusty,
        "burst": young * (1 - metal_poor),
        "dusty_young": mature * reddened,
        "old": mature * (1 - reddened) * old,
        "intermediate": mature * (1 - reddened) * (1 - old),
        "metal_poor": young * metal_poor,
        "accretion": np.zeros(n),
        "dense_gas": np.zeros(n),
    }
    return np.stack([share[name] for name in CONTINUA], axis=1)


def _draw_lines(
    rng: np.random.Generator, galaxies: GalaxyTraits, young: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Strengths of `LINE_GROUPS`, shape (N, 7), and rest equivalent width of Hα in Å, shape (N,).

    EW(Hα) ∝ (1+z)^1.8 to z = 2.2 and flatter beyond (Faisst et al. 2016; Mármol-Queraltó et al. 2016), larger
    at low mass; the median near 450 Å at z = 6 gives EW([O III]+Hβ) ≈ 800 Å (Endsley et al. 2021, 2024;
    Matthee et al. 2023).
    """
    z, log_mass, quiescent = galaxies.z, galaxies.log_mass, galaxies.quiescent
    n = len(z)
    growth = 1.8 * np.log10(1 + np.minimum(z, 2.2)) + np.log10((1 + np.maximum(z, 2.2)) / 3.2)
    log_ew = np.log10(16.0) + growth - 0.15 * (np.clip(log_mass, 8.5, 11) - 10) + 0.25 * rng.normal(size=n)
    typical = _logistic(-1.6 + 0.38 * np.minimum(z, 8.5) - 0.5 * (log_mass - 9))
    log_ew += 0.4 * np.log10(np.clip(young / typical, 0.05, 5))
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


def _logistic(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic function, 1 / (1 + exp(−value))."""
    return np.asarray(1 / (1 + np.exp(-value)))
