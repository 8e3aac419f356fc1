"""Which galaxies are spirals, barred, clumpy, irregular or merging, and how much light is in what makes them so?

Shares of each form follow mass, redshift and type. They are chosen by hand to be of the order of what is published
(spirals: Kuhn et al. 2024; bars: Sheth et al. 2008 and Guo et al. 2023; irregular galaxies: Ferreira et al. 2023;
mergers: Duncan et al. 2019; clumpy discs: Guo et al. 2015), and are not taken from tables of these papers. A form adds
parts to a galaxy and takes their light from bulge and disc, component by component: magnitudes and spectra stay as they
are. What each looks like is drawn in `zpix.scenes.form_shapes`.

One galaxy has one spectrum and one redshift, and is one source whatever its form: a merging galaxy with two nuclei,
which lie no more than 1.3 half-light radii apart, too. Two galaxies with a spectrum each are two sources, however close
they are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from zpix.scenes.structure import ARMS, BAR, BULGE, DISC, Structure
from zpix.spectra import COMPONENTS, GalaxyTraits

FORMS = ("smooth", "spiral", "clumpy", "irregular", "merging")
SMOOTH, SPIRAL, CLUMPY, IRREGULAR, MERGING = range(len(FORMS))
#: How far what a form adds reaches, in half-light radii of the disc.
FORM_REACH = (0.0, 3.0, 2.6, 2.6, 4.6)

_Z = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 8.0)
_SPIRAL = (0.80, 0.65, 0.50, 0.30, 0.20, 0.12, 0.03)  # of discs of 10¹⁰ suns and more
_CLUMPY = (0.15, 0.20, 0.30, 0.40, 0.40, 0.40, 0.40)  # of star-forming galaxies of no other form
_IRREGULAR_MASSIVE = (0.03, 0.04, 0.06, 0.12, 0.20, 0.30, 0.40)  # above 10^10.5 suns
_IRREGULAR_DWARF = 0.30  # below 10^8.5
_MERGING = (0.03, 0.04, 0.06, 0.09, 0.11, 0.13, 0.15)
_BARRED = (0.45, 0.35, 0.22, 0.15, 0.12, 0.06, 0.00)  # of massive spirals, clumpy and smooth discs

#: Share of the disc's light that goes to arms, clumps, blobs or tails, from the weakest to the strongest, by component.
#: Arms and clumps are young; what makes a galaxy irregular or merging is of stars of all ages.
_OF_DISC = {
    SPIRAL: {"old": (0.08, 0.25), "intermediate": (0.2, 0.45), "young": (0.45, 0.8), "other": (0.25, 0.5)},
    CLUMPY: {"old": (0.0, 0.05), "intermediate": (0.05, 0.2), "young": (0.3, 0.7), "other": (0.1, 0.4)},
    IRREGULAR: {"old": (0.25, 0.5), "intermediate": (0.35, 0.6), "young": (0.5, 0.9), "other": (0.4, 0.7)},
    MERGING: {"old": (0.08, 0.2), "intermediate": (0.1, 0.25), "young": (0.1, 0.3), "other": (0.1, 0.3)},
}
_OF_DISC = {form: shares | {"lines": shares["young"]} for form, shares in _OF_DISC.items()}
_BAR_IN = ("old", "intermediate", "other")  # a bar is of stars of some age


def form_fractions(galaxies: GalaxyTraits) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the chance of each form, and that of a bar.

    Parameters
    ----------
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.

    Returns
    -------
    forms : (N, form) float64
        Chances of `FORMS`; sums are 1. Quiescent galaxies are smooth, or, rarely, merging.
    barred : (N,) float64
        Chance of a bar in galaxies that are neither irregular nor merging.
    """
    z, mass, forming = galaxies.z, galaxies.log_mass, np.where(galaxies.quiescent, 0.0, 1.0)
    heavy = np.clip((mass - 8.5) / 2.0, 0, 1)
    merging = np.interp(z, _Z, _MERGING) * (0.4 + 0.6 * forming)
    irregular = (heavy * np.interp(z, _Z, _IRREGULAR_MASSIVE) + (1 - heavy) * _IRREGULAR_DWARF) * forming
    spiral = np.interp(z, _Z, _SPIRAL) * np.clip((mass - 8.8) / 1.2, 0, 1) * forming
    spiral = np.minimum(spiral, 1 - merging - irregular)
    clumpy = (1 - merging - irregular - spiral) * np.interp(z, _Z, _CLUMPY) * forming
    smooth = 1 - merging - irregular - spiral - clumpy
    barred = np.interp(z, _Z, _BARRED) * np.clip((mass - 9.0) / 1.2, 0, 1) * (0.4 + 0.6 * forming)
    return np.stack([smooth, spiral, clumpy, irregular, merging], axis=1), barred


def with_forms(rng: np.random.Generator, structure: Structure, galaxies: GalaxyTraits) -> Structure:
    """Make some galaxies spirals, barred, clumpy, irregular or merging.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    structure : Structure of length N
        Their bulges, discs and clumps.
    galaxies : GalaxyTraits of length N
        What is known of them.

    Returns
    -------
    Structure of length N
        The same galaxies; shares of the parts in each component still add up to 1.
    """
    n = len(galaxies)
    chances, barred = form_fractions(galaxies)
    form = (rng.uniform(size=n)[:, None] > np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)
    has_bar = (rng.uniform(size=n) < barred) & (form != IRREGULAR) & (form != MERGING)
    seed = rng.integers(0, 1 << 62, n)
    strength, bar, second, jitter = rng.uniform(size=(4, n))
    shares = structure.shares.copy()
    loose = np.where(form == IRREGULAR, 0.7, 0.0)  # irregular galaxies have hardly any bulge
    _move(shares, BULGE, DISC, np.repeat(loose[:, None], len(COMPONENTS), axis=1))
    in_bar = np.where(has_bar, 0.1 + 0.3 * bar, 0.0)[:, None] * np.isin(COMPONENTS, _BAR_IN)
    nucleus = np.where(form == MERGING, 0.15 + 0.3 * second, 0.0)[:, None] * np.array(
        [0.0 if name == "accretion" else 1.0 for name in COMPONENTS]
    )
    _move(shares, BULGE, BAR, in_bar + nucleus)
    _move(shares, DISC, BAR, in_bar + nucleus * (0.8 + 0.4 * jitter[:, None]))
    of_disc = np.zeros((n, len(COMPONENTS)))
    for kind, ranges in _OF_DISC.items():
        for name, (weakest, strongest) in ranges.items():
            of_disc[form == kind, COMPONENTS.index(name)] = weakest + (strongest - weakest) * strength[form == kind]
    _move(shares, DISC, ARMS, of_disc)
    return replace(structure, shares=shares, form=form.astype(np.int8), form_seed=seed)


def _move(shares: NDArray[np.float64], source: int, to: int, fraction: NDArray[np.float64]) -> None:
    """Move a fraction (N, component) of the light of one part into another; writes to `shares`."""
    moved = shares[:, source] * fraction
    shares[:, source] -= moved
    shares[:, to] += moved
