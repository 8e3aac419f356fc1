"""Which spectra do stars and brown dwarfs have?

No library of stellar spectra with a suitable licence ships in a small package, so these are Planck curves with the
features that the broad bands of NIRCam and HST can tell: enough to look like stars, not to measure them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpix.instruments import band_weights, observed_grid
from zpix.spectra.family import DrawnSpectra, SpectraFamily
from zpix.spectra.wavelengths import rest_grid

#: Below this effective temperature (K) the spectrum is a brown dwarf's.
BROWN_DWARF_KELVIN = 2300.0

# centre and width in µm, and depth at 2500 K, of the bands that cut into cool stars (Rayner et al. 2009); the first
# two, of metals and titanium oxide, give M dwarfs about the V − I and B − V of Pecaut & Mamajek (2013)
_ABSORPTION = (
    (0.43, 0.05, 0.9),
    (0.60, 0.05, 1.2),
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


@dataclass(frozen=True, eq=False)
class StarSpectra(DrawnSpectra):
    """Parameters of N spectra of stars and brown dwarfs; N = 0 is normal.

    Attributes
    ----------
    z : (N,) float64
        0.
    teff : (N,) float64, K
        Effective temperatures.
    colour_scatter : (N,) float64
        Standard normal deviates: bands differ in depth from star to star (metallicity, gravity).
    """

    teff: NDArray[np.float64]
    colour_scatter: NDArray[np.float64]


class StarFamily(SpectraFamily[StarSpectra]):
    """Planck curves of stars and brown dwarfs with a few broad bands of absorption."""

    def draw(self, rng: np.random.Generator, *, stars: int, brown_dwarfs: int) -> StarSpectra:
        """Draw temperatures of stars, mostly M dwarfs, and of brown dwarfs.

        Parameters
        ----------
        rng : Generator
            Random numbers.
        stars, brown_dwarfs : int
            How many of each.

        Returns
        -------
        StarSpectra of length N
            Parameters of their spectra, stars first.
        """
        n = stars + brown_dwarfs
        sort = rng.choice(3, size=n, p=[0.68, 0.22, 0.10])  # M, K and hotter dwarfs: what a deep field looks through
        low, high = np.array([2400.0, 3900.0, 5300.0])[sort], np.array([3900.0, 5300.0, 7500.0])[sort]
        teff = rng.uniform(low, high)
        teff[stars:] = 400 + 1900 * rng.beta(1.5, 1.5, brown_dwarfs)
        return StarSpectra(z=np.zeros(n), teff=teff, colour_scatter=rng.normal(size=n))

    def rest_spectra(self, drawn: StarSpectra) -> NDArray[np.float64]:
        """Compute spectra.

        Parameters
        ----------
        drawn : StarSpectra of length N
            What has been drawn.

        Returns
        -------
        (N, W) float64
            Flux per wavelength f_λ on `rest_grid`; the scale is arbitrary.
        """
        return _f_nu(rest_grid() / 1e4, drawn) / rest_grid() ** 2

    def band_fluxes(self, drawn: StarSpectra, *, bands: tuple[str, ...]) -> NDArray[np.float32]:
        """Compute band-averaged f_ν.

        Parameters
        ----------
        drawn : StarSpectra of length N
            What has been drawn.
        bands : tuple of str
            Names of bands.

        Returns
        -------
        (N, band) float32
            Fluxes; the scale is arbitrary.
        """
        return np.asarray(_f_nu(observed_grid(bands) / 1e4, drawn) @ band_weights(bands), np.float32)


#: The family.
STARS = StarFamily()


def _f_nu(micron: NDArray[np.float64], drawn: StarSpectra) -> NDArray[np.float64]:
    """Spectra of stars and brown dwarfs on any wavelengths, (N, W)."""
    teff, scatter = drawn.teff[:, None], drawn.colour_scatter[:, None]
    cool = teff < BROWN_DWARF_KELVIN
    return np.where(cool, _brown_dwarf(micron, teff, scatter), _dwarf_star(micron, teff, scatter))


def _dwarf_star(
    micron: NDArray[np.float64], teff: NDArray[np.float64], scatter: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Planck curve of a star with absorption by molecules, deeper the cooler it is."""
    coolness = np.clip((4800.0 - teff) / 2300.0, 0.0, 1.2) * np.clip(1 + 0.25 * scatter, 0.2, 2.0)
    opacity = sum(depth * np.exp(-0.5 * ((micron - at) / width) ** 2) for at, width, depth in _ABSORPTION)
    opacity = opacity - 0.18 * np.exp(-0.5 * ((micron - 1.65) / 0.22) ** 2)  # the minimum of H⁻ opacity
    return _planck(micron, teff) * np.exp(-coolness * opacity)


def _brown_dwarf(
    micron: NDArray[np.float64], teff: NDArray[np.float64], scatter: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Planck curve of the layer that is seen: hot and deep in the windows, cold and high between them."""
    windows = sum(height * np.exp(-0.5 * ((micron - at) / width) ** 2) for at, width, height in _WINDOWS)
    contrast = np.clip((BROWN_DWARF_KELVIN - teff) / 900.0, 0.0, 1.0) * np.clip(1 + 0.15 * scatter, 0.5, 1.5)
    seen = teff * (1.0 - 0.15 * contrast + 0.95 * contrast * windows)
    alkali = np.exp(-contrast * np.clip((1.0 - micron) / 0.06, 0.0, 4.0))  # the wings of sodium and potassium
    return _planck(micron, seen) * alkali


def _planck(micron: NDArray[np.float64], kelvin: NDArray[np.float64]) -> NDArray[np.float64]:
    """B_ν up to a constant: λ⁻³ / (exp(hc/λkT) − 1)."""
    return np.asarray(micron**-3 / np.expm1(np.minimum(14387.77 / (micron * kelvin), 700.0)))
