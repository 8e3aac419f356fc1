"""Which sources are in a piece of sky?

Galaxies are drawn from published number counts, redshifts given the magnitude, then a stellar mass that the
two imply, and from it type, spectrum, size and shape. Stars and brown dwarfs follow counts of their own. All
magnitudes are AB in F444W, total.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.sources import GALAXY, STAR
from zpix.sources.filters import milky_way_transmission
from zpix.sources.galaxies import CONTINUA, GalaxySpectra, band_fluxes
from zpix.sources.stars import star_fluxes

#: Galaxies brighter than a magnitude, per arcmin²: bright end after Windhorst et al. (2023, PEARLS), faint
#: end such that JADES's 1,400 detections per arcmin² are reached near 30 mag (Rieke et al. 2023; 94,000
#: sources in 67 arcmin²).
_COUNTS_MAG = (18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0, 28.0, 29.0, 30.0, 31.0, 32.0)
_COUNTS_PER_ARCMIN2 = (
    0.12,
    0.5,
    1.6,
    4.2,
    9.5,
    20.0,
    40.0,
    71.0,
    125.0,
    220.0,
    400.0,
    745.0,
    1400.0,
    2500.0,
    4300.0,
)

#: Scale of p(z | m) ∝ z^1.3 exp(−z/z₀(m)) (form of Benítez 2000): medians 0.8 at 22, 1.7 at 26 and 2.2 at 29
#: mag, and 0.4 % of all sources beyond z = 8, as the 717 candidates in 125 arcmin² of Hainline et al. (2024).
_Z_SCALE_MAG = (18.0, 20.0, 22.0, 24.0, 26.0, 28.0, 30.0, 32.0)
_Z_SCALE = (0.12, 0.20, 0.38, 0.61, 0.84, 0.96, 1.02, 1.05)
_Z_MAX = 15.0

_REFERENCE_BAND = "F444W"


@dataclass(frozen=True)
class Population:
    """N sources; every array has the leading length N, and N = 0 is normal.

    Attributes
    ----------
    x, y : (N,) float64
        Position in pixels; integers are pixel centres.
    label : (N,) int16
        `GALAXY` or `STAR`.
    mag : (N,) float64
        F444W (AB, total, before the Milky Way's dust).
    re_arcsec : (N,) float64
        Half-light radius along the major axis; 0 for stars.
    sersic_n, axis_ratio : (N,) float64
    pa_deg : (N,) float64
        Of the major axis, east of north: from +y towards −x.
    spectra : GalaxySpectra of length N
        Its z is 0 for stars.
    teff : (N,) float64
        Effective temperature of stars in K; 0 for galaxies.
    colour_scatter : (N,) float64
        Standard normal deviate in the depth of stellar absorption bands.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    label: NDArray[np.int16]
    mag: NDArray[np.float64]
    re_arcsec: NDArray[np.float64]
    sersic_n: NDArray[np.float64]
    axis_ratio: NDArray[np.float64]
    pa_deg: NDArray[np.float64]
    spectra: GalaxySpectra
    teff: NDArray[np.float64]
    colour_scatter: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: NDArray | slice) -> Population:
        return Population(**{name: value[rows] for name, value in vars(self).items()})

    @property
    def z(self) -> NDArray[np.float64]:
        """Redshifts, 0 for stars, shape (N,)."""
        return self.spectra.z

    @staticmethod
    def concatenate(parts: list[Population]) -> Population:
        """Join several populations; the list must not be empty."""
        joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _PLAIN}
        spectra = {
            name: np.concatenate([getattr(part.spectra, name) for part in parts]) for name in vars(parts[0].spectra)
        }
        return Population(**joined, spectra=GalaxySpectra(**spectra))

    def fluxes(self, bands: tuple[str, ...], *, ebv: float = 0.0) -> NDArray[np.float32]:
        """Total flux in nJy of each source in each band, dimmed by the Milky Way's dust, shape (N, band)."""
        with_reference = (*bands, _REFERENCE_BAND)
        colours = np.zeros((len(self), len(with_reference)), np.float32)
        galaxy = self.label == GALAXY
        colours[galaxy] = band_fluxes(self.spectra[galaxy], bands=with_reference)
        colours[~galaxy] = star_fluxes(
            self.teff[~galaxy], bands=with_reference, colour_scatter=self.colour_scatter[~galaxy]
        )
        total = 10 ** (-0.4 * (self.mag - 31.4))  # nJy in the reference band
        scale = total / np.maximum(colours[:, -1], 1e-30)
        dimmed = colours[:, :-1] * scale[:, None] * milky_way_transmission(bands, ebv)
        return dimmed.astype(np.float32)


_PLAIN = tuple(name for name in Population.__dataclass_fields__ if name != "spectra")


def draw_population(
    rng: np.random.Generator, *, width_pix: float, height_pix: float, config: SimulationConfig
) -> Population:
    """Sources of a rectangle of sky whose lower left pixel is (0, 0)."""
    area = width_pix * height_pix * (config.pixel_scale_arcsec / 60) ** 2  # arcmin²
    parts = [_draw_galaxies(rng, area, config), _draw_stars(rng, area, config)]
    population = Population.concatenate(parts)
    n = len(population)
    x, y = rng.uniform(0, width_pix, n), rng.uniform(0, height_pix, n)
    _move_beside_others(rng, x, y, population, config)
    return Population(**(vars(population) | {"x": x - 0.5, "y": y - 0.5}))


def number_counts(mag: NDArray | float) -> NDArray[np.float64]:
    """Galaxies per arcmin² brighter than F444W = `mag`."""
    return np.power(10.0, np.interp(mag, _COUNTS_MAG, np.log10(_COUNTS_PER_ARCMIN2)))


def draw_redshifts(rng: np.random.Generator, mag: NDArray[np.float64]) -> NDArray[np.float64]:
    """Redshifts of galaxies of F444W magnitude `mag`, 0.01 to 15, shape (N,)."""
    scale = np.interp(mag, _Z_SCALE_MAG, _Z_SCALE)
    z = rng.gamma(2.3, scale)
    return np.where(z < _Z_MAX, np.maximum(z, 0.01), rng.uniform(0.5, 3.0, len(mag)))


def _draw_galaxies(rng: np.random.Generator, area: float, config: SimulationConfig) -> Population:
    brightest, faintest = number_counts(_COUNTS_MAG[0]), number_counts(config.limit_mag)
    n = rng.poisson(area * config.source_density * faintest)
    # invert the cumulative counts; those brighter than the first knot sit on it
    level = np.log10(np.maximum(rng.uniform(0, faintest, n), brightest))
    mag = np.interp(level, np.log10(_COUNTS_PER_ARCMIN2), _COUNTS_MAG)
    z = draw_redshifts(rng, mag)
    boosted = rng.uniform(size=n) < config.high_z_boost
    z = np.where(boosted, rng.uniform(*config.high_z_range, n), z)
    log_mass = _log_mass(mag, z)
    quiescent = rng.uniform(size=n) < _quiescent_fraction(log_mass, z)
    spectra = _draw_spectra(rng, z, log_mass, quiescent, config)
    re, sersic_n, axis_ratio = _draw_shapes(rng, z, log_mass, quiescent)
    return Population(
        x=np.zeros(n),
        y=np.zeros(n),
        label=np.full(n, GALAXY, np.int16),
        mag=mag,
        re_arcsec=re,
        sersic_n=sersic_n,
        axis_ratio=axis_ratio,
        pa_deg=rng.uniform(0, 180, n),
        spectra=spectra,
        teff=np.zeros(n),
        colour_scatter=np.zeros(n),
    )


def _log_mass(mag: NDArray, z: NDArray) -> NDArray[np.float64]:
    """Rough log₁₀ stellar mass in suns: 10¹⁰ has F444W near 21.3 + 5 log z (Weaver et al. 2022)."""
    return 10.0 - 0.4 * (mag - 21.3 - 5.0 * np.log10(np.maximum(z, 0.05)))


def _quiescent_fraction(log_mass: NDArray, z: NDArray) -> NDArray[np.float64]:
    """Rises with mass and falls beyond z = 3 (Muzzin et al. 2013; Carnall et al. 2023)."""
    massive = 1 / (1 + np.exp(-(log_mass - 10.6 - 0.15 * np.clip(z - 1, 0, 2)) / 0.3))
    return 0.85 * massive * np.exp(-np.clip(z - 3, 0, None)) + 0.05 * np.clip((5 - z) / 3, 0, 1)


def _draw_spectra(
    rng: np.random.Generator, z: NDArray, log_mass: NDArray, quiescent: NDArray, config: SimulationConfig
) -> GalaxySpectra:
    n = len(z)
    dusty = ~quiescent & (
        rng.uniform(size=n) < (0.04 + 0.5 / (1 + np.exp(-(log_mass - 9.7) / 0.4))) * np.clip((8 - z) / 3, 0, 1)
    )
    # share of stars younger than ~10 Myr in the light: more at high z and low mass (Endsley et al. 2023)
    young = _logistic(-1.6 + 0.38 * np.minimum(z, 8.5) - 0.5 * (log_mass - 9) + 1.1 * rng.normal(size=n))
    young = np.where(quiescent, 0.02 * rng.uniform(size=n) ** 3, np.where(dusty, 0.3 * young, young))
    weights = _mix(rng, z, log_mass, young, quiescent, dusty)
    mean_dust = 0.12 + 0.35 * np.clip(log_mass - 8.3, 0, 2.5)  # Whitaker et al. (2017); little at low mass
    a_v = mean_dust * np.where(z > 5, 0.6, 1.0) * rng.gamma(1.6, 1 / 1.6, n)
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
    """Shares of `CONTINUA` in the light at 5500 Å, shape (N, 6): they sum to one."""
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


def _draw_shapes(
    rng: np.random.Generator, z: NDArray, log_mass: NDArray, quiescent: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Half-light radius in arcsec, Sérsic index and axis ratio, each (N,).

    Sizes: van der Wel et al. (2014), R = A (M/5·10¹⁰)^α kpc with A = 8.9 (1+z)^−0.75, α = 0.22 for
    star-forming and A = 5.6 (1+z)^−1.48, α = 0.75 (flat below 10^10.3) for quiescent galaxies; the former
    holds to z ≈ 9 (Ward et al. 2024; Ormerod et al. 2024). Shapes: exponential discs thickened as in the same
    paper's Fig. 7.
    """
    n = len(z)
    log_m = log_mass - np.log10(5e10)
    discs = np.log10(8.9) - 0.75 * np.log10(1 + z) + 0.22 * np.clip(log_m, -4.5, 1.0)
    spheroids = np.log10(5.6) - 1.48 * np.log10(1 + z) + 0.75 * np.clip(log_m, -0.4, 1.0)
    log_kpc = np.where(quiescent, spheroids, discs) + np.where(quiescent, 0.15, 0.20) * rng.normal(size=n)
    re = np.clip(10**log_kpc / _kpc_per_arcsec(z), 0.01, 4.0)
    median_n = np.where(quiescent, 2.8, 1.05 + 0.5 * np.clip(log_mass - 10, 0, 1.5))
    sersic_n = np.clip(median_n * np.exp(0.35 * rng.normal(size=n)), 0.5, 6.0)
    flatness = np.where(quiescent, 0.70, 0.55) + 0.20 * rng.normal(size=n)
    return re, sersic_n, np.clip(np.abs(flatness), 0.12, 1.0)


def _draw_stars(rng: np.random.Generator, area: float, config: SimulationConfig) -> Population:
    """Stars, three per arcmin² to 28 mag with counts ∝ 10^0.13m, and brown dwarfs (Hainline et al. 2024)."""
    per_arcmin2 = 3.0 * 10 ** (0.13 * (min(config.limit_mag, 29.0) - 28.0))
    n_stars = rng.poisson(area * config.star_density * per_arcmin2)
    n_dwarfs = rng.poisson(area * config.brown_dwarf_per_arcmin2)
    n = n_stars + n_dwarfs
    faint = min(config.limit_mag, 29.0)
    mag = np.clip(faint + np.log10(1 - rng.uniform(size=n)) / np.repeat([0.13, 0.25], [n_stars, n_dwarfs]), 17.0, faint)
    kind = rng.choice(3, size=n, p=[0.68, 0.22, 0.10])  # M, K and hotter dwarfs: what a deep field looks through
    low, high = np.array([2400.0, 3900.0, 5300.0])[kind], np.array([3900.0, 5300.0, 7500.0])[kind]
    teff = rng.uniform(low, high)
    teff[n_stars:] = 400 + 1900 * rng.beta(1.5, 1.5, n_dwarfs)
    zero = np.zeros(n)
    spectra = GalaxySpectra(
        z=zero,
        weights=np.zeros((n, 6)),
        a_v=zero,
        smc=zero,
        ew_ha=zero,
        lines=np.zeros((n, 7)),
        ew_lya=zero,
        igm=zero,
        damping=zero,
    )
    return Population(
        x=zero,
        y=zero,
        label=np.full(n, STAR, np.int16),
        mag=mag,
        re_arcsec=zero,
        sersic_n=zero,
        axis_ratio=np.ones(n),
        pa_deg=zero,
        spectra=spectra,
        teff=teff,
        colour_scatter=rng.normal(size=n),
    )


def _move_beside_others(
    rng: np.random.Generator, x: NDArray, y: NDArray, population: Population, config: SimulationConfig
) -> None:
    """Put a fraction of the galaxies near others, so that pairs exceed chance; writes into x and y."""
    galaxy = np.flatnonzero(population.label == GALAXY)
    chosen = galaxy[rng.uniform(size=len(galaxy)) < config.clustered_fraction]
    if len(galaxy) < 2:
        return
    beside = galaxy[rng.integers(0, len(galaxy), len(chosen))]
    median = config.cluster_scale_arcsec / config.pixel_scale_arcsec
    separation = median * np.exp(0.6 * rng.normal(size=len(chosen)))
    angle = rng.uniform(0, 2 * np.pi, len(chosen))
    x[chosen] = x[beside] + separation * np.cos(angle)
    y[chosen] = y[beside] + separation * np.sin(angle)


def _logistic(value: NDArray) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-value))


@cache
def _distance_table() -> tuple[NDArray, NDArray]:
    from astropy.cosmology import Planck18

    z = np.concatenate([np.geomspace(0.005, 20.0, 400)])
    return z, 1.0 / Planck18.arcsec_per_kpc_proper(z).value


def _kpc_per_arcsec(z: NDArray) -> NDArray[np.float64]:
    return np.interp(z, *_distance_table())
