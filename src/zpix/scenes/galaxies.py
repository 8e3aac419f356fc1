"""What is a galaxy like, given its magnitude and redshift?

Magnitude and redshift imply a stellar mass, and from it come type, spectrum, size and shape.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.scenes.counts import draw_magnitudes, draw_redshifts, number_counts
from zpix.scenes.jaguar import JaguarCatalogue
from zpix.scenes.population import Population
from zpix.scenes.structure import draw_structure
from zpix.spectra.galaxies import CONTINUA, GalaxySpectra

#: F444W of 10¹⁰ suns by redshift, see `stellar_mass`.
_MASS_Z = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 15.0)
_MASS_MAG = (15.0, 17.0, 18.5, 20.0, 21.1, 21.7, 22.7, 23.5, 24.1, 24.4, 24.8, 25.0, 25.2, 25.6)


def draw_galaxies(
    rng: np.random.Generator, structure_rng: np.random.Generator, area: float, config: SimulationConfig
) -> Population:
    """Galaxies of `area` arcmin², without positions; their parts have random numbers of their own."""
    n = int(rng.poisson(area * config.source_density * number_counts(config.limit_mag)))
    mag = draw_magnitudes(rng, n, faintest=config.limit_mag)
    if config.bright_boost:  # before the redshifts, which are then those of galaxies as bright as that
        mag = np.where(rng.uniform(size=n) < config.bright_boost, rng.uniform(*config.bright_range, n), mag)
    z = draw_redshifts(rng, mag)
    boosted = rng.uniform(size=n) < config.high_z_boost
    z = np.where(boosted, rng.uniform(*config.high_z_range, n), z)
    log_mass = stellar_mass(mag, z)
    quiescent = rng.uniform(size=n) < quiescent_fraction(log_mass, z)
    spectra = draw_spectra(rng, z, log_mass, quiescent, config)
    re, sersic_n, axis_ratio = draw_shapes(rng, z, log_mass, quiescent)
    pa = rng.uniform(0, 180, n)
    structure = None
    if config.substructure:
        structure = draw_structure(
            structure_rng,
            spectra.weights,
            log_mass=log_mass,
            z=z,
            quiescent=quiescent,
            re_arcsec=re,
            sersic_n=sersic_n,
            axis_ratio=axis_ratio,
            pa_deg=pa,
            kpc_per_arcsec=kpc_per_arcsec(z),
        )
    return Population.unplaced(
        kind=np.where(quiescent, "quiescent", "galaxy"),
        mag=mag,
        re_arcsec=re,
        sersic_n=sersic_n,
        axis_ratio=axis_ratio,
        pa_deg=pa,
        spectra=spectra,
        structure=structure,
    )


def draw_listed_galaxies(
    rng: np.random.Generator, area: float, config: SimulationConfig, catalogue: JaguarCatalogue
) -> Population:
    """Galaxies of a catalogue for `area` arcmin², without positions, each with its own redshift, fluxes and shape.

    Their `spectra` are such as galaxies of their mass have; they decide only whether lines could be measured.
    """
    rows = catalogue.draw(rng, area * config.source_density)
    z, mag, quiescent = catalogue.z[rows], catalogue.mag[rows], catalogue.quiescent[rows]
    return Population.unplaced(
        kind=np.where(quiescent, "quiescent", "galaxy"),
        mag=mag,
        re_arcsec=catalogue.re_arcsec[rows],
        sersic_n=catalogue.sersic_n[rows],
        axis_ratio=catalogue.axis_ratio[rows],
        pa_deg=catalogue.pa_deg[rows],
        spectra=draw_spectra(rng, z, stellar_mass(mag, z), quiescent, config),
        entry=rows,
    )


def stellar_mass(mag: NDArray, z: NDArray) -> NDArray[np.float64]:
    """Rough log₁₀ stellar mass in suns, from F444W and one mass-to-light ratio for each redshift.

    In solar units it is of the order of 0.5 in K and H, where F444W is at z < 2, and falls to 0.2 in V at z = 7. With
    the counts this gives 4 galaxies above 10^10.5 suns per arcmin², of the order of what the mass functions of Muzzin
    et al. (2013) give.
    """
    return 10.0 - 0.4 * (mag - np.interp(z, _MASS_Z, _MASS_MAG))


def quiescent_fraction(log_mass: NDArray, z: NDArray) -> NDArray[np.float64]:
    """Rises with mass and falls beyond z = 3 (Muzzin et al. 2013; Carnall et al. 2023)."""
    massive = 1 / (1 + np.exp(-(log_mass - 10.6 - 0.15 * np.clip(z - 1, 0, 2)) / 0.3))
    return 0.85 * massive * np.exp(-np.clip(z - 3, 0, None)) + 0.05 * np.clip((5 - z) / 3, 0, 1)


def draw_spectra(
    rng: np.random.Generator, z: NDArray, log_mass: NDArray, quiescent: NDArray, config: SimulationConfig
) -> GalaxySpectra:
    """Stars, dust, lines and absorption of galaxies of these redshifts and masses."""
    n = len(z)
    # heavily obscured ones are massive, up to half of them (Whitaker et al. 2017)
    obscured = 0.02 + 0.45 / (1 + np.exp(-(log_mass - 10.4) / 0.3))
    dusty = ~quiescent & (rng.uniform(size=n) < obscured * np.clip((8 - z) / 3, 0, 1))
    # share of stars younger than ~10 Myr in the light: more at high z and low mass (Endsley et al. 2023)
    young = _logistic(-1.6 + 0.38 * np.minimum(z, 8.5) - 0.5 * (log_mass - 9) + 1.1 * rng.normal(size=n))
    young = np.where(quiescent, 0.02 * rng.uniform(size=n) ** 3, np.where(dusty, 0.3 * young, young))
    weights = _mix(rng, z, log_mass, young, quiescent, dusty)
    # A(V) = 0.36 at 10⁹ and 0.7 at 10¹⁰ suns, somewhat less than at z = 2.5 by McLure et al. (2018); less beyond z = 3
    mean_dust = 0.12 + 0.35 * np.clip(log_mass - 8.3, 0, 2.5)
    a_v = mean_dust * np.interp(z, (3, 5), (1.0, 0.6)) * rng.gamma(1.6, 1 / 1.6, n)
    a_v = np.where(dusty, a_v + rng.uniform(0.3, 3.0, n), np.where(quiescent, rng.exponential(0.15, n), a_v))
    lines, ew_ha = _draw_lines(rng, z, log_mass, young, quiescent)
    has_lya = rng.uniform(size=n) < np.where(z < 6, 0.3, 0.1)  # Jones et al. (2024): rarer in the neutral universe
    return GalaxySpectra(
        z=z,
        weights=weights,
        a_v=a_v,
        smc=rng.uniform(0, 1, n) * _logistic((z - 3) / 1.0),  # steeper at high redshift (Shivaei et al. 2020)
        ew_ha=ew_ha * config.emission_lines,
        lines=lines,
        ew_lya=np.where(has_lya & ~quiescent, np.exp(np.log(20) + 0.7 * rng.normal(size=n)), 0.0)
        * config.emission_lines,
        igm=np.exp(0.15 * rng.normal(size=n)),  # sightlines differ (Inoue & Iwata 2008)
        damping=rng.uniform(0, 1.6, n),
    )


def _mix(
    rng: np.random.Generator,
    z: NDArray,
    log_mass: NDArray,
    young: NDArray,
    quiescent: NDArray,
    dusty: NDArray,
) -> NDArray[np.float64]:
    """Shares of `CONTINUA` in the light at 5500 Å, shape (N, 8): they sum to one."""
    n = len(z)
    metal_poor = _logistic(-1.5 + 0.35 * (z - 2) - 0.6 * (log_mass - 9) + 0.9 * rng.normal(size=n))
    time_to_age = np.clip((6 - z) / 4, 0, 1)  # the old continuum is 10 Gyr old; there was no time for it
    old = rng.beta(1.2, 2.0, n) * time_to_age
    old = np.where(quiescent, rng.beta(5, 1.5, n) * np.clip((5.5 - z) / 3, 0, 1), old)
    reddened = np.where(dusty, rng.beta(2, 2, n), np.where(quiescent, 0, 0.5 * rng.beta(1, 4, n)))
    very_dusty = np.where(dusty, 0.3 * rng.beta(1, 3, n), 0.0) * time_to_age
    mature = (1 - young) * (1 - very_dusty)
    share = {
        "dusty_old": (1 - young) * very_dusty,
        "burst": young * (1 - metal_poor),
        "dusty_young": mature * reddened,
        "old": mature * (1 - reddened) * old,
        "intermediate": mature * (1 - reddened) * (1 - old),
        "metal_poor": young * metal_poor,
        "accretion": np.zeros(n),
        "dense_gas": np.zeros(n),
    }
    return np.stack([share[name] for name in CONTINUA], axis=1)


def _draw_lines(
    rng: np.random.Generator, z: NDArray, log_mass: NDArray, young: NDArray, quiescent: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Strengths of `LINE_GROUPS`, shape (N, 7), and rest equivalent width of Hα in Å, shape (N,).

    EW(Hα) ∝ (1+z)^1.8 to z = 2.2 and flatter beyond (Faisst et al. 2016; Mármol-Queraltó et al. 2016), larger
    at low mass; the median near 450 Å at z = 6 gives EW([O III]+Hβ) ≈ 800 Å (Endsley et al. 2021, 2024;
    Matthee et al. 2023).
    """
    n = len(z)
    growth = 1.8 * np.log10(1 + np.minimum(z, 2.2)) + np.log10((1 + np.maximum(z, 2.2)) / 3.2)
    log_ew = np.log10(16.0) + growth - 0.15 * (np.clip(log_mass, 8.5, 11) - 10) + 0.25 * rng.normal(size=n)
    typical = _logistic(-1.6 + 0.38 * np.minimum(z, 8.5) - 0.5 * (log_mass - 9))
    log_ew += 0.4 * np.log10(np.clip(young / typical, 0.05, 5))
    ew_ha = np.where(quiescent, 3.0 * rng.exponential(size=n), np.clip(10**log_ew, 0, 3500))
    scatter = rng.normal(size=(n, 6))
    enriched = np.clip(log_mass - 9.3, 0, 2)
    helium = 10 ** (-0.9 + 0.15 * scatter[:, 0])
    oxygen3 = 10 ** (np.clip(0.62 + 0.04 * (z - 2) - 0.45 * enriched, -0.3, 0.80) + 0.15 * scatter[:, 1])
    oxygen2 = 10 ** (np.clip(-0.1 - 0.1 * (z - 1), -0.8, 0.0) + 0.2 * scatter[:, 2])
    nitrogen = 10 ** (np.clip(-0.5 + 0.4 * (log_mass - 10.3) - 0.08 * z, -2.0, -0.25) + 0.15 * scatter[:, 3])
    sulphur2 = 10 ** (-0.75 - 0.05 * z + 0.15 * scatter[:, 4])
    sulphur3 = 10 ** (-0.75 + 0.15 * scatter[:, 5])
    return np.stack([np.ones(n), helium, oxygen3, oxygen2, nitrogen, sulphur2, sulphur3], axis=1), ew_ha


def draw_shapes(
    rng: np.random.Generator, z: NDArray, log_mass: NDArray, quiescent: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Half-light radius in arcsec, Sérsic index and axis ratio, each (N,).

    Sizes: van der Wel et al. (2014), R = A (M/5·10¹⁰)^α kpc with A = 8.9 (1+z)^−0.75, α = 0.22 for
    star-forming and A = 5.6 (1+z)^−1.48, α = 0.75 (flat below 10^10.3) for quiescent galaxies, with an intrinsic
    scatter of no more than 0.2 dex. These are sizes at 5000 Å (rest frame); a gradient d log R / d log λ of the order
    of theirs, −0.35 + 0.12 z − 0.25 log(M/10¹⁰) (quiescent −0.25), brings them to 2 µm, where NIRCam sees smaller
    galaxies at low redshift. Beyond z = 2.5 star-forming ones fall as (1+z)^−1.15, to the 1.3 kpc of Varadaraj et
    al. (2024) at z = 4 and the 0.5 kpc of Westcott et al. (2025) at z = 7. Shapes: exponential discs
    thickened as in van der Wel et al. (2014, ApJ 792, L6).
    """
    n = len(z)
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


def _logistic(value: NDArray) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-value))


@cache
def _distance_table() -> tuple[NDArray, NDArray]:
    from astropy.cosmology import Planck18

    z = np.geomspace(0.005, 20.0, 400)
    return z, 1.0 / Planck18.arcsec_per_kpc_proper(z).value


def kpc_per_arcsec(z: NDArray) -> NDArray[np.float64]:
    """Proper length of an arcsec (Planck 2018 cosmology)."""
    return np.interp(z, *_distance_table())
