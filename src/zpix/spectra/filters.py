"""Through which curves do the bands see the sky?

All spectra live on grids that are uniform in ln λ with one common step, that of the galaxy templates, so that
a redshift is a shift along the grid and a band flux is one row of a matrix product.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.errors import BandError, MissingExtraError

#: Step in ln λ and first wavelength (Å) of the rest-frame grid: those of the kcorrect templates.
LN_STEP = 8.5817313e-04
REST_START = 600.257568
#: Observed wavelengths (Å) that NIRCam sees.
OBSERVED_RANGE = (6000.0, 54000.0)


def package_file(package: str, *parts: str) -> Path:
    """Path of a data file inside an installed package, found without importing the package.

    Raises
    ------
    MissingExtraError
        If the package is not installed; all of them are in the extra `sim`.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise MissingExtraError(package, "sim")
    return Path(spec.origin).parent.joinpath(*parts)


@cache
def observed_grid() -> NDArray[np.float64]:
    """Observed wavelengths in Å, uniform in ln λ with step `LN_STEP`, over `OBSERVED_RANGE`."""
    first, last = np.log(OBSERVED_RANGE)
    return np.exp(first + LN_STEP * np.arange(int((last - first) / LN_STEP)))


@cache
def transmission(band: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wavelength (Å) and photon-to-electron efficiency of a NIRCam band, telescope included.

    Raises
    ------
    BandError
        If no curve of that name exists.
    """
    path = package_file("sedpy", "data", "filters", f"jwst_{band.lower()}.par")
    if not path.is_file():
        raise BandError(f"band '{band}' has no NIRCam filter curve; known ones are such as F090W or F410M")
    wavelength, efficiency = np.loadtxt(path, unpack=True)
    return wavelength, np.clip(efficiency, 0.0, None)


@cache
def band_weights(bands: tuple[str, ...]) -> NDArray[np.float32]:
    """Matrix that turns f_ν on `observed_grid` into band-averaged f_ν, shape (wavelength, band).

    Photons are counted: <f_ν> = ∫ f_ν T d ln ν / ∫ T d ln ν (e.g. Hogg et al. 2002, eq. 10).
    """
    grid = observed_grid()
    columns = [np.interp(grid, *transmission(band), left=0.0, right=0.0) for band in bands]
    return np.stack([column / column.sum() for column in columns], axis=1).astype(np.float32)


@cache
def pivot_um(bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Pivot wavelengths in µm, shape (band,): λ_p² = ∫ T λ dλ / ∫ T dλ/λ."""
    grid, weights = observed_grid(), band_weights(bands).astype(float)
    return np.sqrt((weights * grid[:, None] ** 2).sum(axis=0)) / 1e4


def milky_way_transmission(bands: tuple[str, ...], ebv: NDArray | float) -> NDArray[np.float32]:
    """Factor by which the Milky Way's dust dims each band, shape (..., band) for E(B-V) of shape (...).

    A(λ)/A(V) = (0.574 − 0.527/R) x^1.61 with x = 1 µm/λ and R = 3.1 (Cardelli, Clayton & Mathis 1989,
    infrared).
    """
    curve = 3.1 * (0.574 - 0.527 / 3.1) * pivot_um(bands) ** -1.61
    return 10 ** (-0.4 * np.asarray(ebv, dtype=float)[..., None] * curve).astype(np.float32)
