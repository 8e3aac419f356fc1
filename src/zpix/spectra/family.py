"""What is a family of spectra, and what must it be able to do?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from zpix.instruments import band_weights
from zpix.sources.rows import Rows
from zpix.spectra.intergalactic import absorb
from zpix.spectra.wavelengths import batches, redshifted, rest_grid

#: What the light of a galaxy is divided into: stars by age, light that cannot be told apart by age, an unobscured
#: nucleus, and emission lines. The parts of a galaxy (bulge, disc, clumps, nucleus) hold different shares of them.
COMPONENTS = ("old", "intermediate", "young", "other", "accretion", "lines")


@dataclass(frozen=True, eq=False)
class DrawnSpectra(Rows):
    """Parameters of N spectra as a family has drawn them; every family adds its own in a class derived from this.

    Attributes
    ----------
    z : (N,) float64
        Redshifts; 0 for stars.
    """

    z: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GalaxyTraits(Rows):
    """What is known of N galaxies before their spectra are drawn.

    Attributes
    ----------
    z : (N,) float64
        Redshifts.
    log_mass : (N,) float64
        log₁₀ of the stellar mass in suns.
    quiescent : (N,) bool
        True for galaxies that form few stars.
    """

    z: NDArray[np.float64]
    log_mass: NDArray[np.float64]
    quiescent: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class LineStrengths(Rows):
    """The lines by which a spectroscopic survey finds redshifts, of N sources.

    Attributes
    ----------
    h_alpha : (N,) float64, Å
        Rest-frame equivalent width of Hα; 0 for none.
    oxygen3 : (N,) float64
        Flux of [O III] 5008 in units of that of Hα.
    """

    h_alpha: NDArray[np.float64]
    oxygen3: NDArray[np.float64]


Drawn = TypeVar("Drawn", bound=DrawnSpectra)


class SpectraFamily(ABC, Generic[Drawn]):
    """Spectra of one kind: fluxes, parts and lines of spectra that have been drawn.

    Only `rest_spectra` has to be written. Fluxes are then those of the rest-frame spectra behind the mean gas between
    the galaxies, all parts of a galaxy have its colour, and there are no lines to find a redshift by.
    """

    @abstractmethod
    def rest_spectra(self, drawn: Drawn) -> NDArray[np.float64]:
        """Compute rest-frame spectra without gas between the galaxies.

        Parameters
        ----------
        drawn : DrawnSpectra of length N
            What the family has drawn.

        Returns
        -------
        (N, W) float64
            Flux per wavelength f_λ on `rest_grid`, lines included; the scale is arbitrary.
        """

    def band_fluxes(self, drawn: Drawn, *, bands: tuple[str, ...]) -> NDArray[np.float32]:
        """Compute band-averaged f_ν.

        Parameters
        ----------
        drawn : DrawnSpectra of length N
            What the family has drawn.
        bands : tuple of str
            Names of bands.

        Returns
        -------
        (N, band) float32
            Fluxes. The scale is arbitrary: ratios between bands are what matters.
        """
        fluxes = np.zeros((len(drawn), len(bands)), np.float32)
        for batch in batches(len(drawn)):
            of = drawn[batch]
            light = (self.rest_spectra(of) * rest_grid() ** 2).astype(np.float32)
            absorb(light, of.z, np.ones(len(of)), np.ones(len(of)))
            fluxes[batch] = redshifted(light, of.z, bands) @ band_weights(bands)
        return fluxes

    def light(self, drawn: Drawn, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the share of the parts of each galaxy in its light at 5500 Å (rest frame).

        Parameters
        ----------
        drawn : DrawnSpectra of length N
            What the family has drawn.
        shares : (N, part, component) float64
            How much of each of `COMPONENTS` is in a part; sums over parts are 1.

        Returns
        -------
        (N, part) float64
            Shares; their sums are 1.
        """
        return shares[:, :, COMPONENTS.index("other")]

    def part_fluxes(self, drawn: Drawn, shares: NDArray[np.float64], *, bands: tuple[str, ...]) -> NDArray[np.float32]:
        """Compute band-averaged f_ν of the parts of each galaxy.

        Parameters
        ----------
        drawn : DrawnSpectra of length N
            What the family has drawn.
        shares : (N, part, component) float64
            How much of each of `COMPONENTS` is in a part; sums over parts are 1.
        bands : tuple of str
            Names of bands.

        Returns
        -------
        (N, part, band) float32
            Fluxes, which add up to `band_fluxes`.
        """
        light = self.light(drawn, shares).astype(np.float32)
        return light[:, :, None] * self.band_fluxes(drawn, bands=bands)[:, None]

    def line_strengths(self, drawn: Drawn) -> LineStrengths:
        """Give the strengths of the lines that a spectroscopic survey would see.

        Parameters
        ----------
        drawn : DrawnSpectra of length N
            What the family has drawn.

        Returns
        -------
        LineStrengths of length N
            Strengths, 0 for no lines.
        """
        return LineStrengths(h_alpha=np.zeros(len(drawn)), oxygen3=np.zeros(len(drawn)))


class GalaxyFamily(SpectraFamily[Drawn]):
    """Spectra of galaxies, which the simulator can draw: what `FAMILIES` has.

    Attributes
    ----------
    has_nuclei : bool, default: False
        Whether the family has spectra of galaxies with an unobscured active nucleus; if not, its galaxies have none.
    """

    has_nuclei: bool = False

    @abstractmethod
    def draw(self, rng: np.random.Generator, galaxies: GalaxyTraits, *, emission_lines: bool) -> Drawn:
        """Draw the spectra of galaxies.

        Parameters
        ----------
        rng : Generator
            Random numbers of the family.
        galaxies : GalaxyTraits of length N
            What is known of them.
        emission_lines : bool
            Whether they have emission lines.

        Returns
        -------
        DrawnSpectra of length N
            Parameters of their spectra.
        """

    def with_nuclei(
        self, drawn: Drawn, share: NDArray[np.float64], *, emission_lines: bool
    ) -> tuple[Drawn, NDArray[np.float64]]:
        """Give galaxies an unobscured active nucleus.

        Parameters
        ----------
        drawn : DrawnSpectra of length N
            What the family has drawn.
        share : (N,) float64
            Share of the nucleus in the light at 5500 Å (rest frame); 0 for galaxies without one.
        emission_lines : bool
            Whether nuclei have emission lines.

        Returns
        -------
        drawn : DrawnSpectra of length N
            Spectra of galaxies and nuclei together.
        in_lines : (N,) float64
            Share of the nucleus in the emission lines.
        """
        return drawn, np.zeros(len(drawn))
