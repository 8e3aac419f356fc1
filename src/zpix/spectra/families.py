"""Which families of galaxy spectra are there, and how are they mixed?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zpix.config import Registry
from zpix.spectra.family import DrawnSpectra, GalaxyFamily, GalaxyTraits
from zpix.spectra.kcorrect import KCORRECT
from zpix.spectra.mixed import MixedSpectra
from zpix.spectra.populations import POPULATIONS
from zpix.spectra.template_family import read_template_family

#: Families that `[simulation] spectra` can name, beside lists of templates.
FAMILIES: Registry[GalaxyFamily[Any]] = Registry(
    "spectra", "family of spectra", {"kcorrect": KCORRECT, "populations": POPULATIONS}
)


def family_of(name: str) -> GalaxyFamily[Any]:
    """Find the family of a name, or read that of a list of templates.

    Parameters
    ----------
    name : str
        One of `FAMILIES`, or the path of a list of templates in EAZY's format, which ends in `.param`.

    Returns
    -------
    GalaxyFamily
        The family; the same object for the same name.

    Raises
    ------
    ConfigError
        If there is no family of that name.
    InputFileError
        If the list or one of its spectra is missing or cannot be used.
    """
    return read_template_family(Path(name).resolve()) if name.endswith(".param") else FAMILIES[name]


def draw_galaxy_spectra(
    rng: np.random.Generator,
    galaxies: GalaxyTraits,
    *,
    shares: Sequence[tuple[str, float]] = (("kcorrect", 1.0),),
    emission_lines: bool = True,
) -> MixedSpectra:
    """Draw the spectra of galaxies from one family or several.

    Parameters
    ----------
    rng : Generator
        Random numbers. What is drawn from it later does not depend on the families: all spectra of the family
        `kcorrect` are drawn from it whether they are used or not, those of the others from generators that it spawns.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.
    shares : sequence of (str, float), default: all of the family `kcorrect`
        Families by name or list of templates, and the share of the galaxies that each has, in any unit.
    emission_lines : bool, default: True
        Whether galaxies have emission lines.

    Returns
    -------
    MixedSpectra of length N
        The spectra.

    Raises
    ------
    ConfigError, InputFileError
        If there is no family of a name, or a list of templates cannot be used.
    """
    built_in = KCORRECT.draw(rng, galaxies, emission_lines=emission_lines)
    families = [family_of(name) for name, _ in shares]
    if families == [KCORRECT]:
        return MixedSpectra.of(KCORRECT, built_in)
    choosing, *own = rng.spawn(1 + len(families))
    weights = np.array([share for _, share in shares])
    member = choosing.choice(len(families), size=len(galaxies), p=weights / weights.sum())
    drawn: list[DrawnSpectra] = []
    for number, (family, own_rng) in enumerate(zip(families, own, strict=True)):
        rows = np.flatnonzero(member == number)
        if family is KCORRECT:
            drawn.append(built_in[rows])
        else:
            drawn.append(family.draw(own_rng, galaxies[rows], emission_lines=emission_lines))
    return MixedSpectra.unbent(member.astype(np.intp), tuple(families), tuple(drawn))
