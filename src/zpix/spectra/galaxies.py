"""What colours does a galaxy have, given its stars, dust, lines and redshift?

A galaxy's light is a non-negative mix of continua: the five basis spectra of kcorrect (Blanton & Roweis 2007),
with their emission lines taken out, a very blue power law for metal-poor bursts, and two for active nuclei.
Dust, emission lines and the intergalactic medium are put on top, so that colours fill their space instead of
following a few tracks. Nothing is tabulated in redshift: each galaxy is integrated through the filters on a
grid uniform in ln λ. Fluxes are linear in the mix, so what holds a part of it has that part of the light.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from zpix.errors import MissingExtraError
from zpix.instruments import LN_STEP, band_weights, observed_grid, package_file

#: The continua that a galaxy mixes, in the order of `GalaxySpectra.weights`.
CONTINUA = (
    "dusty_old",
    "burst",
    "dusty_young",
    "old",
    "intermediate",
    "metal_poor",
    "accretion",  # of an unobscured nucleus
    "dense_gas",  # the red side of a little red dot
)

#: First wavelength (Å) of the rest-frame grid: that of the kcorrect templates.
REST_START = 600.257568
_REST_PIXELS = 5300  # 600 Å to 5.7 µm: all that NIRCam sees of z ≥ 0
_IGM_PIXELS = 1403  # 600 to 2000 Å, the damping wing included
_BATCH = 512  # galaxies at a time: 10 MB per array

#: Emission lines: rest wavelength (Å, in vacuum), the group that scales it, flux relative to the head of its
#: group. Hydrogen: case B at 10⁴ K (Osterbrock & Ferland 2006). Others: typical of star-forming galaxies at z
#: = 2 to 6 (e.g. Sanders et al. 2023; Cameron et al. 2023).
_LINES = (
    (6564.6, "hydrogen", 1.0),
    (4862.7, "hydrogen", 0.350),
    (4341.7, "hydrogen", 0.163),
    (4102.9, "hydrogen", 0.091),
    (12821.6, "hydrogen", 0.057),
    (10941.1, "hydrogen", 0.032),
    (18756.1, "hydrogen", 0.118),
    (21661.2, "hydrogen", 0.0095),
    (26258.7, "hydrogen", 0.016),
    (40522.6, "hydrogen", 0.028),
    (5877.2, "hydrogen", 0.042),
    (10833.2, "helium", 1.0),
    (5008.2, "oxygen3", 0.350),
    (4960.3, "oxygen3", 0.1175),
    (4364.4, "oxygen3", 0.006),
    (3869.9, "oxygen3", 0.028),
    (3728.5, "oxygen2", 1.0),
    (6585.3, "nitrogen", 1.0),
    (6549.9, "nitrogen", 0.335),
    (6725.0, "sulphur2", 1.0),
    (9071.1, "sulphur3", 0.40),
    (9533.2, "sulphur3", 1.0),
)
#: Groups of lines and the meaning of their strengths: F/F(Hα), but for `oxygen3` F(5008)/F(Hβ).
LINE_GROUPS = ("hydrogen", "helium", "oxygen3", "oxygen2", "nitrogen", "sulphur2", "sulphur3")
_H_ALPHA = 6564.6
_LYMAN_ALPHA = 1215.67


@dataclass(frozen=True)
class GalaxySpectra:
    """Parameters of N galaxy spectra; every array has the leading length N, and N = 0 is normal.

    Attributes
    ----------
    z : (N,) float64
    weights : (N, 8) float64
        Share of each of `CONTINUA` in the light at 5500 Å before dust.
    a_v : (N,) float64
        Attenuation of the whole spectrum at 5500 Å in mag.
    smc : (N,) float64
        0 for Calzetti et al. (2000) dust, 1 for the Small Magellanic Cloud's, between them a mix.
    ew_ha : (N,) float64
        Rest-frame equivalent width of Hα in Å, after dust; 0 for none.
    lines : (N, 7) float64
        Strength of each of `LINE_GROUPS`; `hydrogen` is 1.
    ew_lya : (N,) float64
        Rest-frame equivalent width of Lyman α in Å, after the intergalactic medium.
    igm : (N,) float64
        Optical depth of the intergalactic medium in units of its mean.
    damping : (N,) float64
        Optical depth of neutral gas near the galaxy (z > 6), in units of its mean.
    """

    z: NDArray[np.float64]
    weights: NDArray[np.float64]
    a_v: NDArray[np.float64]
    smc: NDArray[np.float64]
    ew_ha: NDArray[np.float64]
    lines: NDArray[np.float64]
    ew_lya: NDArray[np.float64]
    igm: NDArray[np.float64]
    damping: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.z)

    def __getitem__(self, rows: NDArray | slice) -> GalaxySpectra:
        return GalaxySpectra(**{name: value[rows] for name, value in vars(self).items()})


@cache
def rest_grid() -> NDArray[np.float64]:
    """Rest-frame wavelengths in Å, uniform in ln λ with step `LN_STEP`."""
    return REST_START * np.exp(LN_STEP * np.arange(_REST_PIXELS))


@cache
def continua() -> NDArray[np.float32]:
    """`CONTINUA` as f_ν on `rest_grid`, 1 at 5500 Å, shape (8, wavelength)."""
    path = package_file("kcorrect", "data", "templates", "kcorrect-default-v4.fits")
    with fits.open(path) as file:
        wave, f_lambda = file[1].data["wave"][0].astype(float), file[1].data["flux"][0].astype(float)
    grid = rest_grid()
    assert abs(np.log(wave[_REST_PIXELS - 1] / grid[-1])) < 0.01 * LN_STEP
    f_nu = (f_lambda * wave**2)[:, :_REST_PIXELS]
    for row in (0, 1, 2):  # the ones with lines
        f_nu[row] = _without_lines(f_nu[row])
    # β = −2.7: young metal-poor stars with little nebular continuum (Topping et al. 2024); the red side as a
    # burst's
    blue = np.where(grid < 912.0, 0.01, 1.0) * (grid / 5500.0) ** np.where(grid < 5500.0, -0.7, -1.2)
    # f_ν ∝ ν^−0.44 (Vanden Berk et al. 2001), and hot dust beyond 1 µm (Glikman et al. 2006)
    accretion = grid**0.44 * np.maximum(grid / 1e4, 1.0) ** 0.6
    # a photosphere of 5,000 K behind a break at the Balmer limit (de Graaff et al. 2025; Setton et al. 2024)
    dense_gas = grid**-3 / np.expm1(1.438777e8 / (grid * 5000.0))
    dense_gas *= 0.15 + 0.85 / (1 + np.exp(-(grid - 3680.0) / 50.0))
    spectra = np.vstack([f_nu, blue, accretion, dense_gas])
    at_5500 = spectra[:, np.searchsorted(grid, 5500.0)]
    return (spectra / at_5500[:, None]).astype(np.float32)


def band_fluxes(spectra: GalaxySpectra, *, bands: tuple[str, ...]) -> NDArray[np.float32]:
    """Band-averaged f_ν of each galaxy, shape (N, band), for 5500 Å light of 1 before dust.

    The scale is arbitrary: ratios between bands are what matters.
    """
    parts = [_batch_fluxes(spectra[start : start + _BATCH], bands) for start in range(0, len(spectra), _BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, len(bands)), np.float32)


def part_fluxes(spectra: GalaxySpectra, shares: NDArray, *, bands: tuple[str, ...]) -> NDArray[np.float32]:
    """Band-averaged f_ν of the parts of each galaxy, shape (N, part, band); they add up to `band_fluxes`.

    Parameters
    ----------
    shares : (N, part, 9)
        How much of each of `CONTINUA`, and last of the emission lines, is in a part; sums over parts are 1.
    """
    fluxes = np.zeros((len(spectra), shares.shape[1], len(bands)), np.float32)
    for start in range(0, len(spectra), _BATCH):
        batch = slice(start, start + _BATCH)
        fluxes[batch] = _batch_part_fluxes(spectra[batch], shares[batch], bands)
    return fluxes


def _batch_part_fluxes(spectra: GalaxySpectra, shares: NDArray, bands: tuple[str, ...]) -> NDArray[np.float64]:
    lines = _line_fluxes(spectra, *_dimmed(spectra), bands)
    fluxes = shares[:, :, -1, None] * lines[:, None]
    for part in range(shares.shape[1]):
        weights = spectra.weights * shares[:, part, :-1]
        rows = np.flatnonzero(weights.any(axis=1))
        own = GalaxySpectra(**(vars(spectra) | {"weights": weights}))[rows]
        fluxes[rows, part] += _observed(_dimmed(own)[0], own.z, bands) @ band_weights(bands)
    return fluxes


def _batch_fluxes(spectra: GalaxySpectra, bands: tuple[str, ...]) -> NDArray[np.float32]:
    light, lyman_alpha = _dimmed(spectra)
    fluxes = _observed(light, spectra.z, bands) @ band_weights(bands)  # (N, band)
    return (fluxes + _line_fluxes(spectra, light, lyman_alpha, bands)).astype(np.float32)


def _dimmed(spectra: GalaxySpectra) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Continuum behind dust and intergalactic gas, (N, wavelength), and its f_ν beside Lyman α, (N,)."""
    light = spectra.weights.astype(np.float32) @ continua()  # (N, wavelength)
    optical_depth = spectra.a_v[:, None] * 0.921034  # mag to e-folds
    curve = _attenuation()  # (2, wavelength), A(λ)/A(V)
    dust = (1.0 - spectra.smc[:, None]) * optical_depth, spectra.smc[:, None] * optical_depth
    light *= np.exp(-(np.hstack(dust).astype(np.float32) @ curve))
    lyman_alpha = light[:, int(np.log(1260.0 / REST_START) / LN_STEP)].astype(float)  # continuum beside it
    light[:, :_IGM_PIXELS] *= _intergalactic_transmission(spectra)
    return light, lyman_alpha


def _observed(light: NDArray[np.float32], z: NDArray[np.float64], bands: tuple[str, ...]) -> NDArray[np.float32]:
    """Rest-frame f_ν shifted onto `observed_grid`, linear between its points, shape (N, wavelength)."""
    n_out = len(observed_grid(bands))
    start = (np.log(observed_grid(bands)[0] / REST_START) - np.log1p(z)) / LN_STEP
    first = np.floor(start).astype(int)
    fraction = (start - first).astype(np.float32)[:, None]
    column = np.clip(first[:, None] + np.arange(n_out + 1), 0, light.shape[1] - 1)
    gathered = np.take_along_axis(light, column, axis=1)
    return gathered[:, :-1] * (1 - fraction) + gathered[:, 1:] * fraction


def _line_fluxes(
    spectra: GalaxySpectra,
    light: NDArray[np.float32],
    lyman_alpha: NDArray[np.float64],
    bands: tuple[str, ...],
) -> NDArray[np.float64]:
    """What the lines add to the band fluxes, shape (N, band).

    A line of rest equivalent width W adds f_ν(continuum) (W/λ) T(λ_obs) / ∫ T d ln λ. Dust reddens line
    ratios through the curve of the continuum.
    """
    total = np.zeros((len(spectra), len(bands)))
    for wavelength, amount in _lines(spectra, light, lyman_alpha):
        total += amount[:, None] * _response_at(wavelength * (1 + spectra.z), bands)
    return total


def _lines(
    spectra: GalaxySpectra, light: NDArray[np.float32], lyman_alpha: NDArray[np.float64]
) -> Iterator[tuple[float, NDArray[np.float64]]]:
    """Rest wavelength of each line in Å, and its f_ν × Δ ln λ in each galaxy, (N,)."""
    h_alpha = light[:, int(np.log(_H_ALPHA / REST_START) / LN_STEP)] * spectra.ew_ha / _H_ALPHA
    curve = _attenuation()[0]
    at_h_alpha = curve[int(np.log(_H_ALPHA / REST_START) / LN_STEP)]
    for wavelength, group, ratio in _LINES:
        reddening = curve[int(np.log(wavelength / REST_START) / LN_STEP)] - at_h_alpha
        strength = spectra.lines[:, LINE_GROUPS.index(group)] * ratio * 10 ** (-0.4 * spectra.a_v * reddening)
        yield wavelength, h_alpha * strength * wavelength / _H_ALPHA
    yield _LYMAN_ALPHA, lyman_alpha * spectra.ew_lya / _LYMAN_ALPHA


def _response_at(wavelength: NDArray[np.float64], bands: tuple[str, ...]) -> NDArray[np.float64]:
    """T(λ) / ∫ T d ln λ of each band, shape (N, band); 0 outside `observed_grid`."""
    grid = observed_grid(bands)
    return np.stack(
        [np.interp(wavelength, grid, column, left=0.0, right=0.0) / LN_STEP for column in band_weights(bands).T],
        axis=1,
    )


@cache
def _attenuation() -> NDArray[np.float32]:
    """A(λ)/A(V) of Calzetti et al. (2000) and the SMC bar (Gordon et al. 2003), shape (2, wavelength)."""
    micron = rest_grid() / 1e4
    ultraviolet = 2.659 * (-2.156 + 1.509 / micron - 0.198 / micron**2 + 0.011 / micron**3) + 4.05
    red = 2.659 * (-1.857 + 1.040 / np.clip(micron, 0.63, None)) + 4.05
    blueward = np.interp(micron, micron[micron >= 0.12], ultraviolet[micron >= 0.12])
    slope = (ultraviolet[micron >= 0.12][0] - ultraviolet[micron >= 0.13][0]) / 0.01
    blueward = blueward + slope * np.clip(0.12 - micron, 0.0, None)  # continued below 1200 Å in a straight line
    calzetti = np.clip(np.where(micron < 0.63, blueward, red), 0.02, None) / 4.05
    # knots along the tabulated SMC-bar curve, against 1/λ in 1/µm
    inverse = [
        0.0,
        0.455,
        0.8,
        1.235,
        1.538,
        1.818,
        2.273,
        2.703,
        3.375,
        4.0,
        5.0,
        6.0,
        7.0,
        8.0,
        9.0,
        10.0,
        17.0,
    ]
    smc = [
        0.0,
        0.10,
        0.25,
        0.567,
        0.801,
        1.0,
        1.374,
        1.672,
        2.0,
        2.36,
        3.0,
        3.66,
        4.51,
        5.52,
        6.79,
        8.2,
        18.0,
    ]
    return np.stack([calzetti, np.interp(1.0 / micron, inverse, smc)]).astype(np.float32)


@cache
def _igm_tables() -> tuple[NDArray, NDArray, NDArray]:
    """Redshifts, and optical depths over redshift and the first `_IGM_PIXELS` of `rest_grid`.

    The first is of the intergalactic medium (Inoue et al. 2014), the second of neutral gas near galaxies at z
    > 6 (Asada et al. 2025), whose damping wing softens the Lyman break.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # eazy greets on import
            from eazy.igm import Asada24
    except ImportError:
        raise MissingExtraError("eazy", "sim") from None
    model, rest = Asada24(), rest_grid()[:_IGM_PIXELS]
    redshift = np.arange(0.0, 16.01, 0.1)
    tau = np.empty((len(redshift), _IGM_PIXELS), np.float32)
    wing = np.zeros_like(tau)
    for row, z in enumerate(redshift):
        observed = rest * (1 + z)
        depth = model.tLSLAF(z, observed) + model.tLSDLA(z, observed) + model.tLCLAF(z, observed)
        tau[row] = depth + model.tLCDLA(z, observed)
        if z >= 6:
            wing[row] = np.clip(model.tau_cgm(10 ** model.lgNHI_z(z), observed, z), 0, 50)
    return redshift, np.clip(tau, 0, 50), wing


def _intergalactic_transmission(spectra: GalaxySpectra) -> NDArray[np.float32]:
    redshift, tau, wing = _igm_tables()
    position = np.clip(spectra.z / (redshift[1] - redshift[0]), 0, len(redshift) - 1.001)
    row = position.astype(int)
    fraction = (position - row).astype(np.float32)[:, None]
    depth = (tau[row] * (1 - fraction) + tau[row + 1] * fraction) * spectra.igm[:, None].astype(np.float32)
    near = (wing[row] * (1 - fraction) + wing[row + 1] * fraction) * spectra.damping[:, None].astype(np.float32)
    return np.exp(-(depth + near))


def _without_lines(f_nu: NDArray[np.float64]) -> NDArray[np.float64]:
    """`f_nu` with every emission line replaced by its running median over 4 %, from 3000 Å on."""
    from scipy.ndimage import median_filter

    smooth = median_filter(f_nu, 45, mode="nearest")
    spike = (f_nu > 1.04 * smooth) & (rest_grid() > 3000.0)
    return np.where(spike, smooth, f_nu)


def rest_spectra(spectra: GalaxySpectra) -> NDArray[np.float64]:
    """Rest-frame f_λ of galaxies on `rest_grid`, (N, wavelength), without intergalactic gas; lines are two pixels wide.

    The scale is arbitrary. Through the bands, and behind the gas, they have the fluxes of `band_fluxes`.
    """
    grid = rest_grid()
    clear = GalaxySpectra(**(vars(spectra) | {"igm": np.zeros(len(spectra)), "damping": np.zeros(len(spectra))}))
    light, lyman_alpha = _dimmed(clear)
    f_nu = light.astype(float)
    for wavelength, amount in _lines(spectra, light, lyman_alpha):
        place = np.log(wavelength / REST_START) / LN_STEP
        first, fraction = int(place), place % 1
        f_nu[:, first] += amount * (1 - fraction) / LN_STEP
        f_nu[:, first + 1] += amount * fraction / LN_STEP
    return f_nu / grid**2
