"""Which light does a telescope collect, and through which pupil?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Telescope:
    """Mirrors in front of a camera.

    Attributes
    ----------
    diameter_m : float, m
        Side of the square that the pupil is sampled on; no less than the diameter of the primary mirror.
    collecting_area_m2 : float, m²
        Area of the primary mirror that is not obscured.
    pupil : callable
        Called with a number of pixels n; gives the transmission of the pupil, (n, n) float64 from 0 to 1, on a square
        of `diameter_m`.
    wavefront_um : float, µm
        Rms error of the wavefront: it scatters 1 − exp(−(2π w/λ)²) of the light (Maréchal) into a halo.
    halo_arcsec : float, arcsec
        Gaussian σ of that halo.
    wing : float
        Share of a point source's light in a pixel of 0.03″ that is 1″ away, at its brightest, in a spike; it is taken
        to fall as the third power of the distance. Sides of stamps follow from it.
    core_arcsec : float, arcsec
        Radius that the core of the PSF adds to the extent of a faint source.
    resolved_arcsec : float, arcsec
        Half-light radius below which the parts of a galaxy cannot be told apart.
    spike : float, default: 0.0
        Share of a point source's light in a pixel of 0.03″ in a spike 1″ away, which falls as the square of the
        distance further out. The light of bright stars is drawn as far as this says (`star_haloes` of the simulation).
    """

    diameter_m: float
    collecting_area_m2: float
    pupil: Callable[[int], NDArray[np.float64]]
    wavefront_um: float
    halo_arcsec: float
    wing: float
    core_arcsec: float
    resolved_arcsec: float
    spike: float = 0.0
