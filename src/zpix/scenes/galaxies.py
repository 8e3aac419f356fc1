"""What is a galaxy like, given its magnitude and redshift?

Magnitude and redshift imply a stellar mass, and from it come type, size and shape; families of spectra
(`zpix.spectra`) draw the spectra.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.scenes.cosmology import kpc_per_arcsec
from zpix.scenes.counts import draw_magnitudes, draw_redshifts, number_counts
from zpix.scenes.forms import with_forms
from zpix.scenes.jaguar import JaguarCatalogue
from zpix.scenes.population import Population
from zpix.scenes.structure import draw_structure
from zpix.spectra import GalaxyTraits, MixedSpectra, draw_galaxy_spectra

#: F444W of 10¹⁰ suns by redshift, see `stellar_mass`.
_MASS_Z = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0)
_MASS_MAG = (15.0, 17.0, 18.5, 20.0, 21.1, 21.7, 22.7, 23.5, 24.1, 24.4, 24.8, 25.0, 25.2, 25.6)


def draw_galaxies(
    rng: np.random.Generator, structure_rng: np.random.Generator, area: float, config: SimulationConfig
) -> Population:
    """Draw galaxies of a piece of sky.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    structure_rng : Generator
        Random numbers of their parts, which do not change the rest.
    area : float, arcmin²
        Area of the sky.
    config : SimulationConfig
        What the sky is drawn with.

    Returns
    -------
    Population
        The galaxies, without positions.
    """
    n = int(rng.poisson(area * config.source_density * number_counts(config.limit_mag)))
    mag = draw_magnitudes(rng, n, faintest=config.limit_mag)
    if config.bright_boost:  # before the redshifts, which are then those of galaxies as bright as that
        mag = np.where(rng.uniform(size=n) < config.bright_boost, rng.uniform(*config.bright_range, n), mag)
    z = draw_redshifts(rng, mag)
    boosted = rng.uniform(size=n) < config.high_z_boost
    z = np.where(boosted, rng.uniform(*config.high_z_range, n), z)
    log_mass = stellar_mass(mag, z)
    quiescent = rng.uniform(size=n) < quiescent_fraction(log_mass, z)
    galaxies = GalaxyTraits(z=z, log_mass=log_mass, quiescent=quiescent)
    spectra = draw_spectra(rng, galaxies, config)
    re, sersic_n, axis_ratio = draw_shapes(rng, galaxies)
    shape = {"re_arcsec": re, "sersic_n": sersic_n, "axis_ratio": axis_ratio, "pa_deg": rng.uniform(0, 180, n)}
    structure = draw_structure(structure_rng, galaxies, spectra, **shape) if config.substructure else None
    if structure is not None and config.morphology == "rich":
        structure = with_forms(structure_rng.spawn(1)[0], structure, galaxies)
    kind = np.where(quiescent, "quiescent", "galaxy")
    return Population.unplaced(kind=kind, mag=mag, z=z, spectra=spectra, structure=structure, **shape)


def draw_listed_galaxies(
    rng: np.random.Generator, area: float, config: SimulationConfig, catalogue: JaguarCatalogue
) -> Population:
    """Draw galaxies of a catalogue for a piece of sky, each with its own redshift, fluxes and shape.

    Their `spectra` are such as galaxies of their mass have; they decide only whether lines could be measured.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    area : float, arcmin²
        Area of the sky.
    config : SimulationConfig
        What the sky is drawn with.
    catalogue : JaguarCatalogue
        The galaxies to draw from.

    Returns
    -------
    Population
        The galaxies, without positions.
    """
    rows = catalogue.draw(rng, area * config.source_density)
    z, mag, quiescent = catalogue.z[rows], catalogue.mag[rows], catalogue.quiescent[rows]
    galaxies = GalaxyTraits(z=z, log_mass=stellar_mass(mag, z), quiescent=quiescent)
    return Population.unplaced(
        kind=np.where(quiescent, "quiescent", "galaxy"),
        mag=mag,
        z=z,
        re_arcsec=catalogue.re_arcsec[rows],
        sersic_n=catalogue.sersic_n[rows],
        axis_ratio=catalogue.axis_ratio[rows],
        pa_deg=catalogue.pa_deg[rows],
        spectra=draw_spectra(rng, galaxies, config),
        entry=rows,
    )


def stellar_mass(mag: NDArray[np.float64], z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate stellar masses roughly, from F444W and one mass-to-light ratio for each redshift.

    In solar units it is of the order of 0.5 in K and H, where F444W is at z < 2, and falls to 0.2 in V at z = 7. With
    the counts this gives 4 galaxies above 10^10.5 suns per arcmin², of the order of what the mass functions of Muzzin
    et al. (2013) give.

    Parameters
    ----------
    mag : (N,) float64, mag
        F444W (AB, total).
    z : (N,) float64
        Redshifts.

    Returns
    -------
    (N,) float64
        log₁₀ of the stellar mass in suns.
    """
    return 10.0 - 0.4 * (mag - np.interp(z, _MASS_Z, _MASS_MAG))


def quiescent_fraction(log_mass: NDArray[np.float64], z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the fraction of quiescent galaxies, after Muzzin et al. (2013) and Carnall et al. (2023).

    Parameters
    ----------
    log_mass : (N,) float64
        log₁₀ of the stellar mass in suns.
    z : (N,) float64
        Redshifts.

    Returns
    -------
    (N,) float64
        The fraction, which rises with mass and falls beyond z = 3.
    """
    massive = 1 / (1 + np.exp(-(log_mass - 10.6 - 0.15 * np.clip(z - 1, 0, 2)) / 0.3))
    return 0.85 * massive * np.exp(-np.clip(z - 3, 0, None)) + 0.05 * np.clip((5 - z) / 3, 0, 1)


def draw_spectra(rng: np.random.Generator, galaxies: GalaxyTraits, config: SimulationConfig) -> MixedSpectra:
    """Draw spectra of galaxies by the settings of a sky.

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.
    config : SimulationConfig
        Families of spectra, and whether there are emission lines.

    Returns
    -------
    MixedSpectra of length N
        The spectra, neither bent nor with nuclei.
    """
    return draw_galaxy_spectra(rng, galaxies, shares=config.spectra, emission_lines=config.emission_lines)


def draw_shapes(
    rng: np.random.Generator, galaxies: GalaxyTraits
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Draw sizes and shapes of galaxies.

    Sizes: van der Wel et al. (2014), R = A (M/5·10¹⁰)^α kpc with A = 8.9 (1+z)^−0.75, α = 0.22 for
    star-forming and A = 5.6 (1+z)^−1.48, α = 0.75 (flat below 10^10.3) for quiescent galaxies, with an intrinsic
    scatter of no more than 0.2 dex. These are sizes at 5000 Å (rest frame); a gradient d log R / d log λ of the order
    of theirs, −0.35 + 0.12 z − 0.25 log(M/10¹⁰) (quiescent −0.25), brings them to 2 µm, where NIRCam sees smaller
    galaxies at low redshift. Beyond z = 2.5 star-forming ones fall as (1+z)^−1.15, to the 1.3 kpc of Varadaraj et
    al. (2024) at z = 4 and the 0.5 kpc of Westcott et al. (2025) at z = 7. Shapes: exponential discs
    thickened as in van der Wel et al. (2014, ApJ 792, L6).

    Parameters
    ----------
    rng : Generator
        Random numbers.
    galaxies : GalaxyTraits of length N
        What is known of the galaxies.

    Returns
    -------
    re_arcsec : (N,) float64, arcsec
        Half-light radii along the major axis.
    sersic_n : (N,) float64
        Sérsic indices.
    axis_ratio : (N,) float64
        Axis ratios.
    """
    z, log_mass, quiescent, n = galaxies.z, galaxies.log_mass, galaxies.quiescent, len(galaxies)
    log_m = log_mass - np.log10(5e10)
    discs = np.log10(8.9) - 0.75 * np.log10(1 + z) + 0.22 * np.clip(log_m, -4.5, 1.0)
    discs -= 0.40 * np.log10(np.maximum((1 + z) / 3.5, 1.0))
    gradient = np.where(quiescent, -0.25, np.minimum(-0.35 + 0.12 * z - 0.25 * (log_mass - 10), 0.0))
    spheroids = np.log10(5.6) - 1.48 * np.log10(1 + z) + 0.75 * np.clip(log_m, -0.4, 1.0)
    at_2_um = gradient * np.maximum(np.log10(4.0 / (1 + z)), 0.0)
    log_kpc = np.where(quiescent, spheroids, discs) + at_2_um + np.where(quiescent, 0.15, 0.18) * rng.normal(size=n)
    re = np.clip(10**log_kpc / kpc_per_arcsec(z), 0.01, 4.0)
    median_n = np.where(quiescent, 2.8, 1.05 + 0.5 * np.clip(log_mass - 10, 0, 1.5))
    sersic_n = np.clip(median_n * np.exp(0.35 * rng.normal(size=n)), 0.5, 6.0)
    flatness = np.where(quiescent, 0.70, 0.55) + 0.20 * rng.normal(size=n)
    return re, sersic_n, np.clip(np.abs(flatness), 0.12, 1.0)
