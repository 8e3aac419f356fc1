"""How are spectra of several families kept in one table?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from zpix.sources.rows import Rows
from zpix.spectra.bending import BEND_PLACES, bend_factors, draw_bends
from zpix.spectra.family import DrawnSpectra, GalaxyFamily, LineStrengths, SpectraFamily


@dataclass(frozen=True, eq=False)
class MixedSpectra(Rows):
    """Spectra of N sources, each of one of several families.

    Attributes
    ----------
    member : (N,) int
        Which of `families` a source's spectrum is of.
    families : tuple of SpectraFamily
        The families.
    drawn : tuple of DrawnSpectra
        What each family has drawn of its sources, in the order of the sources.
    bends : (N, term) float64
        Smooth curves by which spectra are multiplied, see `zpix.spectra.bending`; zeros for none.
    """

    member: NDArray[np.intp]
    families: tuple[SpectraFamily[Any], ...]
    drawn: tuple[DrawnSpectra, ...]
    bends: NDArray[np.float64]

    @classmethod
    def of(cls, family: SpectraFamily[Any], drawn: DrawnSpectra) -> Self:
        """Make a table of the spectra of one family.

        Parameters
        ----------
        family : SpectraFamily
            The family.
        drawn : DrawnSpectra of length N
            What it has drawn.

        Returns
        -------
        MixedSpectra of length N
            The table.
        """
        return cls.unbent(np.zeros(len(drawn), np.intp), (family,), (drawn,))

    @classmethod
    def unbent(
        cls, member: NDArray[np.intp], families: tuple[SpectraFamily[Any], ...], drawn: tuple[DrawnSpectra, ...]
    ) -> Self:
        """Make a table of spectra as families draw them.

        Parameters
        ----------
        member : (N,) int
            Which of `families` a source's spectrum is of.
        families : tuple of SpectraFamily
            The families.
        drawn : tuple of DrawnSpectra
            What each family has drawn of its sources, in the order of the sources.

        Returns
        -------
        MixedSpectra of length N
            The table.
        """
        return cls(member, families, drawn, np.zeros((len(member), len(BEND_PLACES))))

    def __getitem__(self, rows: slice | NDArray[Any]) -> Self:
        """Return the table of some rows."""
        rank = np.zeros(len(self), np.intp)  # row of each source in the table of its family
        for _, own, _ in self._groups():
            rank[own] = np.arange(len(own))
        member, rank = self.member[rows], rank[rows]
        drawn = tuple(table[rank[member == number]] for number, table in enumerate(self.drawn))
        return type(self)(member, self.families, drawn, self.bends[rows])

    @classmethod
    def concatenate(cls, tables: Sequence[Self]) -> Self:
        """Join tables.

        Parameters
        ----------
        tables : sequence of MixedSpectra
            At least one.

        Returns
        -------
        MixedSpectra
            All their rows, in order.
        """
        families = tuple(dict.fromkeys(family for table in tables for family in table.families))
        members = [np.array([families.index(one) for one in table.families], np.intp)[table.member] for table in tables]
        every = [pair for table in tables for pair in zip(table.families, table.drawn, strict=True)]
        drawn = []
        for family in families:
            parts = [part for one, part in every if one is family]
            drawn.append(type(parts[0]).concatenate(parts))
        bends = np.concatenate([table.bends for table in tables])
        return cls(np.concatenate(members), families, tuple(drawn), bends)

    def band_fluxes(self, *, bands: tuple[str, ...]) -> NDArray[np.float32]:
        """Compute band-averaged f_ν of each source; see `SpectraFamily.band_fluxes`.

        Parameters
        ----------
        bands : tuple of str
            Names of bands.

        Returns
        -------
        (N, band) float32
            Fluxes; the scale is arbitrary.
        """
        fluxes = np.zeros((len(self), len(bands)), np.float32)
        for family, own, drawn in self._groups():
            fluxes[own] = family.band_fluxes(drawn, bands=bands)
            if self.bends[own].any():
                fluxes[own] *= bend_factors(self.bends[own], drawn.z, bands)
        return fluxes

    def part_fluxes(self, shares: NDArray[np.float64], *, bands: tuple[str, ...]) -> NDArray[np.float32]:
        """Compute band-averaged f_ν of the parts of each source; see `SpectraFamily.part_fluxes`.

        Parameters
        ----------
        shares : (N, part, component) float64
            How much of each of `COMPONENTS` is in a part; sums over parts are 1.
        bands : tuple of str
            Names of bands.

        Returns
        -------
        (N, part, band) float32
            Fluxes, which add up to `band_fluxes`.
        """
        fluxes = np.zeros((len(self), shares.shape[1], len(bands)), np.float32)
        for family, own, drawn in self._groups():
            fluxes[own] = family.part_fluxes(drawn, shares[own], bands=bands)
            if self.bends[own].any():
                fluxes[own] *= bend_factors(self.bends[own], drawn.z, bands)[:, None]
        return fluxes

    def light(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the share of parts in the light at 5500 Å (rest frame); see `SpectraFamily.light`.

        Parameters
        ----------
        shares : (N, part, component) float64
            How much of each of `COMPONENTS` is in a part; sums over parts are 1.

        Returns
        -------
        (N, part) float64
            Shares; their sums are 1.
        """
        light = np.zeros(shares.shape[:2])
        for family, own, drawn in self._groups():
            light[own] = family.light(drawn, shares[own])
        return light

    def line_strengths(self) -> LineStrengths:
        """Give the strengths of the lines that a spectroscopic survey would see.

        Returns
        -------
        LineStrengths of length N
            Strengths, 0 for no lines.
        """
        strengths = LineStrengths(h_alpha=np.zeros(len(self)), oxygen3=np.zeros(len(self)))
        for family, own, drawn in self._groups():
            of_family = family.line_strengths(drawn)
            strengths.h_alpha[own], strengths.oxygen3[own] = of_family.h_alpha, of_family.oxygen3
        return strengths

    def bent(self, rng: np.random.Generator, largest: float) -> Self:
        """Multiply each spectrum by a smooth random curve of its own.

        Parameters
        ----------
        rng : Generator
            Random numbers.
        largest : float
            Largest rms of the curves, as a fraction of the flux.

        Returns
        -------
        MixedSpectra of length N
            The bent spectra.
        """
        return replace(self, bends=draw_bends(rng, len(self), largest))

    @property
    def can_have_nuclei(self) -> NDArray[np.bool_]:
        """Whether each source is of a family with active nuclei, (N,) bool."""
        can = np.array([isinstance(one, GalaxyFamily) and one.has_nuclei for one in self.families], np.bool_)
        return np.asarray(can[self.member])

    def with_nuclei(self, share: NDArray[np.float64], *, emission_lines: bool) -> tuple[Self, NDArray[np.float64]]:
        """Give galaxies an unobscured active nucleus; see `GalaxyFamily.with_nuclei`.

        Parameters
        ----------
        share : (N,) float64
            Share of the nucleus in the light at 5500 Å (rest frame); 0 for galaxies without one.
        emission_lines : bool
            Whether nuclei have emission lines.

        Returns
        -------
        spectra : MixedSpectra of length N
            Spectra of galaxies and nuclei together.
        in_lines : (N,) float64
            Share of the nucleus in the emission lines.
        """
        in_lines = np.zeros(len(self))
        changed = []
        for family, own, drawn in self._groups():
            if isinstance(family, GalaxyFamily) and family.has_nuclei:
                drawn, in_lines[own] = family.with_nuclei(drawn, share[own], emission_lines=emission_lines)
            changed.append(drawn)
        return type(self)(self.member, self.families, tuple(changed), self.bends), in_lines

    def _groups(self) -> Iterator[tuple[SpectraFamily[Any], NDArray[np.intp], Any]]:
        """Each family, the rows of its sources, and what it has drawn of them."""
        for number, (family, drawn) in enumerate(zip(self.families, self.drawn, strict=True)):
            yield family, np.flatnonzero(self.member == number), drawn
