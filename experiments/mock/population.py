"""How do the mock's galaxies compare with published counts, sizes and redshifts?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray
from scipy.integrate import quad

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS
from zpix.instruments import pivot_um, transmission
from zpix.scenes import Population, Sky
from zpix.sources import STAR

from . import literature
from .goals import NOT_MEASURED, Goal, every, markdown, percent, within, within_factor, word
from .matching import MockTile

#: F070W, which JADES has in part of its field, replaces the i band together with F090W.
BANDS = ("F070W", *JADES_BANDS)
_CELL_PIX, _PIXEL_ARCSEC = 2048, 0.03
_CELL_ARCMIN2 = (_CELL_PIX * _PIXEL_ARCSEC / 60) ** 2
_LYA_UM, _UV_UM = 0.1216, 0.16
UV_LIMIT = -18.5  # M_UV to which luminosity functions are compared: about 29 mag at z = 9

#: Published numbers have no tolerance; these are this page's own goals.
COUNTS_GOAL, FACTOR_GOAL, SIZE_GOAL, REDSHIFT_GOAL = 0.30, 1.5, 0.25, 0.10


@dataclass(frozen=True)
class Survey:
    """N galaxies of a piece of mock sky, without noise or detection.

    Attributes
    ----------
    area_arcmin2 : float
        Area.
    mag, z, re_arcsec : (N,) float64
        Total F444W magnitude, redshift and half-light radius.
    flux : (N, band) float64, nJy
        Fluxes in `BANDS`.
    """

    area_arcmin2: float
    mag: NDArray[np.float64]
    z: NDArray[np.float64]
    re_arcsec: NDArray[np.float64]
    flux: NDArray[np.float64]

    def magnitude_at(self, micron: float) -> NDArray[np.float64]:
        """Interpolate AB magnitudes between bands, linear in log flux against log wavelength, (N,)."""
        waves = np.log(pivot_um(BANDS))
        right = int(np.clip(np.searchsorted(waves, np.log(micron)), 1, len(waves) - 1))
        share = (np.log(micron) - waves[right - 1]) / (waves[right] - waves[right - 1])
        logs = np.log10(np.maximum(self.flux[:, right - 1 : right + 1], 1e-6))
        return 31.4 - 2.5 * (logs @ np.array([1 - share, share]))

    def uv_magnitude(self) -> NDArray[np.float64]:
        """Compute absolute magnitudes at 1600 Å from the nearest band redward of Lyman α, (N,); NaN below z = 3.5."""
        first = np.array([_blue_edge_um(band) for band in BANDS])
        distance = np.abs(np.log(pivot_um(BANDS) / (_UV_UM * (1 + self.z[:, None]))))
        distance[first < _LYA_UM * (1 + self.z[:, None])] = np.inf
        flux = np.take_along_axis(self.flux, distance.argmin(axis=1)[:, None], axis=1)[:, 0]
        modulus = np.interp(self.z, *_distance_modulus())
        return np.where(
            self.z > 3.5, 31.4 - 2.5 * np.log10(np.maximum(flux, 1e-6)) - modulus + 2.5 * np.log10(1 + self.z), np.nan
        )

    @property
    def re_kpc(self) -> NDArray[np.float64]:
        """Half-light radius along the major axis, (N,)."""
        return self.re_arcsec * np.interp(self.z, *_kpc_per_arcsec())


@dataclass(frozen=True)
class Line:
    """One published number and the mock's.

    Attributes
    ----------
    what : str
        Property.
    published, mock : str
        Both numbers as text.
    met : bool or None
        Whether they agree within the goal; None if not measured.
    """

    what: str
    published: str
    mock: str
    met: bool | None

    @property
    def row(self) -> list[str]:
        """Cells of a table."""
        return [self.what, self.published, self.mock, word(self.met)]


def draw_survey(seed: int, *, cells: int, limit_mag: float) -> Survey:
    """Draw galaxies of `cells` pieces of 1.05 arcmin², to F444W = `limit_mag`, unreddened."""
    config = SimulationConfig(cell_size_pix=_CELL_PIX, pixel_scale_arcsec=_PIXEL_ARCSEC, limit_mag=limit_mag)
    sky = Sky(seed, JADES_BANDS, config)
    parts = []
    for cell in range(cells):
        drawn = sky.cell_population(0, cell)
        parts.append(drawn[np.flatnonzero(drawn.label != STAR)])
    galaxies = Population.concatenate(parts)
    return Survey(
        cells * _CELL_ARCMIN2, galaxies.mag, galaxies.z, galaxies.re_arcsec, galaxies.fluxes(BANDS).astype(float)
    )


def joined_truth(tiles: list[MockTile]) -> Table:
    """Join the columns that the comparison needs, of sources centred in the tiles; z_spec only if the mock has it."""
    names = ["z", "label", "mag_f444w", "detectable"]
    names += [name for name in ("z_spec",) if all(name in tile.scene.truth.colnames for tile in tiles)]
    columns: dict[str, list[NDArray]] = {name: [] for name in names}
    for tile in tiles:
        truth, (height, width) = tile.scene.truth, tile.scene.segmentation.shape
        x, y = np.asarray(truth["x"]), np.asarray(truth["y"])
        inside = (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)
        for name in names:
            columns[name].append(np.asarray(truth[name])[inside])
    return Table({name: np.concatenate(parts) for name, parts in columns.items()})


def completeness(truth: Table, mag: NDArray[np.float64]) -> NDArray[np.float64]:
    """Estimate the chance that a galaxy of F444W = `mag` is detectable, from the tiles, in the shape of `mag`."""
    edges = np.arange(22.0, 31.5, 0.5)
    of_galaxies = np.asarray(truth["label"]) != STAR
    known, found = np.asarray(truth["mag_f444w"])[of_galaxies], np.asarray(truth["detectable"])[of_galaxies]
    every_one, _ = np.histogram(known, edges)
    detected, _ = np.histogram(known[found], edges)
    share = np.where(every_one > 0, detected / np.maximum(every_one, 1), (edges[:-1] < 27).astype(float))
    return np.interp(mag, 0.5 * (edges[:-1] + edges[1:]), share)


def counts(wide: Survey) -> list[Line]:
    """Compare galaxies per magnitude in Ks with COSMOS2020."""
    ks = wide.magnitude_at(literature.KS_UM)
    lines = []
    published = 10 ** np.array(literature.K_COUNTS_LOG_PER_MAG_DEG2) / 3600
    for mag, expected in zip(literature.K_COUNTS_MAG, published, strict=True):
        number = int((np.abs(ks - mag) < 0.25).sum())
        mock, error = number / wide.area_arcmin2 / 0.5, np.sqrt(max(number, 1)) / wide.area_arcmin2 / 0.5
        met = within(mock, expected, COUNTS_GOAL, error=error)
        lines.append(Line(f"Ks = {mag:g}", f"{expected:.2f}", f"{mock:.2f} ± {error:.2f}", met))
    return lines


def totals(truth: Table, area_arcmin2: float, deep: Survey) -> list[Line]:
    """Compare detectable sources per arcmin², and those beyond z = 8."""
    number = int(np.asarray(truth["detectable"]).sum())
    mock, error = number / area_arcmin2, np.sqrt(number) / area_arcmin2
    expected = literature.JADES_SOURCES / literature.JADES_AREA_ARCMIN2
    met = within(mock, expected, COUNTS_GOAL, error=error)
    what = "sources per arcmin² (JADES DR2: 94,000 in 67 arcmin²)"
    lines = [Line(what, f"{expected:.0f}", f"{mock:.0f} ± {error:.0f}", met)]
    chance = completeness(truth, deep.mag) * (deep.z > 8)
    high, high_error = chance.sum() / deep.area_arcmin2, np.sqrt(chance.sum()) / deep.area_arcmin2
    for source, value in literature.HIGH_Z_PER_ARCMIN2.items():
        met = within_factor(high, value, FACTOR_GOAL, error=high_error)
        lines.append(Line(f"z > 8 per arcmin² ({source})", f"{value:.1f}", f"{high:.1f} ± {high_error:.1f}", met))
    return lines


def luminosity_functions(deep: Survey) -> list[Line]:
    """Compare galaxies brighter than M_UV = −18.5 per arcmin² in slices of redshift with Bouwens et al. (2021)."""
    uv, lines = deep.uv_magnitude(), []
    for function in literature.UV_FUNCTIONS:
        low, high = function.z - 0.5, function.z + 0.5
        number = int(((deep.z > low) & (deep.z < high) & (uv < UV_LIMIT)).sum())
        mock, error = number / deep.area_arcmin2, np.sqrt(max(number, 1)) / deep.area_arcmin2
        expected = schechter_density(function, UV_LIMIT) * volume_per_arcmin2(low, high)
        met = within_factor(mock, expected, FACTOR_GOAL, error=error)
        lines.append(Line(f"{low:.1f} < z < {high:.1f}", f"{expected:.2f}", f"{mock:.2f} ± {error:.2f}", met))
    return lines


def sizes(deep: Survey, wide: Survey) -> list[Line]:
    """Compare median half-light radii with published relations."""
    lines = []
    uv = wide.uv_magnitude()
    for law in literature.SIZE_LUMINOSITY:
        chosen = (np.abs(wide.z - law.z) < 0.5) & (uv < -19.5) & (uv > -21.5)
        expected = law.peak_kpc * 10 ** (-0.4 * law.slope * (uv[chosen] + 21))
        what = f"z ≈ {law.z:g}, −21.5 < M_UV < −19.5 (Huang et al. 2013)"
        lines.append(_size_line(what, wide.re_kpc[chosen], expected, law.peak_error_kpc / law.peak_kpc))
    factor, power = literature.EPOCHS_SIZE
    low, high = literature.EPOCHS_REDSHIFTS
    chosen = (deep.z > low) & (deep.z < high) & (deep.mag < 28.5)
    expected = factor * (1 + deep.z[chosen]) ** power
    error = literature.EPOCHS_SIZE_ERROR[0] / factor
    lines.append(
        _size_line("6.5 < z < 12.5, F444W < 28.5 (Westcott et al. 2025)", deep.re_kpc[chosen], expected, error)
    )
    return lines


def median_redshifts(wide: Survey) -> list[Line]:
    """Compare median redshifts in ranges of i with COSMOS."""
    i_mag, lines = wide.magnitude_at(literature.I_BAND_UM), []
    for low, high, expected in literature.I_MEDIANS:
        z = wide.z[(i_mag > low) & (i_mag < high)]
        mock, error = float(np.median(z)), float(1.25 * z.std() / np.sqrt(len(z)))
        met = within(1 + mock, 1 + expected, REDSHIFT_GOAL, error=error)
        lines.append(
            Line(f"{low:g} < i < {high:g} (Ilbert et al. 2009)", f"{expected:.2f}", f"{mock:.2f} ± {error:.2f}", met)
        )
    return lines


def read_spectra(path: Path) -> NDArray[np.float64]:
    """Read secure JADES redshifts in GOODS-S, (N,)."""
    table = Table.read(path, format="ascii.csv")
    z = np.asarray(table["z_spec"], dtype=float)
    return z[(np.asarray(table["field"]) == "GS") & np.isfinite(z)]


def mock_spectra(truth: Table) -> NDArray[np.float64] | None:
    """Return the mock's spectroscopic redshifts, (N,); None if it has no spectroscopic selection."""
    if "z_spec" not in truth.colnames:
        return None
    z = np.asarray(np.ma.filled(truth["z_spec"], np.nan), dtype=float)
    return z[np.isfinite(z) & (z > 0)]


def spectroscopy(truth: Table, real: NDArray[np.float64] | None) -> list[Line]:
    """Compare the number of sources with a spectrum, and the distribution of their redshifts."""
    mock = mock_spectra(truth)
    expected = literature.JADES_SPECTRA / literature.JADES_SOURCES * 1000
    what = "spectroscopic redshifts per 1,000 sources (JADES DR2)"
    if mock is None:
        return [Line(what, f"{expected:.1f}", "no column z_spec", None)]
    found = max(int(np.asarray(truth["detectable"]).sum()), 1)
    share, error = 1000 * len(mock) / found, 1000 * np.sqrt(max(len(mock), 1)) / found
    met = within(share, expected, COUNTS_GOAL, error=error)
    lines = [Line(what, f"{expected:.1f}", f"{share:.1f} ± {error:.1f}", met)]
    if real is None or len(mock) < 5:
        return lines
    for quantile in (0.16, 0.5, 0.84):
        r, m = np.quantile(real, quantile), np.quantile(mock, quantile)
        error = float(1.5 * mock.std() / np.sqrt(len(mock)))
        met = within(1 + m, 1 + r, REDSHIFT_GOAL, error=error)
        lines.append(
            Line(f"{percent(quantile)} of spectroscopic redshifts lie below", f"{r:.2f}", f"{m:.2f} ± {error:.2f}", met)
        )
    return lines


def line_table(what: str, lines: list[Line]) -> str:
    """Tabulate published and mock numbers."""
    return markdown([what, "published", "mock", "goal"], [line.row for line in lines])


def line_goal(what: str, goal: str, lines: list[Line]) -> Goal:
    """Join all lines of a table to one goal."""
    met = [line.met for line in lines if line.met is not None]
    return Goal(3, what, goal, f"{sum(met)} of {len(met)} numbers" if met else NOT_MEASURED, every(met))


def schechter_density(function: literature.Schechter, limit: float) -> float:
    """Integrate galaxies per Mpc³ brighter than an absolute magnitude."""

    def per_magnitude(magnitude: float) -> float:
        """Galaxies per Mpc³ and magnitude."""
        light = 10 ** (-0.4 * (magnitude - function.m_star))
        return 0.4 * np.log(10) * function.phi_star * light ** (function.alpha + 1) * np.exp(-light)

    return float(quad(per_magnitude, -24, limit)[0])


def volume_per_arcmin2(low: float, high: float) -> float:
    """Compute comoving Mpc³ per arcmin² between two redshifts; H₀ = 70, Ω_m = 0.3 as in the luminosity functions."""
    from astropy.cosmology import FlatLambdaCDM

    shell = np.diff(FlatLambdaCDM(H0=70, Om0=0.3).comoving_volume([low, high]).value)[0]
    return float(shell / (4 * np.pi * (180 / np.pi * 60) ** 2))


def _size_line(what: str, radius_kpc: NDArray[np.float64], expected_kpc: NDArray[np.float64], error: float) -> Line:
    """Median radius beside the expected median; `error` is the published relative error."""
    if len(radius_kpc) < 10:
        return Line(what, NOT_MEASURED, f"{len(radius_kpc)} galaxies", None)
    published, mock = float(np.median(expected_kpc)), float(np.median(radius_kpc))
    own = 1.25 * np.log(radius_kpc).std() / np.sqrt(len(radius_kpc))
    met = within(mock, published, SIZE_GOAL, error=float(np.hypot(own * mock, error * published)))
    return Line(what, f"{published:.2f} ± {error * published:.2f} kpc", f"{mock:.2f} ± {own * mock:.2f} kpc", met)


@cache
def _blue_edge_um(band: str) -> float:
    """Wavelength in micron at which the band's transmission first reaches a tenth of its peak."""
    wavelength, efficiency = transmission(band)
    return float(wavelength[np.argmax(efficiency > 0.1 * efficiency.max())] / 1e4)


@cache
def _distance_modulus() -> tuple[NDArray, NDArray]:
    """Distance moduli on a grid of redshifts."""
    from astropy.cosmology import FlatLambdaCDM

    z = np.geomspace(0.005, 20, 400)
    return z, FlatLambdaCDM(H0=70, Om0=0.3).distmod(z).value


@cache
def _kpc_per_arcsec() -> tuple[NDArray, NDArray]:
    """Scales on a grid of redshifts."""
    from astropy.cosmology import FlatLambdaCDM

    z = np.geomspace(0.005, 20, 400)
    return z, 1 / FlatLambdaCDM(H0=70, Om0=0.3).arcsec_per_kpc_proper(z).value
