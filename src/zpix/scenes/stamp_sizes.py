"""How large must the stamp of a source be, and is it drawn part by part?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma, gammaincinv

from zpix.instruments import REFERENCE_PIXEL_ARCSEC, instruments_of, pivot_um
from zpix.scenes.forms import FORM_REACH
from zpix.scenes.population import Population
from zpix.scenes.sersic import FADE_RADIUS
from zpix.scenes.structure import ARMS, BAR, BULGE, CLUMP_REACH, CLUMPS, DISC, NUCLEUS
from zpix.sources import STAR

#: Sides of stamps in pixels; each is a product of small primes, for the FFT.
STAMP_SIZES = (32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
#: Largest size of bright stars, whose light is drawn beyond the largest stamp; see `zpix.scenes.star_haloes`.
HALO_SIZE = 4096
#: Light fainter than this many σ per pixel may be folded back into the stamp.
_TRUNCATE_AT_SIGMA = 0.25
#: Galaxies are drawn part by part if the light outside the disc exceeds this S/N. Nine in ten of those whose image
#: then changes by more than 5 σ, all bands together, are above it, at half the cost of drawing all galaxies so.
_PARTS_FROM_SNR = 22.0
_OPTICAL_UM = 0.85


def largest_fluxes(mag: NDArray[np.float64], bands: tuple[str, ...]) -> NDArray[np.float32]:
    """Give the fluxes that hardly a source exceeds: six times that in F444W, and twelve times in the optical.

    Parameters
    ----------
    mag : (N,) float64
        F444W (AB, total).
    bands : tuple of str
        Names of bands.

    Returns
    -------
    (N, band) float32, nJy
        The fluxes.
    """
    most = np.where(pivot_um(bands) < _OPTICAL_UM, 12.0, 6.0)
    return np.asarray(10 ** (-0.4 * (mag - 31.4))[:, None] * most, np.float32)


def drawn_in_parts(
    population: Population,
    fluxes: NDArray[np.float32],
    sigma: NDArray[np.float64],
    *,
    bands: tuple[str, ...],
    pixel_scale_arcsec: float,
) -> NDArray[np.bool_]:
    """Tell which sources have parts that would be seen.

    Parameters
    ----------
    population : Population of length N
        The sources.
    fluxes : (N, band) float32, nJy
        Total fluxes.
    sigma : (band,) float64, nJy
        Noise per pixel.
    bands : tuple of str
        Names of the bands.
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.

    Returns
    -------
    (N,) bool
        True for sources to be drawn part by part.
    """
    resolved = min((one.telescope.resolved_arcsec for one, _ in instruments_of(bands)), default=np.inf)
    re_pix = population.re_arcsec / pixel_scale_arcsec
    area = np.pi * (4.0 + re_pix**2 * population.axis_ratio)  # pixels; no less than a PSF of 2 pixels' radius
    snr = np.sqrt(((fluxes / sigma) ** 2).sum(axis=1) / area)
    light = population.spectra.light(population.structure.shares)
    outside = light[:, BULGE] + light[:, CLUMPS] + light[:, BAR] + light[:, ARMS]
    beside = outside * np.minimum(population.re_arcsec / resolved, 1.0)
    return np.asarray((snr * beside > _PARTS_FROM_SNR) | (light[:, NUCLEUS] > 0))


def stamp_sizes(
    population: Population,
    fluxes: NDArray[np.float32],
    sigma: NDArray[np.float64],
    *,
    bands: tuple[str, ...],
    pixel_scale_arcsec: float,
    star_haloes: bool = False,
) -> NDArray[np.int64]:
    """Give the sides of the stamps that hold all light above 0.25 σ per pixel.

    Parameters
    ----------
    population : Population of length N
        The sources.
    fluxes : (N, band) float32, nJy
        Total fluxes.
    sigma : (band,) float64, nJy
        Noise per pixel.
    bands : tuple of str
        Names of the bands.
    pixel_scale_arcsec : float, arcsec
        Side of a pixel.
    star_haloes : bool, default: False
        Whether stars are drawn as far as their spikes are seen.

    Returns
    -------
    (N,) int, pixels
        Sides, each one of `STAMP_SIZES`, or more, to `HALO_SIZE`, for stars with haloes.
    """
    in_sigma = fluxes / sigma / _TRUNCATE_AT_SIGMA
    signal = in_sigma.max(axis=1, initial=0)
    wing, core = np.zeros(len(population)), 0.0
    for instrument, places in instruments_of(bands):
        telescope = instrument.telescope
        brightest = in_sigma[:, places].max(axis=1, initial=0)
        at_reference = telescope.wing * (pixel_scale_arcsec / REFERENCE_PIXEL_ARCSEC) ** 2
        wing = np.maximum(wing, np.cbrt(at_reference * brightest))  # the PSF falls with the third power of the distance
        core = max(core, telescope.core_arcsec)
        if star_haloes:
            per_pixel = telescope.spike * (pixel_scale_arcsec / REFERENCE_PIXEL_ARCSEC) ** 2
            wing = np.maximum(wing, np.where(population.label == STAR, np.sqrt(per_pixel * brightest), 0.0))
    extent = _extent(population.re_arcsec, population.sersic_n, population.axis_ratio, signal, pixel_scale_arcsec)
    rows = np.flatnonzero(drawn_in_parts(population, fluxes, sigma, bands=bands, pixel_scale_arcsec=pixel_scale_arcsec))
    structure = population.structure[rows]
    for column, part in enumerate((BULGE, DISC)):
        most = signal[rows] * structure.shares[:, part].max(axis=1)
        shape = structure.re_arcsec[:, column], structure.sersic_n[:, column], structure.axis_ratio[:, column]
        extent[rows] = np.maximum(extent[rows], _extent(*shape, most, pixel_scale_arcsec))
    extent[rows] = np.maximum(extent[rows], (CLUMP_REACH + 0.3) * population.re_arcsec[rows])
    of_form = np.array(FORM_REACH)[structure.form] * structure.re_arcsec[:, 1]
    extent[rows] = np.maximum(extent[rows], of_form)
    half = np.maximum(extent + core, wing) / pixel_scale_arcsec + 4
    index = np.searchsorted(STAMP_SIZES, 2 * half)
    sizes = np.asarray(STAMP_SIZES)[np.minimum(index, len(STAMP_SIZES) - 1)]
    if star_haloes:
        far = (population.label == STAR) & (index == len(STAMP_SIZES))
        sizes = np.where(far, np.minimum(2 * np.ceil(half), HALO_SIZE).astype(np.int64), sizes)
    return sizes


def _extent(
    re_arcsec: NDArray[np.float64],
    sersic_n: NDArray[np.float64],
    axis_ratio: NDArray[np.float64],
    signal: NDArray[np.float64],
    pixel_scale_arcsec: float,
) -> NDArray[np.float64]:
    """Radius in arcsec at which Sérsic profiles of total `signal` fall below 1 per pixel, shape (N,)."""
    n = np.maximum(sersic_n, 0.5)
    b = gammaincinv(2 * n, 0.5)
    area = 2 * np.pi * n * gamma(2 * n) / b ** (2 * n) * axis_ratio
    re_pix = np.maximum(re_arcsec, 1e-3) / pixel_scale_arcsec
    centre = np.maximum(signal / (area * re_pix**2), 1.0)
    return np.asarray(np.minimum((np.log(centre) / b) ** n, 1.15 * FADE_RADIUS) * re_arcsec)
