"""Which sources does photutils find on a stack of the long-wavelength bands, deblended?

Detection is on the error-weighted mean of NIRCam's long bands, as for the JADES catalogues (Rieke et al. 2023). The
settings have the largest sum of completeness and purity to F444W = 28.5 on simulated validation fields
(`docs/notebook/2026-11-24-settings-of-template-fitting.md`); a lower threshold finds fainter sources.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter

from zpix.errors import BandError, MissingExtraError
from zpix.image import Mosaic, Region
from zpix.sources import sigma_nmad
from zpix.sources.rows import SHARED, Rows

Floats = NDArray[np.float64]

_SIGMA_PER_FWHM = 1 / 2.3548
_KRON = (2.5, 1.4)  # first moments, as is usual, and the smallest radius in units of the source's own


@dataclass(frozen=True)
class DetectionSettings:
    """Settings of the detection.

    Attributes
    ----------
    bands : tuple of str
        Bands that are stacked; those that a mosaic lacks are left out.
    smoothing_fwhm_pix : float, default: 4.0
        Full width at half maximum of the Gaussian that the stack is smoothed with.
    threshold_sigma : float, default: 10.0
        Threshold in units of the rms of the smoothed stack.
    min_pixels : int, default: 16
        Least number of connected pixels of a segment.
    deblend_levels : int, default: 32
        Number of thresholds of the deblending.
    deblend_contrast : float, default: 0.0005
        Least share of a segment's light that becomes a source of its own.
    background_box_pix : int, default: 64
        Side of the meshes in which the sky is measured.
    """

    bands: tuple[str, ...] = ("F277W", "F335M", "F356W", "F410M", "F444W")
    smoothing_fwhm_pix: float = 4.0
    threshold_sigma: float = 10.0
    min_pixels: int = 16
    deblend_levels: int = 32
    deblend_contrast: float = 0.0005
    background_box_pix: int = 64


@dataclass(frozen=True, eq=False)
class RivalSegments(Rows):
    """N segments; N = 0 is normal.

    Attributes
    ----------
    map : (y, x) int32
        Number of the segment in its pixels, from 1, and 0 elsewhere.
    x, y : (N,) float64, pixels
        Centroids; integers are pixel centres.
    box : (N, 4) float64, pixels
        Half-open boxes (x0, y0, x1, y1).
    total_njy : (N,) float64, nJy
        Flux of the stack in an elliptical Kron aperture.
    total_over_aperture : (N,) float64
        Its ratio to the flux in the circular aperture of `detect`; NaN where either is not positive.
    kron_radius_pix : (N,) float64, pixels
        Radius of a circle of the Kron aperture's area.
    """

    map: NDArray[np.int32] = field(metadata=SHARED)
    x: Floats
    y: Floats
    box: Floats
    total_njy: Floats
    total_over_aperture: Floats
    kron_radius_pix: Floats


def detect(mosaic: Mosaic, *, aperture_radius_pix: float, settings: DetectionSettings | None = None) -> RivalSegments:
    """Find the sources of a mosaic; the whole stack is held in memory.

    Parameters
    ----------
    mosaic : Mosaic
        The field.
    aperture_radius_pix : float, pixels
        Radius of the circular aperture of the photometry to come.
    settings : DetectionSettings, optional
        Settings of the detection.

    Returns
    -------
    RivalSegments
        The sources.

    Raises
    ------
    BandError
        If the mosaic has none of the bands to stack.
    MissingExtraError
        If photutils is not installed.
    """
    settings = settings or DetectionSettings()
    stack, weight = stacked(mosaic, settings)
    return find_segments(stack, weight, aperture_radius_pix=aperture_radius_pix, settings=settings)


def stacked(mosaic: Mosaic, settings: DetectionSettings) -> tuple[Floats, Floats]:
    """Mean of the long bands (y, x) in nJy, weighted by 1 / error².

    Parameters
    ----------
    mosaic : Mosaic
        The field.
    settings : DetectionSettings
        Names the bands.

    Returns
    -------
    stack : (y, x) float64, nJy
        The mean; 0 where not observed.
    weight : (y, x) float64
        Sum of the weights; 0 where not observed.

    Raises
    ------
    BandError
        If the mosaic has none of the bands to stack.
    """
    bands = [band for band in settings.bands if band in mosaic.bands]
    if not bands:
        raise BandError(
            f"the mosaic has none of the bands to detect in, {', '.join(settings.bands)}: it has "
            f"{', '.join(mosaic.bands)}"
        )
    total, weight = np.zeros(mosaic.shape), np.zeros(mosaic.shape)
    for band in bands:
        pixels = mosaic.read(Region.whole(mosaic.shape), bands=[band])
        flux, valid = pixels.flux[0].astype(float), pixels.valid[0]
        own = np.where(valid, 1 / np.where(valid, pixels.error[0], 1.0).astype(float) ** 2, 0.0)
        total += own * np.where(valid, flux - sky_level(flux, valid, settings), 0.0)
        weight += own
    return np.divide(total, weight, out=np.zeros_like(total), where=weight > 0), weight


def find_segments(
    stack: Floats, weight: Floats, *, aperture_radius_pix: float, settings: DetectionSettings
) -> RivalSegments:
    """Find segments on a stack.

    Parameters
    ----------
    stack : (y, x) float64, nJy
        The image.
    weight : (y, x) float64
        Inverse variances of its pixels; 0 where not observed.
    aperture_radius_pix : float, pixels
        Radius of the circular aperture of the photometry to come.
    settings : DetectionSettings
        Settings of the detection.

    Returns
    -------
    RivalSegments
        The sources.
    """
    photutils = _photutils()
    observed = weight > 0
    significance = stack * np.sqrt(weight)
    smooth = gaussian_filter(significance, settings.smoothing_fwhm_pix * _SIGMA_PER_FWHM)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no sources; sources that cannot be deblended
        found = photutils.detect_sources(
            smooth, settings.threshold_sigma * _rms(smooth[observed]), settings.min_pixels, mask=~observed
        )
        if found is None:
            nothing = np.zeros(0)
            return RivalSegments(np.zeros(stack.shape, np.int32), nothing, nothing, np.zeros((0, 4)), *[nothing] * 3)
        found = photutils.deblend_sources(
            smooth, found, settings.min_pixels, n_levels=settings.deblend_levels,
            contrast=settings.deblend_contrast, progress_bar=False,
        )  # fmt: skip
        found.relabel_consecutive()
        catalogue = photutils.SourceCatalog(stack, found, convolved_data=smooth, mask=~observed, kron_params=_KRON)
        total = np.atleast_1d(np.asarray(catalogue.kron_flux, float))
        aperture = np.atleast_1d(np.asarray(catalogue.circular_photometry(aperture_radius_pix)[0], float))
        axes = np.sqrt(catalogue.semimajor_axis.value * catalogue.semiminor_axis.value)
        size = _KRON[0] * catalogue.kron_radius.value * axes
    good = np.isfinite(total) & np.isfinite(aperture) & (aperture > 0) & (total > 0)
    box = np.stack([catalogue.bbox_xmin, catalogue.bbox_ymin, catalogue.bbox_xmax + 1, catalogue.bbox_ymax + 1], axis=1)
    return RivalSegments(
        map=found.data.astype(np.int32),
        x=np.asarray(catalogue.x_centroid, float),
        y=np.asarray(catalogue.y_centroid, float),
        box=box.astype(float),
        total_njy=total,
        total_over_aperture=np.where(good, total / np.where(good, aperture, 1.0), np.nan),
        kron_radius_pix=np.nan_to_num(np.asarray(size, float), nan=aperture_radius_pix),
    )


def sky_level(flux: Floats, valid: NDArray[np.bool_], settings: DetectionSettings) -> Floats:
    """Measure the smooth sky of one band between the sources.

    Parameters
    ----------
    flux : (y, x) float64, nJy
        The band's image.
    valid : (y, x) bool
        Whether pixels were observed.
    settings : DetectionSettings
        Sets the side of the meshes.

    Returns
    -------
    (y, x) float64, nJy
        The sky.
    """
    photutils = _photutils()
    box = min(settings.background_box_pix, *flux.shape)
    first = _background(photutils, flux, ~valid, box)
    bright = gaussian_filter(np.where(valid, flux - first, 0.0), 2.0)
    sources = binary_dilation(bright > 2.0 * _rms(bright[valid]), iterations=4)
    return _background(photutils, flux, ~valid | sources, box)


def _background(photutils: _Photutils, flux: Floats, mask: NDArray[np.bool_], box: int) -> Floats:
    """Background (y, x) by photutils in meshes of `box` pixels, without masked pixels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        background = photutils.Background2D(flux, box, mask=mask, filter_size=3, exclude_percentile=90.0)
        sky: Floats = background.background
        return sky


def _rms(values: NDArray[Any]) -> float:
    """Standard deviation of the noise, from the values below the mode: light is on the other side."""
    middle = np.median(values)
    for _ in range(3):  # the mode, approached from the negative side of a skewed distribution
        spread = sigma_nmad(values[values < middle], centre=middle) if np.any(values < middle) else 0.0
        middle = np.median(values[np.abs(values - middle) < 3 * spread]) if spread > 0 else middle
    return float(spread) or 1.0


def _photutils() -> _Photutils:
    """Import photutils when it is first needed."""
    try:
        from photutils.background import Background2D
        from photutils.segmentation import SourceCatalog, deblend_sources, detect_sources
    except ImportError:
        raise MissingExtraError("photutils", "rival") from None
    return _Photutils(Background2D, SourceCatalog, deblend_sources, detect_sources)


class _Photutils(NamedTuple):
    """The parts of photutils that are used."""

    Background2D: Any
    SourceCatalog: Any
    deblend_sources: Any
    detect_sources: Any
