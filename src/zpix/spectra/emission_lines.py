"""Which emission lines do galaxies have, and how do bands see them?"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from zpix.instruments import LN_STEP, band_weights, observed_grid
from zpix.spectra.wavelengths import REST_START

#: Emission lines: rest wavelength (Å, in vacuum), the group that scales it, flux relative to the head of its
#: group. Hydrogen: case B at 10⁴ K (Osterbrock & Ferland 2006). Others: typical of star-forming galaxies at z
#: = 2 to 6 (e.g. Sanders et al. 2023; Cameron et al. 2023).
LINES = (
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
#: Rest wavelengths in Å.
H_ALPHA, OXYGEN_3, LYMAN_ALPHA = 6564.6, 5008.2, 1215.67


def response_at(wavelength: NDArray[np.float64], bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Give the response of bands to lines: T(λ) / ∫ T d ln λ.

    Parameters
    ----------
    wavelength : (N,) float64, Å
        Observed wavelengths.
    bands : tuple of str
        Names of bands.

    Returns
    -------
    (N, band) float64
        Responses; 0 outside `observed_grid`.
    """
    grid = observed_grid(bands)
    return np.stack(
        [np.interp(wavelength, grid, column, left=0.0, right=0.0) / LN_STEP for column in band_weights(bands).T],
        axis=1,
    )


def add_narrow_lines(f_nu: NDArray[np.float64], lines: Iterable[tuple[float, NDArray[np.float64]]]) -> None:
    """Add lines two pixels wide to rest-frame spectra.

    Parameters
    ----------
    f_nu : (N, W) float64
        Spectra on `rest_grid`; written to.
    lines : iterable of (float, (N,) float64)
        Rest wavelength of each line in Å, and its f_ν × Δ ln λ in each spectrum.
    """
    for wavelength, amount in lines:
        place = np.log(wavelength / REST_START) / LN_STEP
        first, fraction = int(place), place % 1
        f_nu[:, first] += amount * (1 - fraction) / LN_STEP
        f_nu[:, first + 1] += amount * fraction / LN_STEP


def narrow_line_fluxes(
    lines: Iterable[tuple[float, NDArray[np.float64]]], z: NDArray[np.float64], bands: tuple[str, ...]
) -> NDArray[np.float64]:
    """Compute what narrow lines add to band fluxes.

    A line of rest equivalent width W adds f_ν(continuum) (W/λ) T(λ_obs) / ∫ T d ln λ.

    Parameters
    ----------
    lines : iterable of (float, (N,) float64)
        Rest wavelength of each line in Å, and its f_ν × Δ ln λ in each spectrum.
    z : (N,) float64
        Redshifts.
    bands : tuple of str
        Names of bands.

    Returns
    -------
    (N, band) float64
        Band-averaged f_ν.
    """
    total = np.zeros((len(z), len(bands)))
    for wavelength, amount in lines:
        total += amount[:, None] * response_at(wavelength * (1 + z), bands)
    return total
