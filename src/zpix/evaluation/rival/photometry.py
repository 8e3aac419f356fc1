"""What are the fluxes of sources in all bands, at one resolution, and their errors?

Every band is convolved to the PSF of the reddest (`psf_matching`) and summed in one small circle, so that colours are
of the same part of a source. One factor per source, from the stack, scales all bands to total fluxes. Errors are those
of the pixels, scaled per band by the scatter in empty apertures, since neighbouring pixels of mosaics share noise.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from zpix.errors import MissingExtraError
from zpix.evaluation.rival.detection import DetectionSettings, RivalSegments, sky_level
from zpix.evaluation.rival.psf_matching import check_psfs, enclosed_light, matched, matching_kernel
from zpix.image import Mosaic, Region
from zpix.sources import sigma_nmad
from zpix.sources.rows import SHARED, Rows

Floats = NDArray[np.float64]

_LEAST_OBSERVED = 0.95  # share of an aperture's pixels that must be valid
_LARGEST_SCALE = 20.0  # from aperture to total flux; beyond, the aperture missed the source


@dataclass(frozen=True)
class PhotometrySettings:
    """Settings of the photometry.

    Attributes
    ----------
    aperture_radius_arcsec : float, default: 0.1
        Radius of the circular apertures.
    empty_apertures : int, default: 2000
        Largest number of apertures without sources, which errors are scaled by.
    detection : DetectionSettings
        Settings of the measurement of the sky, the same as for detection.
    """

    aperture_radius_arcsec: float = 0.1
    empty_apertures: int = 2000
    detection: DetectionSettings = field(default_factory=DetectionSettings)


@dataclass(frozen=True, eq=False)
class RivalPhotometry(Rows):
    """Total fluxes of N sources; NaN where not observed.

    Attributes
    ----------
    flux_njy, error_njy : (N, band) float64, nJy
        Total fluxes and their 1 σ errors.
    aperture_error_njy : (N, band) float64, nJy
        Errors of the fluxes in the aperture, scaled to total fluxes of point sources.
    correlation : (band,) float64
        Ratio of the noise in empty apertures to that of independent pixels.
    """

    flux_njy: Floats
    error_njy: Floats
    aperture_error_njy: Floats
    correlation: Floats = field(metadata=SHARED)

    def brightened(self, factor: NDArray[Any]) -> RivalPhotometry:
        """Multiply fluxes and errors.

        Parameters
        ----------
        factor : (N, band) float
            Factors.

        Returns
        -------
        RivalPhotometry of length N
            Brighter or fainter sources.
        """
        fluxes = (self.flux_njy * factor, self.error_njy * factor, self.aperture_error_njy * factor)
        return RivalPhotometry(*fluxes, self.correlation)


def measure(
    mosaic: Mosaic,
    segments: RivalSegments,
    psfs: Mapping[str, NDArray[Any]],
    *,
    rng: np.random.Generator,
    settings: PhotometrySettings | None = None,
) -> RivalPhotometry:
    """Measure sources in all bands of a mosaic, with one band in memory at a time.

    Parameters
    ----------
    mosaic : Mosaic
        The field.
    segments : RivalSegments of length N
        The sources.
    psfs : mapping of str to (side, side) float
        Centred PSF image of each band on the mosaic's pixels, of one odd side.
    rng : numpy.random.Generator
        Chooses the positions of empty apertures.
    settings : PhotometrySettings, optional
        Settings of the photometry.

    Returns
    -------
    RivalPhotometry of length N
        Fluxes as observed behind the dust of the Milky Way.

    Raises
    ------
    BandError, InputFileError
        If the PSFs do not fit the bands.
    MissingExtraError
        If photutils is not installed.
    """
    settings = settings or PhotometrySettings()
    check_psfs(psfs, mosaic.bands)
    target = psfs[mosaic.bands[-1]]
    radius = settings.aperture_radius_arcsec / mosaic.pixel_scale_arcsec
    places = np.stack([segments.x, segments.y], axis=1)
    empty = _empty_places(segments.map, radius, settings.empty_apertures, rng)
    flux, error, correlation = [], [], []
    for band in mosaic.bands:
        pixels = mosaic.read(Region.whole(mosaic.shape), bands=[band])
        valid = pixels.valid[0]
        sky = sky_level(pixels.flux[0].astype(float), valid, settings.detection)
        image = np.where(valid, pixels.flux[0] - sky, 0.0)
        if band != mosaic.bands[-1]:
            image = matched(image, matching_kernel(psfs[band], target))
        variance = np.where(valid, pixels.error[0], 0.0).astype(float) ** 2
        (sums, noise), (blank, blank_noise) = (
            _in_apertures(image, variance, valid, where, radius) for where in (places, empty)
        )
        ratio = (blank / blank_noise)[np.isfinite(blank / blank_noise)]
        correlation.append(sigma_nmad(ratio) if len(ratio) > 10 else 1.0)
        flux.append(sums)
        error.append(noise * correlation[-1])
    scale = total_scale(segments, target, radius)[:, None]
    at_least = 1 / enclosed_light(target, radius)
    sums, noise = np.stack(flux, axis=1), np.stack(error, axis=1)
    return RivalPhotometry(sums * scale, noise * scale, noise * at_least, np.array(correlation))


def total_scale(segments: RivalSegments, psf: NDArray[Any], radius_pix: float) -> Floats:
    """Factors from aperture to total flux: Kron over aperture, and the PSF's light outside of the Kron aperture.

    Parameters
    ----------
    segments : RivalSegments of length N
        The sources.
    psf : (side, side) float
        Centred PSF image of the reddest band.
    radius_pix : float, pixels
        Radius of the aperture.

    Returns
    -------
    (N,) float64
        Not smaller than for a point source.
    """
    least = 1 / enclosed_light(psf, radius_pix)
    wings = np.array([1 / enclosed_light(psf, max(kron, radius_pix)) for kron in segments.kron_radius_pix])
    scale = np.nan_to_num(segments.total_over_aperture * wings, nan=least)
    limited: Floats = np.clip(scale, least, _LARGEST_SCALE)
    return limited


def _in_apertures(
    image: NDArray[Any], variance: Floats, valid: NDArray[np.bool_], places: Floats, radius_pix: float
) -> tuple[Floats, Floats]:
    """Flux and noise of independent pixels in circles around `places` (N, 2) as (x, y); NaN where not observed."""
    try:
        from photutils.aperture import CircularAperture, aperture_photometry
    except ImportError:
        raise MissingExtraError("photutils", "rival") from None
    if not len(places):
        return np.zeros(0), np.zeros(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        circles = CircularAperture(places, radius_pix)
        flux, square, observed = (
            np.asarray(aperture_photometry(np.asarray(values, float), circles)["aperture_sum"], float)
            for values in (image, variance, valid)
        )
    seen = observed >= _LEAST_OBSERVED * np.pi * radius_pix**2
    return np.where(seen, flux, np.nan), np.where(seen, np.sqrt(square), np.nan)


def _empty_places(segmentation: NDArray[Any], radius_pix: float, count: int, rng: np.random.Generator) -> Floats:
    """Up to `count` different positions (x, y) whose circles do not touch a segment."""
    margin = int(np.ceil(radius_pix)) + 2
    near = binary_dilation(segmentation > 0, iterations=margin + 2)
    inner = np.zeros_like(near)
    inner[margin:-margin, margin:-margin] = True
    rows, columns = np.nonzero(~near & inner)
    chosen = rng.permutation(len(rows))[:count]
    return np.stack([columns[chosen], rows[chosen]], axis=1).astype(float)
