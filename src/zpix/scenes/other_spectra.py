"""How bright would galaxies be in each band if they had other spectra?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.scenes.galaxies import draw_spectra, stellar_mass
from zpix.scenes.nuclei import draw_nuclear_shares
from zpix.scenes.population import Population
from zpix.spectra import GalaxyTraits, MixedSpectra, draw_dot_spectra, milky_way_transmission


def other_fluxes(
    rng: np.random.Generator,
    *,
    kind: NDArray[np.str_],
    mag: NDArray[np.float64],
    z: NDArray[np.float64],
    ebv: NDArray[np.float64],
    bands: tuple[str, ...],
    config: SimulationConfig,
) -> NDArray[np.float32]:
    """Draw spectra of galaxies of which kind, magnitude and redshift are known, as a sky does, and their fluxes.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    kind : (N,) str
        Of `zpix.scenes.population.KINDS`; no stars.
    mag : (N,) float64, mag
        F444W (AB, total).
    z : (N,) float64
        Redshifts.
    ebv : (N,) float64, mag
        E(B−V) of the Milky Way, whose dust dims the fluxes.
    bands : tuple of str
        Names of bands.
    config : SimulationConfig
        Families of spectra and what is drawn with them.

    Returns
    -------
    (N, band) float32, nJy
        Total fluxes.
    """
    dots = kind == "little_red_dot"
    fluxes = np.zeros((len(kind), len(bands)), np.float32)
    for rows in (np.flatnonzero(~dots), np.flatnonzero(dots)):
        if not len(rows):
            continue
        if dots[rows[0]]:
            spectra = draw_dot_spectra(rng, z[rows], emission_lines=config.emission_lines)
        else:
            spectra = _galaxy_spectra(rng, kind[rows], mag[rows], z[rows], config)
        if config.spectral_scatter:
            spectra = spectra.bent(rng, config.spectral_scatter)
        drawn = Population.unplaced(kind=kind[rows], mag=mag[rows], z=z[rows], spectra=spectra)
        fluxes[rows] = drawn.fluxes(bands)
    return fluxes * milky_way_transmission(bands, ebv)


def other_dust(ebv: NDArray[np.float64], other: NDArray[np.float64], *, bands: tuple[str, ...]) -> NDArray[np.float32]:
    """Compute how much brighter light would be behind other dust of the Milky Way.

    Parameters
    ----------
    ebv : (N,) float64, mag
        E(B−V) that the light was drawn with.
    other : (N,) float64, mag
        E(B−V) that it is to have.
    bands : tuple of str
        Names of bands.

    Returns
    -------
    (N, band) float32
        Factors.
    """
    return milky_way_transmission(bands, other) / milky_way_transmission(bands, ebv)


def _galaxy_spectra(
    rng: np.random.Generator,
    kind: NDArray[np.str_],
    mag: NDArray[np.float64],
    z: NDArray[np.float64],
    config: SimulationConfig,
) -> MixedSpectra:
    """Spectra of galaxies, some of them with nuclei where the family has such."""
    galaxies = GalaxyTraits(z=z, log_mass=stellar_mass(mag, z), quiescent=kind == "quiescent")
    spectra = draw_spectra(rng, galaxies, config)
    share = draw_nuclear_shares(rng, (kind == "agn") & spectra.can_have_nuclei)
    return spectra.with_nuclei(share, emission_lines=config.emission_lines)[0]
