"""Which pixels belong to which source, and is the source detectable?

Labels come from noiseless light, in units of noise: the stack of the bands of one channel of an instrument, such as the
long bands of NIRCam, whichever shows a source best. A pixel belongs to the source that gives most of the light there,
as long as that light exceeds a threshold; of a source's pixels the connected part around its peak is the segment, or,
if it is asked for, every connected part that would be detectable by itself: arms beyond a gap, a galaxy behind another
one, the far end of a star's spike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from zpix.image import Region
from zpix.instruments import channels_of

#: Light fainter than this share of a source's peak is not its segment: far diffraction rings of bright stars.
FAINTEST_OF_PEAK = 5e-6


@dataclass(frozen=True)
class TrueSegments:
    """Segments of N sources.

    Attributes
    ----------
    owner : (y, x) int32
        Row of the source that a pixel belongs to, −1 for none.
    snr : (N,) float32
        S/N of the segment in the stack that shows the source best.
    blendedness : (N,) float32
        Share of the segment's light that is not the source's own.
    n_pix : (N,) int32
        Pixels of the segment; 0 where there is none.
    box : (N, 4) int32, pixels
        Half-open (x0, y0, x1, y1) in the sky's pixels; zeros where there is no segment.
    """

    owner: NDArray[np.int32]
    snr: NDArray[np.float32]
    blendedness: NDArray[np.float32]
    n_pix: NDArray[np.int32]
    box: NDArray[np.int32]


def detection_weights(bands: tuple[str, ...], sigma: NDArray[np.float64]) -> NDArray[np.float32]:
    """Compute the weights that turn light into the S/N of the stack of each channel: Σ f/σ² / √Σ 1/σ².

    Parameters
    ----------
    bands : tuple of str
        Names of bands.
    sigma : (band,) float64, nJy
        Noise per pixel.

    Returns
    -------
    (stack, band) float32, 1/nJy
        Weights of each band in each stack; stacks are in the order of `channels_of`.
    """
    groups = channels_of(bands)
    weights = np.zeros((len(groups), len(bands)))
    for stack, (_, _, chosen) in enumerate(groups):
        weights[stack, chosen] = sigma[chosen] ** -2.0 / np.sqrt((sigma[chosen] ** -2.0).sum())
    return weights.astype(np.float32)


def significance(
    light: NDArray[np.float32], weights: NDArray[np.float32], total: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Compute the S/N per pixel of one source in the stack that shows it best.

    Parameters
    ----------
    light : (band, y, x) float32, nJy
        Light of the source.
    weights : (stack, band) float32, 1/nJy
        See `detection_weights`.
    total : (band,) float32, nJy, optional
        Fluxes that say which stack shows the source best, where `light` is a part of it.

    Returns
    -------
    (y, x) float32
        The S/N.
    """
    if total is not None:
        return np.asarray(np.tensordot(weights[np.argmax(weights @ total)], light, axes=1))
    best, *others = list(np.tensordot(weights, light, axes=1))
    for stack in others:
        best = best if best.sum() > stack.sum() else stack
    return np.asarray(best)


def draw_segments(
    region: Region,
    stamps: list[tuple[Region, NDArray[np.float32]]],
    *,
    threshold: float,
    min_pixels: int,
    min_snr: float,
    all_pieces: bool = False,
    faintest_of_peak: float = FAINTEST_OF_PEAK,
) -> TrueSegments:
    """Divide a region among sources.

    Parameters
    ----------
    region : Region
        The region.
    stamps : list of (Region, (y, x) float32)
        Where each of N sources lies, and its S/N per pixel; N = 0 is normal.
    threshold : float
        S/N per pixel down to which light counts.
    min_pixels : int
        Segments of fewer pixels are dropped.
    min_snr : float
        Segments of less S/N are dropped.
    all_pieces : bool, default: False
        Whether pieces apart from the brightest belong to a segment, if they have the pixels and the S/N of one.
    faintest_of_peak : float, default: 5e-6
        Light fainter than this share of a source's brightest pixel is not its segment.

    Returns
    -------
    TrueSegments of N sources
        The segments.
    """
    n = len(stamps)
    snr, blendedness = np.zeros(n, np.float32), np.zeros(n, np.float32)
    n_pix, box = np.zeros(n, np.int32), np.zeros((n, 4), np.int32)
    total = np.zeros(region.shape, np.float32)
    for place, value in stamps:
        inside, part = _overlap(region, place)
        total[inside] += value[part]
    everyone = np.ones(n, bool)
    found = _strengths(_divide(region, stamps, everyone, threshold, faintest_of_peak), region, stamps)
    kept = (found[:, 0] >= min_pixels) & (found[:, 1] >= min_snr)
    # again, without those too faint to leave a hole in others
    owner = _divide(region, stamps, kept, threshold, faintest_of_peak)
    for row in np.flatnonzero(kept):
        place, value = stamps[row]
        inside, part = _overlap(region, place)
        mine, own = owner[inside] == row, value[part]
        if not mine.any():
            continue
        segment = _connected_to_peak(mine, own)
        if all_pieces:
            segment = segment | _detectable_pieces(mine, own, min_pixels, min_snr)
        owner[inside][mine & ~segment] = -1
        n_pix[row] = segment.sum()
        snr[row] = own[segment].sum() / np.sqrt(n_pix[row])
        blendedness[row] = max(0.0, 1 - own[segment].sum() / max(total[inside][segment].sum(), 1e-30))
        ys, xs = np.flatnonzero(segment.any(axis=1)), np.flatnonzero(segment.any(axis=0))
        left, bottom = region.x0 + inside[1].start, region.y0 + inside[0].start
        box[row] = (left + xs[0], bottom + ys[0], left + xs[-1] + 1, bottom + ys[-1] + 1)
    return TrueSegments(owner, snr, blendedness, n_pix, box)


def _divide(
    region: Region,
    stamps: list[tuple[Region, NDArray[np.float32]]],
    among: NDArray[np.bool_],
    threshold: float,
    faintest_of_peak: float,
) -> NDArray[np.int32]:
    """Row of the brightest of the sources `among` in each pixel, (y, x); −1 where none is above it."""
    best = np.full(region.shape, threshold, np.float32)
    owner = np.full(region.shape, -1, np.int32)
    for row in np.flatnonzero(among):
        place, value = stamps[row]
        inside, part = _overlap(region, place)
        wins = (value[part] > best[inside]) & (value[part] > faintest_of_peak * value.max())
        best[inside][wins] = value[part][wins]
        owner[inside][wins] = row
    return owner


def _strengths(
    owner: NDArray[np.int32], region: Region, stamps: list[tuple[Region, NDArray[np.float32]]]
) -> NDArray[np.float64]:
    """Pixels and S/N of each source's connected segment, shape (N, 2)."""
    result = np.zeros((len(stamps), 2))
    for row, (place, value) in enumerate(stamps):
        inside, part = _overlap(region, place)
        mine = owner[inside] == row
        if mine.any():
            segment = _connected_to_peak(mine, value[part])
            count = segment.sum()
            result[row] = count, value[part][segment].sum() / np.sqrt(count)
    return result


def _connected_to_peak(mine: NDArray[np.bool_], value: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Those of a source's pixels that are connected to its brightest one, (y, x)."""
    parts, n_parts = ndimage.label(mine)
    if n_parts == 1:
        return mine
    peak = np.argmax(np.where(mine, value, -np.inf))
    return np.asarray(parts == parts.ravel()[peak])


def _detectable_pieces(
    mine: NDArray[np.bool_], value: NDArray[np.float32], min_pixels: int, min_snr: float
) -> NDArray[np.bool_]:
    """Those of a source's pixels whose connected piece could be a segment by itself, (y, x)."""
    parts, n_parts = ndimage.label(mine)
    count = np.bincount(parts.ravel(), minlength=n_parts + 1)
    light = np.bincount(parts.ravel(), value.ravel(), minlength=n_parts + 1)
    found = (count >= min_pixels) & (light >= min_snr * np.sqrt(count))
    found[0] = False
    return np.asarray(found[parts])


def _overlap(region: Region, place: Region) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where `place` lies in the array of `region`, and which part of its own array that is."""
    shared = region.intersection(place)
    inside = shared.shifted(-region.x0, -region.y0).slices
    part = shared.shifted(-place.x0, -place.y0).slices
    return inside, part
