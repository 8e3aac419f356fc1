"""Which colours do galaxies have that are sums of stellar populations?

Stars of 14 bins of age and one metallicity, the continuum and the lines of the gas that the young ones ionise, dust in
birth clouds and in front of all stars, with a curve of any slope and bump.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.attenuation import E_FOLDS_PER_MAG
from zpix.spectra.component_family import ComponentFamily
from zpix.spectra.dust_law import dust_law
from zpix.spectra.emission_lines import H_ALPHA, LINE_GROUPS, LINES, LYMAN_ALPHA, OXYGEN_3
from zpix.spectra.family import COMPONENTS, GalaxyTraits, LineStrengths
from zpix.spectra.population_draws import draw_populations
from zpix.spectra.population_grid import IN_BIRTH_CLOUDS, IONISING, LOG_AGES, population_grid
from zpix.spectra.population_spectra import PopulationSpectra
from zpix.spectra.wavelengths import pixel_at, rest_grid

_CLOUD_SLOPE = -1.0  # of the optical depth of birth clouds with wavelength, between Charlot & Fall (2000) and −1.3
_LYMAN_TO_H_ALPHA = 8.7  # flux, case B
_LYMAN_PIXELS = pixel_at(912.0)
# component of each bin: young to 40 Myr, old from 0.8 Gyr
_COMPONENT = [COMPONENTS.index("young" if last < 7.7 else "intermediate" if last < 9.0 else "old") for last in LOG_AGES]


class PopulationFamily(ComponentFamily[PopulationSpectra]):
    """Galaxies as sums of simple stellar populations (PopStar; Mollá et al. 2009) with gas and dust."""

    def draw(self, rng: np.random.Generator, galaxies: GalaxyTraits, *, emission_lines: bool) -> PopulationSpectra:
        """Draw histories, metals, dust and gas; see `GalaxyFamily.draw`."""
        return draw_populations(rng, galaxies, population_grid(), emission_lines=emission_lines)

    def galaxy_light(self, drawn: PopulationSpectra, factors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Compute the light of stars and the continuum of gas behind dust; see `ComponentFamily.galaxy_light`."""
        return _behind_dust(drawn, factors)

    def galaxy_lines(self, drawn: PopulationSpectra) -> Iterator[tuple[float, NDArray[np.float64]]]:
        """Compute the lines of the gas behind dust; see `ComponentFamily.galaxy_lines`."""
        h_alpha = _h_alpha(drawn)
        seen = _transmission(drawn, np.array([pixel_at(wavelength) for wavelength, _, _ in LINES]))
        for (wavelength, group, ratio), dust in zip(LINES, seen.T, strict=True):
            strength = drawn.lines[:, LINE_GROUPS.index(group)] * ratio
            yield wavelength, h_alpha * strength * dust * (wavelength / H_ALPHA)
        yield LYMAN_ALPHA, h_alpha * _LYMAN_TO_H_ALPHA * drawn.lyman_alpha * (LYMAN_ALPHA / H_ALPHA)

    def starlight(self, drawn: PopulationSpectra) -> NDArray[np.float64]:
        """Give the shares of stars by age in the light; see `ComponentFamily.starlight`."""
        grid = population_grid()
        metals = grid.metallicity_weights(drawn.log_metallicity)
        of_bins = drawn.formed * (metals @ grid.at_5500)
        shares = np.zeros((len(drawn), len(COMPONENTS)))
        for component in set(_COMPONENT):
            shares[:, component] = of_bins[:, np.array(_COMPONENT) == component].sum(axis=1)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def line_strengths(self, drawn: PopulationSpectra) -> LineStrengths:
        """Give the strengths of Hα and [O III]; see `SpectraFamily.line_strengths`."""
        places = np.array([pixel_at(wavelength) for wavelength in (H_ALPHA, OXYGEN_3)])
        seen = _transmission(drawn, places)
        continuum = _behind_dust(drawn, np.ones((len(drawn), len(COMPONENTS))), places[:1])[:, 0].astype(float)
        has_lines = drawn.lines[:, LINE_GROUPS.index("hydrogen")]
        h_alpha = _h_alpha(drawn) * seen[:, 0] * has_lines
        oxygen3 = 0.35 * drawn.lines[:, LINE_GROUPS.index("oxygen3")] * seen[:, 1] / seen[:, 0]
        return LineStrengths(h_alpha=h_alpha * H_ALPHA / continuum * (1 - drawn.nucleus), oxygen3=oxygen3)


#: The family.
POPULATIONS = PopulationFamily()


def _behind_dust(
    drawn: PopulationSpectra, factors: NDArray[np.float64], pixels: slice | NDArray[np.intp] = slice(None)
) -> NDArray[np.float32]:
    """f_ν of stars and of the continuum of gas behind dust at some places of `rest_grid`, (N, P)."""
    grid = population_grid()
    metals = grid.metallicity_weights(drawn.log_metallicity)
    formed = drawn.formed * factors[:, _COMPONENT]
    weights = (metals[:, :, None] * formed[:, None]).astype(np.float32)  # (N, metallicity, bin)

    def light(of: NDArray[np.float32], bins: slice) -> NDArray[np.float32]:
        return np.tensordot(weights[:, :, bins], of[:, bins][:, :, pixels], axes=2)

    young = light(grid.stars, slice(IN_BIRTH_CLOUDS))
    ionising = np.arange(len(rest_grid()))[pixels] < _LYMAN_PIXELS
    young[:, ionising] *= drawn.escape.astype(np.float32)[:, None]
    young += (1 - drawn.escape).astype(np.float32)[:, None] * light(grid.gas, slice(IONISING))
    curve = _cloud_curve()[pixels]
    young *= np.exp(-np.outer(E_FOLDS_PER_MAG * drawn.cloud_a_v, curve).astype(np.float32))
    young += light(grid.stars, slice(IN_BIRTH_CLOUDS, None))
    depth = (E_FOLDS_PER_MAG * drawn.a_v).astype(np.float32)[:, None]
    young *= np.exp(-depth * dust_law(drawn.slope, drawn.bump, pixels))
    return young


def _transmission(drawn: PopulationSpectra, pixels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Share of the lines' light that passes birth clouds and the dust of the galaxy, (N, P)."""
    depth = drawn.a_v[:, None] * dust_law(drawn.slope, drawn.bump, pixels)
    return np.asarray(np.exp(-E_FOLDS_PER_MAG * (depth + np.outer(drawn.cloud_a_v, _cloud_curve()[pixels]))))


def _cloud_curve() -> NDArray[np.float64]:
    """A(λ)/A(V) of birth clouds on `rest_grid`."""
    return (rest_grid() / 5500.0) ** _CLOUD_SLOPE


def _h_alpha(drawn: PopulationSpectra) -> NDArray[np.float64]:
    """f_ν × Δ ln λ of Hα before dust, (N,)."""
    grid = population_grid()
    metals = grid.metallicity_weights(drawn.log_metallicity)
    young = COMPONENTS.index("young")
    ionising = drawn.formed * (np.array(_COMPONENT) == young)  # old stars ionise too little for a line
    return np.asarray((1 - drawn.escape) * np.einsum("nm,mb,nb->n", metals, grid.h_alpha, ionising))
