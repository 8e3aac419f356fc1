"""Where is the light of a source, how large is it, and how much is there in all?

Positions and sizes are measured on the mean of all bands, each pixel weighted by 1 / error² (`stack_bands`). The
definitions are those of SExtractor (Bertin & Arnouts 1996, and its manual), so that columns can be compared:

- `a`, `b`, `theta`: second moments of the light in the mask (A_IMAGE, B_IMAGE, THETA_IMAGE);
- centre: the centroid under a Gaussian window of the source's own half-light diameter, found by iteration (XWIN_IMAGE);
- Kron ellipse: 2.5 times the first moment of the light within six times the ellipse of `a` and `b`, at least 3.5 times
  that ellipse (FLUX_AUTO); the same pixels in all bands;
- half-light radius: of the circle with half of the light of the Kron ellipse (FLUX_RADIUS).

What is measured of a source depends on its mask and on the pixels within `reach_pix` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.catalogue.detection_stack import stack_bands
from zpix.catalogue.light_windows import LightWindows, cut_windows
from zpix.catalogue.segments import MIN_VALID_FRACTION
from zpix.catalogue.stamps import MASK_THRESHOLD, Stamps, inside_masks
from zpix.image import Pixels
from zpix.sources.rows import Rows

#: How far from a source its light is followed, in pixels.
REACH_PIX = 120
#: The Kron ellipse is this many first moments large, and at least this many times the ellipse of second moments.
KRON_FACTOR, LEAST_KRON = 2.5, 3.5
# The first moment is taken within this many times the ellipse of second moments.
_KRON_REACH = 6.0
# Standard deviation of a Gaussian in units of its full width at half maximum.
_SIGMA_OF_FWHM = 1 / 2.354820
# Narrowest window of a centroid in pixels: about the width of a star.
_LEAST_SIGMA_PIX = 1.0
# Windows reach this many standard deviations; SExtractor's do, too.
_WINDOW_SIGMA = 4.0
# How often neighbours are taken out, and how many steps to the centroid follow each time.
_ROUNDS, _STEPS = 2, 8
# Steps of the curve of growth per pixel.
_FINENESS = 8
# Half sizes of windows are multiples of this, so that few sizes serve all sources.
_SIZE_STEP = 4
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


def measure_light(
    probability: Stamps,
    pixels: Pixels,
    *,
    origin_xy: tuple[int, int] = (0, 0),
    threshold: float = MASK_THRESHOLD,
    reach_pix: int = REACH_PIX,
    noise_factor: ArrayLike = 1.0,
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
    noise_factor : float or (B,) float, default 1
        By how much the noise of sums over hundreds of pixels is larger than that of independent pixels with the given
        errors, in each band; total errors are multiplied by it. The default takes pixels as independent.

    Returns
    -------
    Light
        Of length N.
    """
    light = Light.unknown(len(pixels.flux), len(probability))
    if not len(probability):
        return light
    stack, error = stack_bands(pixels)
    masks = _mask_pixels(probability, origin_xy, threshold)
    start = _in_masks(light, stack, masks)
    for rows, half in _groups(np.maximum(_WINDOW_SIGMA * start.sigma_pix, 1), reach_pix):
        windows = cut_windows(stack, error, start.middle_xy[rows], half, masks=_of_rows(masks, rows))
        light.centre_xy[rows] = _windowed_centroid(windows, start.centre_xy[rows], start.sigma_pix[rows])
    astray = ((light.centre_xy < start.low_xy - 0.5) | (light.centre_xy > start.high_xy + 0.5)).any(1)
    light.centre_xy[astray] = start.centre_xy[astray]
    middle = np.rint(light.centre_xy).astype(np.int64)
    for rows, half in _groups(_KRON_REACH * light.axes_pix[:, 0] + 1, reach_pix):
        windows = cut_windows(stack, error, middle[rows], half, masks=_of_rows(masks, rows))
        _kron(light, rows, windows, pixels, np.asarray(noise_factor))
    light.centre_xy[:] += origin_xy
    light.peak_xy[:] += np.array(origin_xy, np.int32)
    return light


@dataclass(frozen=True)
class _Start:
    """What the pixels of the masks alone say of N sources.

    Flux-weighted centroids, the pixels they lie in, widths of the windows, and the first and last column and row of
    the masks.
    """

    centre_xy: NDArray[np.float64]
    middle_xy: NDArray[np.int64]
    sigma_pix: NDArray[np.float64]
    low_xy: NDArray[np.int64]
    high_xy: NDArray[np.int64]


def _mask_pixels(probability: Stamps, origin_xy: tuple[int, int], threshold: float) -> tuple[Ints, Ints, Ints]:
    """Source, column and row (in the window) of each pixel of the masks, one source after the other."""
    kept = np.flatnonzero(inside_masks(probability, threshold=threshold))
    source = np.repeat(np.arange(len(probability)), np.diff(probability.start))[kept]
    y, x = np.divmod(kept - probability.start[source], probability.shape_yx[source, 1])
    corner = probability.corner_xy[source].astype(np.int64) - origin_xy
    return source, x + corner[:, 0], y + corner[:, 1]


def _of_rows(masks: tuple[Ints, Ints, Ints], rows: Ints) -> tuple[Ints, Ints, Ints]:
    """The pixels of the masks of some sources, counted among these; `rows` ascend."""
    source, x, y = masks
    first, stop = np.searchsorted(source, rows), np.searchsorted(source, rows, side="right")
    count = stop - first
    place = np.arange(count.sum()) + np.repeat(first - (np.cumsum(count) - count), count)
    return np.repeat(np.arange(len(rows)), count), x[place], y[place]


def _groups(radius_pix: Floats, reach_pix: int) -> Iterator[tuple[Ints, int]]:
    """Rows of sources whose windows have one size, and the pixels from the middle of a window to its edge."""
    half = np.ceil(np.minimum(radius_pix, reach_pix) / _SIZE_STEP).astype(np.int64) * _SIZE_STEP
    half = np.minimum(half, max(reach_pix, 1))
    for size in np.unique(half).tolist():
        rows = np.flatnonzero(half == size)
        each = max(_MOST_PIXELS // (2 * size + 1) ** 2, 1)
        for first in range(0, len(rows), each):
            yield rows[first : first + each], size


def _in_masks(light: Light, stack: Floats, masks: tuple[Ints, Ints, Ints]) -> _Start:
    """Write peak and moments of the light in the masks; where to begin for what is measured beyond them."""
    source, x, y = masks
    n = len(light)
    start = np.searchsorted(source, np.arange(n))
    seen = (x >= 0) & (x < stack.shape[1]) & (y >= 0) & (y < stack.shape[0])
    value = np.where(seen, stack[y.clip(0, stack.shape[0] - 1), x.clip(0, stack.shape[1] - 1)], -np.inf)
    brightest = np.flatnonzero(value == np.maximum.reduceat(value, start)[source])
    first = brightest[np.unique(source[brightest], return_index=True)[1]]
    light.peak_xy[:] = np.stack([x[first], y[first]], axis=1)
    # Negative pixels have no place in moments; a mask without light counts as evenly bright.
    weight = np.maximum(value, 0.0).astype(np.float64)
    weight[np.repeat(np.add.reduceat(weight, start) <= 0, np.diff(np.append(start, len(source))))] = 1.0
    total = np.add.reduceat(weight, start)

    def mean(values: Floats) -> Floats:
        result: Floats = np.add.reduceat(weight * values, start) / total
        return result

    # from a pixel of the mask, so that the numbers are the same wherever the window begins
    x0, y0 = x[start], y[start]
    dx, dy = x - x0[source], y - y0[source]
    cx, cy = mean(dx), mean(dy)
    dx, dy = dx - cx[source], dy - cy[source]
    _write_ellipse(light, mean(dx**2), mean(dy**2), mean(dx * dy))
    sigma = np.clip(2 * _SIGMA_OF_FWHM * _half_radius(np.hypot(dx, dy), weight, source, total), _LEAST_SIGMA_PIX, None)
    centre = np.stack([cx + x0, cy + y0], axis=1)
    low, high = (
        np.stack([edge.reduceat(x, start), edge.reduceat(y, start)], axis=1) for edge in (np.minimum, np.maximum)
    )
    return _Start(centre, np.rint(centre).astype(np.int64), sigma, low, high)


def _half_radius(radius: Floats, weight: Floats, source: Ints, total: Floats) -> Floats:
    """Distance from the centre within which half of the light of each mask lies, (N,)."""
    order = np.lexsort((radius, source))
    start = np.searchsorted(source, np.arange(len(total)))
    grown = np.cumsum(weight[order])
    before = np.append(0.0, grown)[start]
    reached = np.flatnonzero(grown - before[source] >= 0.5 * (1 - 1e-9) * total[source])
    first = reached[np.unique(source[reached], return_index=True)[1]]
    return radius[order[first]]


def _write_ellipse(light: Light, xx: Floats, yy: Floats, xy: Floats) -> None:
    """Axes and angle of the ellipse with these second moments, at least as large as a pixel."""
    thin = xx * yy - xy**2 < 1 / 144
    xx, yy = xx + thin / 12, yy + thin / 12
    half_sum, half_difference = 0.5 * (xx + yy), np.hypot(0.5 * (xx - yy), xy)
    light.axes_pix[:, 0] = np.sqrt(half_sum + half_difference)
    light.axes_pix[:, 1] = np.sqrt(np.maximum(half_sum - half_difference, 1 / 12))
    light.theta_deg[:] = np.rad2deg(0.5 * np.arctan2(2 * xy, xx - yy))


def _windowed_centroid(windows: LightWindows, centre_xy: Floats, sigma_pix: Floats) -> NDArray[np.float64]:
    """Centroids under Gaussian windows that follow them, (N, 2), from `centre_xy` on."""
    centre = centre_xy.astype(np.float64)
    for _ in range(_ROUNDS):
        light, _ = windows.without_neighbours(centre)
        moving = np.arange(len(centre))
        for _ in range(_STEPS):
            dx, dy = windows.offsets(centre)
            dx, dy = dx[moving], dy[moving]
            sigma = sigma_pix[moving, None]
            across, along = (np.exp(-0.5 * (d / sigma) ** 2) for d in (dx, dy))
            # (N, y, x) @ (N, x, 2), then (N, 2, y) @ (N, y, 2): sums of light, of its x and of its y
            columns = np.matmul(light[moving], np.stack([across, across * dx], axis=2, dtype=np.float32))
            sums = np.matmul(np.stack([along, along * dy], axis=1, dtype=np.float32), columns)
            total, first = sums[:, 0, 0], np.stack([sums[:, 0, 1], sums[:, 1, 0]], axis=1)
            good = total > 0
            step = np.where(good[:, None], 2 * first / np.where(good, total, 1)[:, None], 0.0)
            step = np.clip(step, -sigma, sigma)
            centre[moving] += step
            moving = moving[np.abs(step).max(1) > 1e-3]
            if not len(moving):
                break
    return centre


def _kron(light: Light, rows: Ints, windows: LightWindows, pixels: Pixels, noise_factor: NDArray[Any]) -> None:
    """Write Kron radius, half-light radius and total fluxes of the sources in some windows."""
    centre, axes = light.centre_xy[rows], light.axes_pix[rows].astype(np.float64)
    clean, foreign = windows.without_neighbours(centre)
    dx, dy = (np.float32(d) for d in windows.offsets(centre))
    turn = np.deg2rad(light.theta_deg[rows].astype(np.float64))
    cos, sin = np.cos(turn), np.sin(turn)
    major, minor = axes.T**-2
    # (x / a)² + (y / b)² in the axes of the ellipse, as a quadratic form in those of the image
    xx, yy, xy = major * cos**2 + minor * sin**2, major * sin**2 + minor * cos**2, 2 * (major - minor) * cos * sin
    xx, yy, xy = (np.float32(c)[:, None] for c in (xx, yy, xy))
    squared = (xx * dx**2)[:, None, :] + (yy * dy**2)[:, :, None] + (xy * dy)[:, :, None] * dx[:, None, :]
    radius = np.sqrt(np.maximum(squared, 0))
    near = np.where(radius <= _KRON_REACH, clean, np.float32(0))
    total = near.sum((1, 2), dtype=np.float64)
    moment = np.einsum("nij,nij->n", near, radius, dtype=np.float64)
    first = np.divide(moment, total, out=np.zeros(len(rows)), where=total > 0)
    kron = np.clip(KRON_FACTOR * first, LEAST_KRON, _KRON_REACH)
    light.kron_radius[rows] = kron
    # A pixel is in the ellipse with the share of it that is, to the first order in the distance from the edge.
    inside = np.clip(
        (np.float32(kron)[:, None, None] - radius) * np.float32(axes.prod(1) ** 0.5)[:, None, None] + 0.5, 0, 1
    )
    _sum_bands(light, rows, windows, pixels, noise_factor, inside, foreign)
    half = 0.5 * np.einsum("nij,nij->n", inside, clean, dtype=np.float64)
    distance = np.sqrt((dx**2)[:, None, :] + (dy**2)[:, :, None])
    light.half_light_pix[rows] = _growth_radius(distance, clean, half)


def _sum_bands(
    light: Light,
    rows: Ints,
    windows: LightWindows,
    pixels: Pixels,
    noise_factor: NDArray[Any],
    inside: Floats,
    foreign: NDArray[np.bool_],
) -> None:
    """Write total fluxes and errors: sums of all bands, with the shares `inside` (N, y, x) of pixels as weights."""
    n_bands, height, width = pixels.shape
    source, row, column = np.nonzero(inside)
    weight = inside[source, row, column]
    columns, turned = windows.mirrored(light.centre_xy[rows])
    other = foreign[source, row, column]
    column = np.where(other, columns[source, column], column)
    row = np.where(other, turned[source, row], row)
    x, y = (windows.middle_xy[source, axis] - windows.half + place for axis, place in enumerate((column, row)))
    within = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    place, source, weight = (y * width + x)[within], source[within], weight[within]
    start = np.searchsorted(source, np.arange(len(rows)))
    some = np.diff(np.append(start, len(source))) > 0  # a source outside the image has no pixel

    def sums(values: Floats) -> Floats:
        result = np.zeros((n_bands, len(rows)))
        if len(source):
            result[:, some] = np.add.reduceat(values, start[some], axis=1, dtype=np.float64)
        return result.T

    error = np.take(pixels.error.reshape(n_bands, -1), place, axis=1)
    valid = np.isfinite(error)
    seen = sums(valid * weight) >= MIN_VALID_FRACTION * inside.sum((1, 2), dtype=np.float64)[:, None]
    variance = sums(np.where(valid, error * weight, 0) ** 2)
    total = sums(np.take(pixels.flux.reshape(n_bands, -1), place, axis=1) * weight)
    light.total[rows] = np.where(seen, total, np.nan)
    light.total_error[rows] = np.where(seen, np.sqrt(variance) * noise_factor, np.nan)


def _growth_radius(distance: Floats, light: Floats, wanted: Floats) -> Floats:
    """Radius of the circle that holds the `wanted` light (N,), in pixels; NaN where no light is wanted.

    The light of a pixel counts from half a pixel before its distance to half a pixel behind it, evenly.
    """
    n = len(wanted)
    step = np.rint(distance * _FINENESS).astype(np.int64)
    size = int(step.max()) + 1
    place = step + size * np.arange(n)[:, None, None]
    growth = np.bincount(place.ravel(), weights=light.ravel(), minlength=n * size).reshape(n, size).cumsum(1)
    before = _FINENESS // 2
    padded = np.pad(growth, ((0, 0), (before + 1, before)), mode="edge")
    padded[:, : before + 1] = 0
    sums = padded.cumsum(1)
    growth = (sums[:, _FINENESS:] - sums[:, :-_FINENESS]) / _FINENESS  # (N, size)
    reached = growth >= wanted[:, None]
    first = np.maximum(reached.argmax(1), 1)
    every = np.arange(n)
    below, above = growth[every, first - 1], growth[every, first]
    share = np.divide(wanted - below, above - below, out=np.ones(n), where=above > below)
    return np.where((wanted > 0) & reached.any(1), (first - 1 + np.clip(share, 0, 1)) / _FINENESS, np.nan)
