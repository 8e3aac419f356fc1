"""Galaxies with spectra that are power laws: all that a new family of spectra has to say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpix.spectra import DrawnSpectra, GalaxyFamily, rest_grid


@dataclass(frozen=True, eq=False)
class PowerLaws(DrawnSpectra):
    """What is drawn of each galaxy, beside its redshift."""

    slope: NDArray[np.float64]


class ToyFamily(GalaxyFamily[PowerLaws]):
    """Power laws f_λ ∝ λ^slope, red for quiescent galaxies and blue for all others."""

    def draw(self, rng, galaxies, *, emission_lines):
        """Draw a slope for each galaxy."""
        return PowerLaws(z=galaxies.z, slope=rng.normal(np.where(galaxies.quiescent, 0.5, -1.5), 0.3))

    def rest_spectra(self, drawn):
        """Give f_λ on `rest_grid`, (N, wavelength)."""
        return (rest_grid() / 5500.0) ** drawn.slope[:, None]


TOY = ToyFamily()
