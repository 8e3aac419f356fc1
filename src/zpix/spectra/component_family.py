"""What do families have in common whose galaxies are sums of stars by age, lines and an active nucleus?

Starlight and lines are the family's own. The nucleus (`zpix.spectra.quasar`) is put on top, and the gas between the
galaxies in front of all. Fluxes are linear in the components, so what holds a part of one has that part of its light.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from zpix.instruments import band_weights
from zpix.spectra.attenuation import E_FOLDS_PER_MAG, attenuation
from zpix.spectra.emission_lines import add_narrow_lines, narrow_line_fluxes
from zpix.spectra.family import COMPONENTS, DrawnSpectra, GalaxyFamily
from zpix.spectra.intergalactic import absorb
from zpix.spectra.quasar import quasar_light
from zpix.spectra.wavelengths import batches, redshifted, rest_grid

_ACCRETION, _LINES = COMPONENTS.index("accretion"), COMPONENTS.index("lines")
_NUCLEUS_DUST = 0.3  # mag: a nucleus that is seen is behind little dust


@dataclass(frozen=True, eq=False)
class ComponentSpectra(DrawnSpectra):
    """Parameters that N spectra of every such family have; N = 0 is normal.

    Attributes
    ----------
    z : (N,) float64
        Redshifts.
    a_v : (N,) float64, mag
        Attenuation at 5500 Å that the family puts on the galaxy.
    igm : (N,) float64
        Optical depth of the intergalactic medium in units of its mean.
    damping : (N,) float64
        Optical depth of neutral gas near the galaxy (z > 6), in units of its mean.
    nucleus : (N,) float64
        Share of an unobscured nucleus in the light at 5500 Å before dust.
    broad_lines : (N,) float64
        Strength of the nucleus's lines in units of a quasar's.
    """

    a_v: NDArray[np.float64]
    igm: NDArray[np.float64]
    damping: NDArray[np.float64]
    nucleus: NDArray[np.float64]
    broad_lines: NDArray[np.float64]


Components = TypeVar("Components", bound=ComponentSpectra)


class ComponentFamily(GalaxyFamily[Components]):
    """Galaxies as sums of stars of several ages, lines, and an unobscured nucleus in some."""

    has_nuclei = True

    @abstractmethod
    def galaxy_light(self, drawn: Components, factors: NDArray[np.float64]) -> NDArray[np.float32]:
        """Compute the rest-frame light of galaxies behind their dust, without nuclei and `galaxy_lines`.

        Parameters
        ----------
        drawn : ComponentSpectra of length N
            What the family has drawn.
        factors : (N, component) float64
            Factor by which each of `COMPONENTS` is scaled.

        Returns
        -------
        (N, W) float32
            f_ν on `rest_grid`; 1 at 5500 Å before dust where all factors are 1.
        """

    @abstractmethod
    def galaxy_lines(self, drawn: Components) -> Iterator[tuple[float, NDArray[np.float64]]]:
        """Compute the lines of galaxies behind their dust that are not part of `galaxy_light`.

        Parameters
        ----------
        drawn : ComponentSpectra of length N
            What the family has drawn.

        Yields
        ------
        wavelength : float, Å
            Rest wavelength of a line.
        amount : (N,) float64
            Its f_ν × Δ ln λ, in the unit of `galaxy_light`.
        """

    @abstractmethod
    def starlight(self, drawn: Components) -> NDArray[np.float64]:
        """Give the share of each component in the light of the galaxies at 5500 Å before dust.

        Parameters
        ----------
        drawn : ComponentSpectra of length N
            What the family has drawn.

        Returns
        -------
        (N, component) float64
            Shares of `COMPONENTS`, none of the nucleus; their sums are 1.
        """

    def rest_spectra(self, drawn: Components) -> NDArray[np.float64]:
        """Compute rest-frame f_λ, with narrow lines two pixels wide; see `SpectraFamily.rest_spectra`."""
        f_nu = self._light(drawn, np.ones((len(drawn), len(COMPONENTS)))).astype(float)
        add_narrow_lines(f_nu, self._lines(drawn))
        return np.asarray(f_nu / rest_grid() ** 2)

    def band_fluxes(self, drawn: Components, *, bands: tuple[str, ...]) -> NDArray[np.float32]:
        """Compute band-averaged f_ν, for light of 1 at 5500 Å before dust; see `SpectraFamily.band_fluxes`."""
        fluxes = np.zeros((len(drawn), len(bands)), np.float32)
        for batch in batches(len(drawn)):
            of = drawn[batch]
            fluxes[batch] = self._continuum_fluxes(of, np.ones((len(of), len(COMPONENTS))), bands)
            fluxes[batch] += narrow_line_fluxes(self._lines(of), of.z, bands)
        return fluxes

    def light(self, drawn: Components, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the share of the parts in the light at 5500 Å before dust; see `SpectraFamily.light`."""
        of_components = (1 - drawn.nucleus)[:, None] * self.starlight(drawn)
        of_components[:, _ACCRETION] += drawn.nucleus
        return np.asarray(np.einsum("npk,nk->np", shares, of_components))

    def part_fluxes(
        self, drawn: Components, shares: NDArray[np.float64], *, bands: tuple[str, ...]
    ) -> NDArray[np.float32]:
        """Compute band-averaged f_ν of the parts of each galaxy; see `SpectraFamily.part_fluxes`."""
        fluxes = np.zeros((len(drawn), shares.shape[1], len(bands)), np.float32)
        for batch in batches(len(drawn)):
            of, of_parts = drawn[batch], shares[batch]
            lines = narrow_line_fluxes(self._lines(of), of.z, bands)
            fluxes[batch] = of_parts[:, :, _LINES, None] * lines[:, None]
            present = self.starlight(of) > 0
            present[:, _LINES], present[:, _ACCRETION] = True, of.nucleus > 0
            for part in range(shares.shape[1]):
                rows = np.flatnonzero((of_parts[:, part] * present).any(axis=1))
                fluxes[batch.start + rows, part] += self._continuum_fluxes(of[rows], of_parts[rows, part], bands)
        return fluxes

    def with_nuclei(
        self, drawn: Components, share: NDArray[np.float64], *, emission_lines: bool
    ) -> tuple[Components, NDArray[np.float64]]:
        """Add a quasar's continuum and broad lines to some galaxies; see `GalaxyFamily.with_nuclei`.

        The broad lines are of the component `accretion`, so none of the light of `lines` is the nucleus's.
        """
        broad = np.full(len(drawn), float(emission_lines))
        return replace(drawn, nucleus=share, broad_lines=broad), np.zeros(len(drawn))

    def _continuum_fluxes(
        self, drawn: Components, factors: NDArray[np.float64], bands: tuple[str, ...]
    ) -> NDArray[np.float32]:
        """Fluxes behind all gas of components scaled by `factors`, (N, band), without narrow lines."""
        light = self._light(drawn, factors)
        absorb(light, drawn.z, drawn.igm, drawn.damping)
        return redshifted(light, drawn.z, bands) @ band_weights(bands)

    def _light(self, drawn: Components, factors: NDArray[np.float64]) -> NDArray[np.float32]:
        """f_ν of galaxies and nuclei behind their dust, (N, W)."""
        light = self.galaxy_light(drawn, factors)
        active = np.flatnonzero(drawn.nucleus)
        if len(active):
            own = drawn[active]
            continuum, lines = quasar_light()
            seen = np.stack([np.ones(len(own)), own.broad_lines], axis=1).astype(np.float32) @ [continuum, lines]
            dust = np.minimum(own.a_v, _NUCLEUS_DUST)[:, None].astype(np.float32) * attenuation()[1]
            seen *= np.exp(-np.float32(E_FOLDS_PER_MAG) * dust) * (own.nucleus * factors[active, _ACCRETION])[:, None]
            light[active] = (1 - own.nucleus)[:, None] * light[active] + seen
        return light

    def _lines(self, drawn: Components) -> Iterator[tuple[float, NDArray[np.float64]]]:
        """Narrow lines of galaxies, less where a nucleus takes a share of the light."""
        for wavelength, amount in self.galaxy_lines(drawn):
            yield wavelength, amount * (1 - drawn.nucleus)
