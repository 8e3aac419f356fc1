"""Which colours do galaxies have that are mixes of templates from files?

The files are those that template fitting uses (EAZY's formats, `zpix.spectra.template_files`). A mix is non-negative;
lines of the templates are multiplied as galaxies have them, and more dust of varying curve lies in front.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.attenuation import E_FOLDS_PER_MAG, attenuation
from zpix.spectra.component_family import ComponentFamily
from zpix.spectra.emission_lines import H_ALPHA, OXYGEN_3
from zpix.spectra.family import COMPONENTS, GalaxyTraits, LineStrengths
from zpix.spectra.template_basis import SPIKE_GROUPS, TemplateBasis, template_basis
from zpix.spectra.template_draws import draw_templates
from zpix.spectra.template_spectra import TemplateSpectra
from zpix.spectra.wavelengths import rest_grid

_LINES = COMPONENTS.index("lines")
# templates with a break as strong hold old stars; blue ones young stars; red ones with strong lines dust before both
_OLD_BREAK, _BLUE_MAG, _BURST_EW = 1.4, 0.6, 100.0


class TemplateFamily(ComponentFamily[TemplateSpectra]):
    """Galaxies as non-negative mixes of template spectra with dust, lines and gas.

    Parameters
    ----------
    basis : TemplateBasis
        The templates.
    """

    def __init__(self, basis: TemplateBasis) -> None:
        self.basis = basis

    def draw(self, rng: np.random.Generator, galaxies: GalaxyTraits, *, emission_lines: bool) -> TemplateSpectra:
        """Draw mixes, dust, lines and absorption; see `GalaxyFamily.draw`."""
        return draw_templates(rng, galaxies, self.basis, emission_lines=emission_lines)

    def galaxy_light(self, drawn: TemplateSpectra, factors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Compute the light of mixes, lines included, behind dust; see `ComponentFamily.galaxy_light`."""
        basis, epoch = self.basis, self.basis.epoch(drawn.z)
        light = np.zeros((len(drawn), len(rest_grid())), np.float32)
        stars = drawn.weights * factors[np.arange(len(drawn))[:, None], _components(basis)[epoch]]
        boosts = drawn.boosts * factors[:, _LINES, None]
        for number in np.unique(epoch):
            rows = np.flatnonzero(epoch == number)
            light[rows] = stars[rows].astype(np.float32) @ basis.continua[number]
            of_groups = (drawn.weights[rows, :, None] * boosts[rows, None]).reshape(len(rows), -1)
            in_lines = of_groups.astype(np.float32) @ basis.spikes[number].reshape(-1, len(basis.pixels))
            light[np.ix_(rows, basis.pixels)] += in_lines
        optical_depth = E_FOLDS_PER_MAG * drawn.a_v
        curves = np.stack([(1 - drawn.smc) * optical_depth, drawn.smc * optical_depth], axis=1)
        light *= np.exp(-(curves.astype(np.float32) @ attenuation()))
        return light

    def galaxy_lines(self, drawn: TemplateSpectra) -> Iterator[tuple[float, NDArray[np.float64]]]:
        """No lines but those in `galaxy_light`; see `ComponentFamily.galaxy_lines`."""
        return iter(())

    def starlight(self, drawn: TemplateSpectra) -> NDArray[np.float64]:
        """Give the shares of templates by age in the light; see `ComponentFamily.starlight`."""
        shares = np.zeros((len(drawn), len(COMPONENTS)))
        of_template = _components(self.basis)[self.basis.epoch(drawn.z)]
        for component in range(len(COMPONENTS)):
            shares[:, component] = (drawn.weights * (of_template == component)).sum(axis=1)
        return shares

    def line_strengths(self, drawn: TemplateSpectra) -> LineStrengths:
        """Give the strengths of Hα, with [N II], and [O III]; see `SpectraFamily.line_strengths`."""
        basis, epoch = self.basis, self.basis.epoch(drawn.z)
        hydrogen, oxygen3 = (drawn.boosts[:, SPIKE_GROUPS.index(group)] for group in ("hydrogen", "oxygen3"))
        h_alpha = (drawn.weights * basis.h_alpha[epoch]).sum(axis=1) * hydrogen
        oxygen3 = (drawn.weights * basis.oxygen3[epoch]).sum(axis=1) * oxygen3
        continuum = (drawn.weights * basis.under_h_alpha[epoch]).sum(axis=1)
        ratio = oxygen3 / np.maximum(h_alpha, 1e-9) * (H_ALPHA / OXYGEN_3) ** 2
        return LineStrengths(
            h_alpha=h_alpha / continuum * (1 - drawn.nucleus), oxygen3=np.where(h_alpha > 0, ratio, 0.0)
        )


@cache
def read_template_family(path: Path) -> TemplateFamily:
    """Make a family of the templates of a list, once in each process.

    Parameters
    ----------
    path : Path
        A list in EAZY's format (`.param`).

    Returns
    -------
    TemplateFamily
        The family.

    Raises
    ------
    InputFileError
        If the list or one of its spectra cannot be used.
    """
    return TemplateFamily(template_basis(path))


def _components(basis: TemplateBasis) -> NDArray[np.intp]:
    """Which of `COMPONENTS` each template is at each redshift, (E, K), by its break, colour and lines."""
    strong = np.minimum(_OLD_BREAK, np.quantile(basis.break_4000, 0.7, axis=1))[:, None]
    strong = np.maximum(strong, 1.15)
    bursting = basis.h_alpha > _BURST_EW * basis.under_h_alpha
    name = np.where(basis.colour < _BLUE_MAG, "young", np.where(bursting, "other", "intermediate"))
    name = np.where(basis.break_4000 >= strong, "old", name)
    order = {name: number for number, name in enumerate(COMPONENTS)}
    return np.asarray(np.vectorize(order.__getitem__, otypes=[np.intp])(name))
