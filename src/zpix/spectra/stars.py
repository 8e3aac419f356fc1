"""What colours do stars and brown dwarfs have?

No library of stellar spectra with a fit licence ships in a small package, so these are Planck curves with the
features that NIRCam's broad bands can tell: enough to look like stars, not to measure them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.instruments import band_weights, observed_grid

#: Below this effective temperature (K) the spectrum is a brown dwarf's.
BROWN_DWARF_KELVIN = 2300.0

# centre and width in µm, and depth at 2500 K, of the bands that cut into cool stars (Rayner et al. 2009)
_ABSORPTION = (
    (0.71, 0.05, 1.0),
    (0.78, 0.04, 0.8),
    (1.40, 0.07, 0.25),
    (1.88, 0.09, 0.3),
    (2.75, 0.2, 0.35),
    (4.6, 0.25, 0.2),
)
# centre and width in µm, and relative height, of the windows between water and methane of brown dwarfs
# (Kirkpatrick 2005, Fig. 2; Beiler et al. 2023 for 2.5 to 5 µm)
_WINDOWS = ((1.07, 0.06, 0.95), (1.27, 0.06, 1.0), (1.58, 0.07, 0.85), (2.09, 0.09, 0.7), (4.05, 0.33, 0.45))


def star_fluxes(
    teff: NDArray[np.float64], *, bands: tuple[str, ...], colour_scatter: NDArray[np.float64] | None = None
) -> NDArray[np.float32]:
    """Band-averaged f_ν of stars and brown dwarfs, shape (N, band), on any scale.

    Parameters
    ----------
    teff : (N,) float64
        Effective temperature in K.
    colour_scatter : (N,) float64, optional
        Standard normal deviates: bands differ in depth from star to star (metallicity, gravity).
    """
    scatter = np.zeros(len(teff)) if colour_scatter is None else colour_scatter
    micron = observed_grid(bands) / 1e4
    spectra = np.where(
        (teff >= BROWN_DWARF_KELVIN)[:, None],
        _dwarf_star(micron, teff[:, None], scatter[:, None]),
        _brown_dwarf(micron, teff[:, None], scatter[:, None]),
    )
    return (spectra @ band_weights(bands)).astype(np.float32)


def _dwarf_star(micron: NDArray, teff: NDArray, scatter: NDArray) -> NDArray:
    coolness = np.clip((4800.0 - teff) / 2300.0, 0.0, 1.2) * np.clip(1 + 0.25 * scatter, 0.2, 2.0)
    opacity = sum(depth * np.exp(-0.5 * ((micron - at) / width) ** 2) for at, width, depth in _ABSORPTION)
    opacity = opacity - 0.18 * np.exp(-0.5 * ((micron - 1.65) / 0.22) ** 2)  # the minimum of H⁻ opacity
    return _planck(micron, teff) * np.exp(-coolness * opacity)


def _brown_dwarf(micron: NDArray, teff: NDArray, scatter: NDArray) -> NDArray:
    """Planck curve of the layer seen: deep and hot in the windows, high and cold between them."""
    windows = sum(height * np.exp(-0.5 * ((micron - at) / width) ** 2) for at, width, height in _WINDOWS)
    contrast = np.clip((BROWN_DWARF_KELVIN - teff) / 900.0, 0.0, 1.0) * np.clip(1 + 0.15 * scatter, 0.5, 1.5)
    seen = teff * (1.0 - 0.15 * contrast + 0.95 * contrast * windows)
    alkali = np.exp(-contrast * np.clip((1.0 - micron) / 0.06, 0.0, 4.0))  # the wings of sodium and potassium
    return _planck(micron, seen) * alkali


def _planck(micron: NDArray, kelvin: NDArray) -> NDArray:
    """B_ν up to a constant: λ⁻³ / (exp(hc/λkT) − 1)."""
    return micron**-3 / np.expm1(14387.77 / (micron * kelvin))
