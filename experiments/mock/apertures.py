"""How much does empty sky scatter in units of its error image, and how does that grow with the size of an aperture?

Noise that neighbouring pixels share adds up in an aperture: the sum of n pixels scatters by more than √n times a pixel.
The ratio of the two, the growth, is what a kernel of correlated noise decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from scipy.signal import fftconvolve

from zpix.config import SimulationConfig
from zpix.scenes import Sky
from zpix.image import JADES_BANDS, Region
from zpix.sources import sigma_nmad

from .detection import empty_sky
from .goals import markdown
from .matching import read_cutout

#: Radii of the apertures in arcsec: 1.7 to 10 pixels of 0.03″.
RADII_ARCSEC = (0.05, 0.1, 0.15, 0.3)
_LEAST_PLACES = 300
_GROWTH_PIX = 6  # around the masks of sources, whose wings go on outside
_COVERED = 0.9  # of the drawn fields, between the two ends of a range


@dataclass(frozen=True)
class Growth:
    """Scatter of the empty sky of one image.

    Attributes
    ----------
    field, band : str
        What it is of.
    scatter : float
        Scatter of a pixel (1.48 × the median absolute deviation) in units of its error; NaN without an error image.
    growth : (radius,) float64
        Scatter of sums in apertures of `RADII_ARCSEC` over √n times that of a pixel; NaN where too few places are free.
    """

    field: str
    band: str
    scatter: float
    growth: NDArray[np.float64]


def measure_growth(
    field: str,
    band: str,
    flux: NDArray[np.float64],
    error: NDArray[np.float64] | None,
    free: NDArray[np.bool_],
    *,
    pixel_arcsec: float,
) -> Growth:
    """Measure an image (y, x) where it is `free` of sources; without an error image, noise is taken to be even."""
    scaled = np.where(free, (flux - np.median(flux[free])) / (1.0 if error is None else np.where(free, error, 1.0)), 0.0)
    pixel = sigma_nmad(scaled[free])
    growth = []
    for radius in RADII_ARCSEC:
        reach = int(radius / pixel_arcsec)
        disc = (np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) <= radius / pixel_arcsec).astype(float)
        sums = fftconvolve(scaled, disc, mode="valid")
        whole = fftconvolve(free.astype(float), disc, mode="valid") > disc.sum() - 0.5
        places = sums[whole]
        enough = len(places) >= _LEAST_PLACES
        growth.append(sigma_nmad(places) / (np.sqrt(disc.sum()) * pixel) if enough else np.nan)
    return Growth(field, band, np.nan if error is None else float(pixel), np.array(growth))
