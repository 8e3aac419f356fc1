"""Where is the light of a source, how large is it, and how much is there in all?

Positions and sizes are measured on the mean of all bands, each pixel weighted by 1 / error² (`stack_bands`). The
definitions are those of SExtractor (Bertin & Arnouts 1996, and its manual), so that columns can be compared:

- `a`, `b`, `theta`: second moments of the light in the mask (A_IMAGE, B_IMAGE, THETA_IMAGE);
- centre: the centroid under a Gaussian window of the source's own half-light diameter, found by iteration (XWIN_IMAGE);
  from there on under one half as wide for bright sources, whose neighbours disturb more than their noise;
- Kron ellipse: 2.5 times the first moment of the light within six times the ellipse of `a` and `b`, at least 3.5 times
  that ellipse (FLUX_AUTO); the same pixels in all bands;
- half-light radius: of the circle with half of the light of the Kron ellipse (FLUX_RADIUS).

What is measured of a source depends on its mask and on the pixels within `reach_pix` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.centroids import LEAST_SIGMA_PIX, narrower_centroid, windowed_centroid
from zpix.catalogue.detection_stack import stack_bands
from zpix.catalogue.light_windows import LightWindows, PaddedImage, cut_windows
from zpix.catalogue.segments import MIN_VALID_FRACTION, sum_masks
from zpix.catalogue.stamps import MASK_THRESHOLD, Stamps, inside_masks
from zpix.image import NoiseCurve, Pixels
from zpix.sources.rows import Rows

#: How far from a source its light is followed, in pixels.
REACH_PIX = 120
#: The Kron ellipse is this many first moments large, and at least this many times the ellipse of second moments.
KRON_FACTOR, LEAST_KRON = 2.5, 2.5
# The first moment is taken within this many times the ellipse of second moments.
_KRON_REACH = 3.5
# Standard deviation of a Gaussian in units of its full width at half maximum.
_SIGMA_OF_FWHM = 1 / 2.354820
# Signal-to-noise ratio in the mask from which on a centroid is found again under a narrower window.
_BRIGHT_SNR = 200.0
# Windows reach this many standard deviations.
_WINDOW_SIGMA = 3.0
# Steps of the curve of growth per pixel.
_FINENESS = 4
# Half sizes of windows: few, so that many sources share each.
_HALF_SIZES_PIX = np.array([8, 12, 16, 24, 36, 54, 80, 120])
# Pixels of the windows that are worked on at once.
_MOST_PIXELS = 2_000_000

Ints = NDArray[np.integer]
Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Light(Rows):
    """The light of N sources in B bands.

    Attributes
    ----------
    centre_xy : (N, 2) float64, pixels
        Windowed centroid; integers are pixel centres.
    peak_xy : (N, 2) int32, pixels
        Brightest pixel of the stack in the mask.
    axes_pix : (N, 2) float32, pixels
        Standard deviation of the light along the major and the minor axis, a and b.
    theta_deg : (N,) float32, degrees
        From the x axis to the major axis, counter-clockwise (towards y), -90 to 90.
    half_light_pix : (N,) float32, pixels
        Radius of the circle with half of the light; the PSF is in it.
    kron_radius : (N,) float32
        Semi-axes of the Kron ellipse are this times a and b.
    total, total_error : (N, B) float32, nJy
        Sum in the Kron ellipse and its 1-sigma error; NaN in bands that were not observed.
    """

    centre_xy: NDArray[np.float64]
    peak_xy: NDArray[np.int32]
    axes_pix: NDArray[np.float32]
    theta_deg: NDArray[np.float32]
    half_light_pix: NDArray[np.float32]
    kron_radius: NDArray[np.float32]
    total: NDArray[np.float32]
    total_error: NDArray[np.float32]

    @staticmethod
    def unknown(n_bands: int, n_sources: int = 0) -> Light:
        """Return the light of sources of which nothing was measured.

        Parameters
        ----------
        n_bands : int
            Number of bands.
        n_sources : int, default 0
            Number of sources.

        Returns
        -------
        Light
            NaN; -1 for the brightest pixel.
        """
        scalar = np.full(n_sources, np.nan, np.float32)
        return Light(
            centre_xy=np.full((n_sources, 2), np.nan),
            peak_xy=np.full((n_sources, 2), -1, np.int32),
            axes_pix=np.full((n_sources, 2), np.nan, np.float32),
            **{name: scalar.copy() for name in ("theta_deg", "half_light_pix", "kron_radius")},
            **{name: np.full((n_sources, n_bands), np.nan, np.float32) for name in ("total", "total_error")},
        )

    def in_noise(self, noise: NoiseCurve) -> Light:
        """Give the same light with errors for noise that neighbouring pixels share.

        Parameters
        ----------
        noise : NoiseCurve
            Scatter of sums over the error of independent pixels, of each band.

        Returns
        -------
        Light
            With the errors of total fluxes multiplied by the factor for the number of pixels of the Kron ellipse.
        """
        n_pix = np.pi * self.axes_pix.astype(np.float64).prod(1) * self.kron_radius.astype(np.float64) ** 2
        return replace(self, total_error=self.total_error * noise.at(n_pix))


def measure_light(
    probability: Stamps,
    pixels: Pixels,
    *,
    origin_xy: tuple[int, int] = (0, 0),
    threshold: float = MASK_THRESHOLD,
    reach_pix: int = REACH_PIX,
) -> Light:
    """Measure position, size and total flux of every source.

    Parameters
    ----------
    probability : Stamps of length N
        From `place_masks`, in the pixels of the whole image.
    pixels : Pixels
        A window of the image: flux and error (band, y, x) in nJy, and validity.
    origin_xy : (int, int), pixels, default (0, 0)
        Position of the window's first pixel in the whole image. Pixels beyond the window are not valid.
    threshold : float, default 0.5
        Least probability of the pixels of a mask.
    reach_pix : int, pixels, default 120
        How far from a source its light is followed.

    Returns
    -------
    Light
        Of length N, with total errors of independent pixels; see `Light.in_noise`.
    """
    light = Light.unknown(len(pixels.flux), len(probability))
    if not len(probability):
        return light
    stack, error = stack_bands(pixels)
    image = PaddedImage.of(stack, error, reach_pix + 1)
    masks = _mask_pixels(probability, origin_xy, threshold)
    start = _in_masks(light, stack, error, masks)
    for rows, half in _groups(np.maximum(_WINDOW_SIGMA * start.sigma_pix, 1), reach_pix):
        windows = cut_windows(image, start.middle_xy[rows], half, masks=_of_rows(masks, rows))
        light.centre_xy[rows] = windowed_centroid(windows, start.centre_xy[rows], start.sigma_pix[rows])
        bright = rows[start.snr[rows] > _BRIGHT_SNR]
        if len(bright):
            windows = cut_windows(image, start.middle_xy[bright], half, masks=_of_rows(masks, bright))
            light.centre_xy[bright] = narrower_centroid(windows, light.centre_xy[bright], start.sigma_pix[bright])
    astray = ((light.centre_xy < start.low_xy - 0.5) | (light.centre_xy > start.high_xy + 0.5)).any(1)
    light.centre_xy[astray] = start.centre_xy[astray]
    middle = np.rint(light.centre_xy).astype(np.int64)
    for rows, half in _groups(_KRON_REACH * light.axes_pix[:, 0] + 1, reach_pix):
        windows = cut_windows(image, middle[rows], half, masks=_of_rows(masks, rows))
        _kron(light, rows, windows, pixels)
    light.centre_xy[:] += origin_xy
    light.peak_xy[:] += np.array(origin_xy, np.int32)
    return light


@dataclass(frozen=True)
class _Start:
    """What the pixels of the masks alone say of N sources.

    Flux-weighted centroids, the pixels they lie in, widths of the windows, signal-to-noise ratios, and the first and
    last column and row of the masks.
    """

    centre_xy: NDArray[np.float64]
    middle_xy: NDArray[np.int64]
    sigma_pix: NDArray[np.float64]
    snr: NDArray[np.float64]
    low_xy: NDArray[np.int64]
    high_xy: NDArray[np.int64]


def _mask_pixels(probability: Stamps, origin_xy: tuple[int, int], threshold: float) -> tuple[Ints, Ints, Ints]:
    """Source, column and row (in the window) of each pixel of the masks, one source after the other."""
    kept = np.flatnonzero(inside_masks(probability, threshold=threshold))
    count = np.diff(np.searchsorted(kept, probability.start))
    source = np.repeat(np.arange(len(probability)), count)
    width = np.repeat(probability.shape_yx[:, 1], count)
    y, x = np.divmod((kept - probability.start[source]).astype(np.int32), width)
    for axis, places in enumerate((x, y)):
        places += np.repeat(probability.corner_xy[:, axis] - np.int32(origin_xy[axis]), count)
    return source, x, y


def _of_rows(masks: tuple[Ints, Ints, Ints], rows: Ints) -> tuple[Ints, Ints, Ints]:
    """The pixels of the masks of some sources, counted among these; `rows` ascend."""
    source, x, y = masks
    first, stop = np.searchsorted(source, rows), np.searchsorted(source, rows, side="right")
    count = stop - first
    place = np.arange(count.sum()) + np.repeat(first - (np.cumsum(count) - count), count)
    return np.repeat(np.arange(len(rows)), count), x[place], y[place]


def _groups(radius_pix: Floats, reach_pix: int) -> Iterator[tuple[Ints, int]]:
    """Rows of sources whose windows have one size, and the pixels from the middle of a window to its edge."""
    place = np.searchsorted(_HALF_SIZES_PIX, radius_pix).clip(0, len(_HALF_SIZES_PIX) - 1)
    half = np.minimum(_HALF_SIZES_PIX[place], max(reach_pix, 1))
    for size in np.unique(half).tolist():
        rows = np.flatnonzero(half == size)
        each = max(_MOST_PIXELS // (2 * size + 1) ** 2, 1)
        for first in range(0, len(rows), each):
            yield rows[first : first + each], size


def _in_masks(light: Light, stack: Floats, error: Floats, masks: tuple[Ints, Ints, Ints]) -> _Start:
    """Write peak and moments of the light in the masks; where to begin for what is measured beyond them."""
    source, x, y = masks
    start = np.searchsorted(source, np.arange(len(light)))
    count = np.diff(np.append(start, len(source)))
    value = np.full(len(x), -np.inf, np.float32)
    seen = (x >= 0) & (x < stack.shape[1]) & (y >= 0) & (y < stack.shape[0])
    value[seen] = stack[y[seen], x[seen]]
    variance = np.zeros(len(x))
    variance[seen] = error[y[seen], x[seen]].astype(np.float64) ** 2
    brightest = np.flatnonzero(value == np.repeat(np.maximum.reduceat(value, start), count))
    first = brightest[np.unique(source[brightest], return_index=True)[1]]
    light.peak_xy[:] = np.stack([x[first], y[first]], axis=1)
    # Negative pixels have no place in moments; a mask without light counts as evenly bright.
    weight = np.maximum(value, 0.0, dtype=np.float64)
    noise = np.sqrt(np.add.reduceat(np.where(np.isfinite(variance), variance, 0.0), start))
    snr = np.divide(np.add.reduceat(weight, start), noise, out=np.zeros(len(light)), where=noise > 0)
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
    _write_ellipse(light, mean(dx**2), mean(dy**2), mean(dx * dy))
    half_light = _growth_radius(source, np.sqrt(dx**2 + dy**2), weight, 0.5 * total)
    centre = np.stack([cx + x[start], cy + y[start]], axis=1)
    low, high = (
        np.stack([edge.reduceat(x, start), edge.reduceat(y, start)], axis=1) for edge in (np.minimum, np.maximum)
    )
    sigma = np.maximum(2 * _SIGMA_OF_FWHM * half_light, LEAST_SIGMA_PIX)
    return _Start(centre, np.rint(centre).astype(np.int64), sigma, snr, low, high)


def _write_ellipse(light: Light, xx: Floats, yy: Floats, xy: Floats) -> None:
    """Axes and angle of the ellipse with these second moments, at least as large as a pixel."""
    thin = xx * yy - xy**2 < 1 / 144
    xx, yy = xx + thin / 12, yy + thin / 12
    half_sum, half_difference = 0.5 * (xx + yy), np.hypot(0.5 * (xx - yy), xy)
    light.axes_pix[:, 0] = np.sqrt(half_sum + half_difference)
    light.axes_pix[:, 1] = np.sqrt(np.maximum(half_sum - half_difference, 1 / 12))
    light.theta_deg[:] = np.rad2deg(0.5 * np.arctan2(2 * xy, xx - yy))


def _kron(light: Light, rows: Ints, windows: LightWindows, pixels: Pixels) -> None:
    """Write Kron radius, half-light radius and total fluxes of the sources in some windows."""
    centre, axes = light.centre_xy[rows], light.axes_pix[rows].astype(np.float64)
    clean, foreign = windows.without_neighbours(centre)
    dx, dy = windows.offsets(centre)
    radius = _elliptical_radius(dx, dy, axes, np.deg2rad(light.theta_deg[rows].astype(np.float64)))
    near = clean * (radius <= _KRON_REACH)
    total = near.sum((1, 2))
    near *= radius
    first = np.divide(near.sum((1, 2)), total, out=np.zeros(len(rows), np.float32), where=total > 0)
    kron = np.clip(KRON_FACTOR * first, LEAST_KRON, _KRON_REACH)
    light.kron_radius[rows] = kron
    # A pixel counts with the share of it that lies in the ellipse, to the first order in the distance from the edge.
    inside = np.subtract(kron[:, None, None], radius, out=radius)
    inside *= np.sqrt(axes[:, :1] * axes[:, 1:]).astype(np.float32)[:, :, None]
    inside += np.float32(0.5)
    np.clip(inside, 0, 1, out=inside)
    _sum_bands(light, rows, windows, pixels, inside, foreign)
    half_light = 0.5 * np.matmul(inside.reshape(len(rows), 1, -1), clean.reshape(len(rows), -1, 1))[:, 0, 0]
    # Half of the light lies well within the inner half of the window.
    middle = slice(windows.half // 2, 2 * windows.half + 1 - windows.half // 2)
    distance = np.sqrt((dx[:, None, middle] ** 2) + (dy[:, middle, None] ** 2))
    source = np.broadcast_to(np.arange(len(rows))[:, None, None], distance.shape)
    light.half_light_pix[rows] = _growth_radius(source, distance, clean[:, middle, middle], half_light)


def _elliptical_radius(dx: Floats, dy: Floats, axes: Floats, turn: Floats) -> NDArray[np.float32]:
    """Distance of pixels from centres in units of the axes of ellipses that are turned by `turn` radians, (N, y, x)."""
    cos, sin = np.cos(turn), np.sin(turn)
    major, minor = axes.T**-2.0
    # (along the major axis / a)² + (along the minor axis / b)², as a quadratic form in dx and dy
    xx, yy, xy = major * cos**2 + minor * sin**2, major * sin**2 + minor * cos**2, 2 * (major - minor) * cos * sin
    xx, yy, xy = (coefficient.astype(np.float32)[:, None] for coefficient in (xx, yy, xy))
    one = np.ones_like(dx)
    squared = np.matmul(np.stack([yy * dy**2, one, xy * dy], axis=2), np.stack([one, xx * dx**2, dx], axis=1))
    np.maximum(squared, 0, out=squared)
    distance: NDArray[np.float32] = np.sqrt(squared, out=squared)
    return distance


def _sum_bands(
    light: Light,
    rows: Ints,
    windows: LightWindows,
    pixels: Pixels,
    inside: NDArray[np.float32],
    foreign: NDArray[np.bool_],
) -> None:
    """Write total fluxes and errors: sums of all bands, with the shares `inside` (N, y, x) of pixels as weights."""
    n_bands, height, width = pixels.shape
    source, row, column = np.unravel_index(np.flatnonzero(inside), inside.shape)
    share = inside[source, row, column].astype(np.float64)
    x, y = (
        column + (windows.middle_xy[:, 0] - windows.half)[source],
        row + (windows.middle_xy[:, 1] - windows.half)[source],
    )
    borrowed = np.flatnonzero(foreign[source, row, column])
    turned = windows.mirror_xy(light.centre_xy[rows])[source[borrowed]]
    x[borrowed], y[borrowed] = turned[:, 0] - x[borrowed], turned[:, 1] - y[borrowed]
    whole = np.bincount(source, weights=share, minlength=len(rows))
    within = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    if not within.all():
        source, share, x, y = source[within], share[within], x[within], y[within]
    count = np.bincount(source, minlength=len(rows))
    flux, error = (np.take(plane.reshape(n_bands, -1), y * width + x, axis=1) for plane in (pixels.flux, pixels.error))
    known = np.isfinite(error)
    if known.all():
        observed = np.broadcast_to(sum_masks(share[None], count), (len(rows), n_bands))
    else:
        observed = sum_masks(known * share, count)
        error[~known] = 0
    seen = observed >= MIN_VALID_FRACTION * whole[:, None]
    noise = np.sqrt(sum_masks((error * share) ** 2, count))
    light.total[rows] = np.where(seen, sum_masks(flux * share, count), np.nan)
    light.total_error[rows] = np.where(seen, noise, np.nan)


def _growth_radius(source: Ints, distance: Floats, light: Floats, wanted: Floats) -> Floats:
    """Radius of the circle that holds the `wanted` light (N,), in pixels; NaN where it is not reached.

    For each pixel: row of its source, distance from its centre, and light. The light of a pixel counts from half a
    pixel before its distance to half a pixel behind it, evenly.
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
