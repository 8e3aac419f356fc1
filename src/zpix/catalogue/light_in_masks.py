"""What do the pixels of the masks alone say of the light of sources?

Moments of the light in each mask, its brightest pixel, and where the search for the centre of the light begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.light_windows import PaddedImage
from zpix.catalogue.stamps import Stamps, inside_masks

# Standard deviation of a Gaussian in units of its full width at half maximum.
_SIGMA_OF_FWHM = 1 / 2.354820
# Narrowest window of a centroid in pixels: about the width of a star.
_LEAST_SIGMA_PIX = 1.0
# From this signal-to-noise ratio on a source is centred from its brightest place on, under a window this much narrower:
# noise does not need the wide one, and light of neighbours in it moves the centre. Masks of blends hold cores of
# neighbours: a place counts by a Gaussian about the centroid of the mask, this many times as wide as the wide window.
_BRIGHT_SNR, _BRIGHT_WINDOW, _NEAR = 200.0, 0.5, 2.0
# Windows reach this many standard deviations of the wide one.
_WINDOW_SIGMA = 3.0
# Steps of the curve of growth per pixel.
_FINENESS = 4

Ints = NDArray[np.integer]
Floats = NDArray[np.floating]
#: Source, column and row of each pixel of the masks of N sources, one source after the other.
MaskPixels = tuple[Ints, Ints, Ints]


@dataclass(frozen=True)
class MaskLight:
    """What the pixels of the masks say of N sources.

    Attributes
    ----------
    centre_xy : (N, 2) float64, pixels
        Flux-weighted centroids.
    peak_xy : (N, 2) int, pixels
        Brightest pixels.
    axes_pix : (N, 2) float, pixels
        Standard deviation of the light along the major and the minor axis, at least that of a pixel.
    theta_deg : (N,) float, degrees
        From the x axis to the major axis.
    begin_xy : (N, 2) float64, pixels
        Where the search for the centre of the light begins: the centroid, or the brightest place of a bright source.
    sigma_pix : (N,) float64, pixels
        Standard deviation of the Gaussian window under which the centre is found.
    reach_pix : (N,) float64, pixels
        How far from where it begins that window reaches.
    low_xy, high_xy : (N, 2) int, pixels
        First and last column and row of the masks.
    """

    centre_xy: NDArray[np.float64]
    peak_xy: Ints
    axes_pix: Floats
    theta_deg: Floats
    begin_xy: NDArray[np.float64]
    sigma_pix: NDArray[np.float64]
    reach_pix: NDArray[np.float64]
    low_xy: Ints
    high_xy: Ints

    @property
    def middle_xy(self) -> NDArray[np.int64]:
        """Pixels in which the search for the centres begins, (N, 2)."""
        return np.rint(self.begin_xy).astype(np.int64)


def pixels_of_masks(probability: Stamps, origin_xy: tuple[int, int], *, threshold: float) -> MaskPixels:
    """List the pixels of masks.

    Parameters
    ----------
    probability : Stamps of length N
        Probabilities, in the pixels of the whole image.
    origin_xy : (int, int), pixels
        Position of a window's first pixel in the whole image.
    threshold : float
        Least probability of the pixels of a mask.

    Returns
    -------
    source : (P,) int
        Row of the source of each pixel, ascending.
    x, y : (P,) int32, pixels
        Column and row in the window.
    """
    kept = np.flatnonzero(inside_masks(probability, threshold=threshold))
    count = np.diff(np.searchsorted(kept, probability.start))
    source = np.repeat(np.arange(len(probability)), count)
    width = np.repeat(probability.shape_yx[:, 1], count)
    y, x = np.divmod((kept - probability.start[source]).astype(np.int32), width)
    for axis, places in enumerate((x, y)):
        places += np.repeat(probability.corner_xy[:, axis] - np.int32(origin_xy[axis]), count)
    return source, x, y


def light_in_masks(image: PaddedImage, masks: MaskPixels, *, n_sources: int) -> MaskLight:
    """Measure what the pixels of the masks alone say.

    Parameters
    ----------
    image : PaddedImage
        The image.
    masks : three (P,) int
        From `pixels_of_masks`.
    n_sources : int
        Number N of sources, each with a pixel or more.

    Returns
    -------
    MaskLight
        Of N sources.
    """
    source, x, y = masks
    start = np.searchsorted(source, np.arange(n_sources))
    count = np.diff(np.append(start, len(source)))
    value, smooth, error = (image.at(name, x, y) for name in ("light", "smooth", "error"))
    snr = _signal_to_noise(value, error, start)
    # Negative pixels have no place in moments; a mask without light counts as evenly bright.
    weight = np.maximum(value, 0.0, dtype=np.float64)
    weight[np.repeat(np.add.reduceat(weight, start) <= 0, count)] = 1
    total = np.add.reduceat(weight, start)

    def mean(values: Floats) -> Floats:
        result: Floats = np.add.reduceat(weight * values, start) / total
        return result

    # from a pixel of the mask, so that the numbers are the same wherever the window begins
    dx, dy = ((places - np.repeat(places[start], count)).astype(np.float32) for places in (x, y))
    cx, cy = mean(dx), mean(dy)
    dx -= np.repeat(cx.astype(np.float32), count)
    dy -= np.repeat(cy.astype(np.float32), count)
    axes, theta = _ellipse(mean(dx**2), mean(dy**2), mean(dx * dy))
    half_light = growth_radius(source, np.sqrt(dx**2 + dy**2), weight, 0.5 * total)
    centre = np.stack([cx + x[start], cy + y[start]], axis=1)
    low, high = (
        np.stack([edge.reduceat(x, start), edge.reduceat(y, start)], axis=1) for edge in (np.minimum, np.maximum)
    )
    wide = np.maximum(2 * _SIGMA_OF_FWHM * half_light, _LEAST_SIGMA_PIX)
    near = np.exp(-0.5 * (dx**2 + dy**2) / np.repeat(_NEAR * wide, count) ** 2)
    bright = snr > _BRIGHT_SNR
    place = _brightest(np.where(np.isfinite(smooth), smooth, 0) * near, masks, start, count)
    begin = np.where(bright[:, None], place, centre)
    width = np.where(bright, _BRIGHT_WINDOW, 1.0) * wide
    return MaskLight(
        centre_xy=centre,
        peak_xy=_brightest(value, masks, start, count),
        axes_pix=axes,
        theta_deg=theta,
        begin_xy=begin,
        sigma_pix=np.maximum(width, _LEAST_SIGMA_PIX),
        reach_pix=_WINDOW_SIGMA * wide,
        low_xy=low,
        high_xy=high,
    )


def _brightest(value: Floats, masks: tuple[Ints, Ints, Ints], start: Ints, count: Ints) -> Ints:
    """Pixel of each mask with the highest value, (N, 2); the first of several."""
    source, x, y = masks
    brightest = np.flatnonzero(value == np.repeat(np.maximum.reduceat(value, start), count))
    first = brightest[np.unique(source[brightest], return_index=True)[1]]
    return np.stack([x[first], y[first]], axis=1)


def _signal_to_noise(value: Floats, error: Floats, start: Ints) -> Floats:
    """Sum of the light in each mask over its error, of pixels that were observed."""
    known = np.isfinite(error)
    signal = np.add.reduceat(np.where(known, value, 0), start, dtype=np.float64)
    noise = np.sqrt(np.add.reduceat(np.where(known, error, 0) ** 2, start, dtype=np.float64))
    return np.divide(signal, noise, out=np.zeros(len(start)), where=noise > 0)


def _ellipse(xx: Floats, yy: Floats, xy: Floats) -> tuple[Floats, Floats]:
    """Axes (N, 2) in pixels and angle (N,) in degrees of the ellipse with these second moments, at least a pixel's."""
    thin = xx * yy - xy**2 < 1 / 144
    xx, yy = xx + thin / 12, yy + thin / 12
    half_sum, half_difference = 0.5 * (xx + yy), np.hypot(0.5 * (xx - yy), xy)
    minor = np.sqrt(np.maximum(half_sum - half_difference, 1 / 12))
    axes = np.stack([np.sqrt(half_sum + half_difference), minor], axis=1)
    return axes, np.rad2deg(0.5 * np.arctan2(2 * xy, xx - yy))


def growth_radius(source: Ints, distance: Floats, light: Floats, wanted: Floats) -> Floats:
    """Find the circle around each source that holds some light.

    The light of a pixel counts from half a pixel before its distance to half a pixel behind it, evenly.

    Parameters
    ----------
    source : (...) int
        Row of the source of each pixel.
    distance : (...) float, pixels
        Distance of each pixel from the centre of its source.
    light : (...) float
        Light of each pixel.
    wanted : (N,) float
        The light that the circle holds.

    Returns
    -------
    (N,) float, pixels
        Radius; NaN where the light is not reached.
    """
    n = len(wanted)
    step = (distance * np.float32(_FINENESS) + np.float32(0.5)).astype(np.int64)
    size = int(step.max()) + 1
    step += source * size
    growth = np.bincount(step.ravel(), weights=light.ravel(), minlength=n * size).reshape(n, size).cumsum(1)
    before = _FINENESS // 2
    padded = np.pad(growth, ((0, 0), (before + 1, before)), mode="edge")
    padded[:, : before + 1] = 0
    sums = padded.cumsum(1)
    growth = (sums[:, _FINENESS:] - sums[:, :-_FINENESS]) / _FINENESS  # (N, size)
    reached = growth >= wanted[:, None] * (1 - 1e-9)
    first = np.maximum(reached.argmax(1), 1)
    every = np.arange(n)
    below, above = growth[every, first - 1], growth[every, first]
    share = np.divide(wanted - below, above - below, out=np.ones(n), where=above > below)
    return np.where((wanted > 0) & reached.any(1), (first - 1 + np.clip(share, 0, 1)) / _FINENESS, np.nan)
