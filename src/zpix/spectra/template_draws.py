"""Which templates does a galaxy mix, and with which dust and lines?

A galaxy of some mass, redshift and type has a typical colour, and takes the templates near it: few, with weights from
gamma distributions, so that one or two dominate. Templates with stars older than the universe are not taken.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.cosmic_time import age_of_universe
from zpix.spectra.emission_lines import H_ALPHA, LINE_GROUPS, OXYGEN_3
from zpix.spectra.family import GalaxyTraits
from zpix.spectra.galaxy_draws import (
    draw_dust,
    draw_gas,
    draw_has_lyman_alpha,
    draw_line_strengths,
    draw_obscured,
    draw_smc_share,
    draw_young,
    youth,
)
from zpix.spectra.template_basis import SPIKE_GROUPS, TemplateBasis
from zpix.spectra.template_spectra import TemplateSpectra

_NEAR_MAG, _NEAR_BREAK = 0.45, 0.12  # how far from a galaxy's colour and break its templates are
_SHAPE = 0.5  # of the gamma distribution of weights: the smaller, the fewer templates dominate
_MOST_BOOST, _LEAST_BOOST = 6.0, 0.3


def draw_templates(
    rng: np.random.Generator, galaxies: GalaxyTraits, basis: TemplateBasis, *, emission_lines: bool
) -> TemplateSpectra:
    """Draw mixes of templates, dust, lines and absorption of galaxies.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.
    basis : TemplateBasis
        The templates.
    emission_lines : bool
        Whether the templates' lines are seen.

    Returns
    -------
    TemplateSpectra of length N
        Parameters of the spectra.
    """
    n = len(galaxies)
    dusty = draw_obscured(rng, galaxies)
    young = draw_young(rng, galaxies, dusty)
    weights = _mix(rng, galaxies, basis, youth(galaxies, young))
    a_v = draw_dust(rng, galaxies, dusty) * np.where(dusty, 0.9, 0.35)  # the rest is in the templates
    lines, ew_ha = draw_line_strengths(rng, galaxies, young)
    oxygen3 = 0.35 * lines[:, LINE_GROUPS.index("oxygen3")]
    boosts = _boosts(rng, galaxies, basis, weights, ew_ha, oxygen3)
    igm, damping = draw_gas(rng, n)
    return TemplateSpectra(
        z=galaxies.z,
        a_v=a_v,
        igm=igm,
        damping=damping,
        nucleus=np.zeros(n),
        broad_lines=np.zeros(n),
        weights=weights,
        boosts=boosts * emission_lines,
        smc=draw_smc_share(rng, galaxies),
    )


def _mix(
    rng: np.random.Generator, galaxies: GalaxyTraits, basis: TemplateBasis, bluer: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Shares of the templates in the light at 5500 Å, (N, K)."""
    epoch, z = basis.epoch(galaxies.z), np.minimum(galaxies.z, 7.0)
    colour, break_4000, age = basis.colour[epoch], basis.break_4000[epoch], basis.age[epoch]
    # rest-frame 2800 − 5500 Å of galaxies before most of their dust: redder with mass, bluer with redshift and youth
    typical = 1.15 - 0.19 * z + 0.35 * np.clip(galaxies.log_mass - 9, -1.5, 2) - 0.35 * bluer
    typical += 0.45 * rng.normal(size=len(galaxies))
    distance = (colour - typical[:, None]) / _NEAR_MAG
    strongest = np.where(age <= age_of_universe(galaxies.z)[:, None], break_4000, 0.0).max(axis=1)
    weaker = np.maximum(strongest[:, None] - 0.08 - break_4000, 0.0)  # quiescent galaxies have the oldest stars there
    score = np.where(
        galaxies.quiescent[:, None], -0.5 * (weaker / _NEAR_BREAK) ** 2 - 0.3 * (colour - 3.0) ** 2, -0.5 * distance**2
    )
    score = np.where(age <= np.maximum(age_of_universe(galaxies.z)[:, None], age.min(axis=1)[:, None]), score, -np.inf)
    near = np.exp(score - score.max(axis=1, keepdims=True))
    weights = near * (rng.gamma(_SHAPE, size=near.shape) + 1e-3)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _boosts(
    rng: np.random.Generator,
    galaxies: GalaxyTraits,
    basis: TemplateBasis,
    weights: NDArray[np.float64],
    ew_ha: NDArray[np.float64],
    oxygen3: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Factors of the lines of each of `SPIKE_GROUPS`, (N, 4).

    All are multiplied such that Hα has the equivalent width `ew_ha` that galaxies of the redshift, mass and youth
    have, as far as a few times what the templates have. [O III] / Hα goes most of the way to `oxygen3`, what galaxies
    of the redshift and mass have; other ratios scatter around those of the templates. Lyα escapes from some galaxies.
    """
    n = len(galaxies)
    epoch = basis.epoch(galaxies.z)
    h_alpha = (weights * basis.h_alpha[epoch]).sum(axis=1)
    own = h_alpha / (weights * basis.under_h_alpha[epoch]).sum(axis=1)
    boost = np.clip(ew_ha / np.maximum(own, 1e-3), _LEAST_BOOST, _MOST_BOOST)
    boosts = np.repeat(boost[:, None], len(SPIKE_GROUPS), axis=1)
    boosts *= 10 ** (np.array([0.0, 0.1, 0.15, 0.0]) * rng.normal(size=boosts.shape))
    ratio = (weights * basis.oxygen3[epoch]).sum(axis=1) / np.maximum(h_alpha, 1e-9) * (H_ALPHA / OXYGEN_3) ** 2
    towards = np.clip((oxygen3 / np.maximum(ratio, 1e-3)) ** 0.7, 0.25, 4.0)
    boosts[:, SPIKE_GROUPS.index("oxygen3")] *= np.where(own > 3.0, towards, 1.0)
    escape = np.where(draw_has_lyman_alpha(rng, galaxies), 0.5 * rng.beta(1.5, 3.0, n), 0.0)
    boosts[:, SPIKE_GROUPS.index("lyman_alpha")] *= escape
    return boosts
