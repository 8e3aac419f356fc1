"""Which continua do galaxies of the family `kcorrect` mix?

The five basis spectra of kcorrect (Blanton & Roweis 2007), with their emission lines taken out, a very blue power law
for metal-poor bursts, and two for active nuclei.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from zpix.instruments import LN_STEP, package_file
from zpix.spectra.wavelengths import REST_PIXELS, rest_grid

#: The continua that a galaxy mixes, in the order of `KcorrectSpectra.weights`.
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


@cache
def continua() -> NDArray[np.float32]:
    """Give the spectra that galaxies mix.

    Returns
    -------
    (8, W) float32
        f_ν of `CONTINUA` on `rest_grid`, 1 at 5500 Å.
    """
    path = package_file("kcorrect", "data", "templates", "kcorrect-default-v4.fits")
    with fits.open(path) as file:
        wave, f_lambda = file[1].data["wave"][0].astype(float), file[1].data["flux"][0].astype(float)
    grid = rest_grid()
    assert abs(np.log(wave[REST_PIXELS - 1] / grid[-1])) < 0.01 * LN_STEP
    f_nu = (f_lambda * wave**2)[:, :REST_PIXELS]
    for row in (0, 1, 2):  # the ones with lines
        f_nu[row] = _without_lines(f_nu[row])
    # β = −2.7: young metal-poor stars with little nebular continuum (Topping et al. 2024); the red side as a
    # burst's
    blue = np.where(grid < 912.0, 0.01, 1.0) * (grid / 5500.0) ** np.where(grid < 5500.0, -0.7, -1.2)
    # a photosphere of 5,000 K behind a break at the Balmer limit (de Graaff et al. 2025; Setton et al. 2024)
    dense_gas = grid**-3 / np.expm1(1.438777e8 / (grid * 5000.0))
    dense_gas *= 0.15 + 0.85 / (1 + np.exp(-(grid - 3680.0) / 50.0))
    spectra = np.vstack([f_nu, blue, accretion(), dense_gas])
    at_5500 = spectra[:, np.searchsorted(grid, 5500.0)]
    return np.asarray(spectra / at_5500[:, None], np.float32)


def accretion() -> NDArray[np.float64]:
    """Give the continuum of an unobscured active nucleus.

    f_ν ∝ ν^−0.44 (Vanden Berk et al. 2001), and hot dust beyond 1 µm (Glikman et al. 2006).

    Returns
    -------
    (W,) float64
        f_ν on `rest_grid`; the scale is arbitrary.
    """
    grid = rest_grid()
    return np.asarray(grid**0.44 * np.maximum(grid / 1e4, 1.0) ** 0.6)


def _without_lines(f_nu: NDArray[np.float64]) -> NDArray[np.float64]:
    """`f_nu` with every emission line replaced by its running median over 4 %, from 3000 Å on."""
    from scipy.ndimage import median_filter

    smooth = median_filter(f_nu, 45, mode="nearest")
    spike = (f_nu > 1.04 * smooth) & (rest_grid() > 3000.0)
    return np.where(spike, smooth, f_nu)
