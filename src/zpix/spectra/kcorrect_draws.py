"""Which stars, dust and lines do galaxies of the family `kcorrect` have, given their redshifts and masses?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.continua import CONTINUA
from zpix.spectra.family import GalaxyTraits
from zpix.spectra.galaxy_draws import (
    draw_dust,
    draw_gas,
    draw_has_lyman_alpha,
    draw_line_strengths,
    draw_obscured,
    draw_smc_share,
    draw_young,
    logistic,
)
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
    n = len(galaxies)
    dusty = draw_obscured(rng, galaxies)
    young = draw_young(rng, galaxies, dusty)
    weights = _mix(rng, galaxies, young, dusty)
    a_v = draw_dust(rng, galaxies, dusty)
    lines, ew_ha = draw_line_strengths(rng, galaxies, young)
    has_lya = draw_has_lyman_alpha(rng, galaxies)
    smc = draw_smc_share(rng, galaxies)
    ew_lya = np.where(has_lya, np.exp(np.log(20) + 0.7 * rng.normal(size=n)), 0.0)
    igm, damping = draw_gas(rng, n)
    return KcorrectSpectra(
        z=galaxies.z,
        weights=weights,
        a_v=a_v,
        smc=smc,
        ew_ha=ew_ha * emission_lines,
        lines=lines,
        ew_lya=ew_lya * emission_lines,
        igm=igm,
        damping=damping,
    )


def _mix(
    rng: np.random.Generator, galaxies: GalaxyTraits, young: NDArray[np.float64], dusty: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Shares of `CONTINUA` in the light at 5500 Å, shape (N, 8): they sum to one."""
    z, log_mass, quiescent = galaxies.z, galaxies.log_mass, galaxies.quiescent
    n = len(z)
    metal_poor = logistic(-1.5 + 0.35 * (z - 2) - 0.6 * (log_mass - 9) + 0.9 * rng.normal(size=n))
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
