"""Where are the sources of a PSF-matched cutout, and what are their aperture fluxes, for real and mock alike?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter, label, map_coordinates, maximum_filter

from zpix.sources import sigma_nmad
from zpix.sources.rows import Rows

from .matching import Cutout, MockTile

#: Bands of the detection stack, in which nearly every source is brightest.
STACK_BANDS = ("F277W", "F356W", "F444W")
#: Radius of the apertures: 0.15″, which holds most of a small source and little of its neighbours.
APERTURE_PIX = 5.0
_SMOOTHING_PIX = 1.5
_PEAK_SNR = 4.5  # of the smoothed stack
_PEAK_SEPARATION_PIX = 9
_MASK_SNR = 2.0  # pixels above it in the smoothed stack may hold a source, and so may those around them
_MASK_GROWTH_PIX = 4
_MASK_LEAST_PIX = 6
_SAME_SOURCE_PIX = 4.0


@dataclass(frozen=True)
class Photometry(Rows):
    """N sources of one cutout or several; N = 0 is normal.

    Attributes
    ----------
    x, y : (N,) float64, pixels
        Position in the cutout.
    flux, error : (N, band) float64, nJy
        Flux in apertures of 0.15″, and the scatter of empty ones in proportion to the error image.
    snr : (N,) float64
        Signal-to-noise ratio of the stack of `STACK_BANDS`.
    cutout : (N,) int
        Number of the cutout.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    flux: NDArray[np.float64]
    error: NDArray[np.float64]
    snr: NDArray[np.float64]
    cutout: NDArray[np.int64]

    @classmethod
    def of_cutouts(cls, parts: list[Photometry]) -> Photometry:
        """Join the sources of several cutouts, which are numbered in order; the list must not be empty."""
        number = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        return replace(cls.concatenate(parts), cutout=number)


def significance(cutout: Cutout) -> NDArray[np.float64]:
    """Compute the smoothed stack of the long bands (y, x) in units of its robust rms."""
    chosen = [cutout.bands.index(band) for band in STACK_BANDS]
    stack = np.zeros(cutout.valid.shape)
    for image in cutout.flux[chosen]:
        rms = sigma_nmad(image[cutout.valid])
        stack += (image - np.median(image[cutout.valid])) / max(rms, 1e-30) ** 2 * cutout.valid
    smooth = gaussian_filter(stack, _SMOOTHING_PIX)
    empty = smooth[cutout.valid & (smooth < 3 * sigma_nmad(smooth[cutout.valid]))]
    return smooth / max(sigma_nmad(empty), 1e-30)


def empty_sky(cutout: Cutout) -> NDArray[np.bool_]:
    """Find observed pixels (y, x) that are far from sources of the stack."""
    parts, count = label(significance(cutout) > _MASK_SNR)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = 0
    sources = (sizes >= _MASK_LEAST_PIX)[parts]
    return cutout.valid & ~binary_dilation(sources, iterations=_MASK_GROWTH_PIX)


def photometry(cutout: Cutout, *, rng: np.random.Generator, empty_apertures: int = 400) -> Photometry:
    """Measure the flux of peaks of the stack in every band; peaks whose apertures cross the edge are left out."""
    snr = significance(cutout)
    reach = int(np.ceil(APERTURE_PIX)) + 1
    inside = np.zeros(cutout.valid.shape, bool)
    inside[reach:-reach, reach:-reach] = cutout.valid[reach:-reach, reach:-reach]
    peak = (snr == maximum_filter(snr, _PEAK_SEPARATION_PIX)) & (snr > _PEAK_SNR) & inside
    y, x = (place.astype(float) for place in np.nonzero(peak))
    free = empty_sky(cutout)
    sky = np.array([np.median(image[free]) if free.any() else 0.0 for image in cutout.flux])
    places = _empty_places(free, rng, empty_apertures)
    flux = aperture_sums(cutout.flux - sky[:, None, None], x, y)
    depth = np.where(np.isfinite(cutout.error), cutout.error, 0.0)
    scatter = aperture_sums(cutout.flux - sky[:, None, None], *places) / aperture_sums(depth, *places)
    error = np.array([sigma_nmad(values) for values in scatter.T]) * aperture_sums(depth, x, y)
    chosen = [cutout.bands.index(band) for band in STACK_BANDS]
    weight = error[:, chosen] ** -2.0
    stack = (flux[:, chosen] * weight).sum(axis=1) / np.sqrt(weight.sum(axis=1))
    return Photometry(x, y, flux, error, stack, np.zeros(len(x), np.int64))


def true_sources(found: Photometry, tile: MockTile) -> Photometry:
    """Select the detections of a mock tile that are true sources, not spikes of stars or noise."""
    truth = tile.scene.truth[np.asarray(tile.scene.truth["detectable"])]
    x, y = np.asarray(truth["x"]) - tile.margin, np.asarray(truth["y"]) - tile.margin
    distance = np.hypot(found.x[:, None] - x, found.y[:, None] - y)
    return found[np.flatnonzero((distance < _SAME_SOURCE_PIX).any(axis=1))]


def aperture_sums(flux: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum images (band, y, x) within 5 pixels of N positions, (N, band)."""
    reach = int(np.ceil(APERTURE_PIX))
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    weight = np.clip(APERTURE_PIX + 0.5 - np.hypot(dy, dx), 0, 1)  # a soft rim instead of parts of pixels
    used = weight > 0
    place = np.stack([y[:, None] + dy[used], x[:, None] + dx[used]])  # (2, N, pixel)
    return np.stack(
        [(map_coordinates(image, place, order=1, mode="nearest") * weight[used]).sum(axis=1) for image in flux], axis=1
    )


def _empty_places(
    free: NDArray[np.bool_], rng: np.random.Generator, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres (x, y) of apertures that hold empty sky only, `count` of them or none; they may overlap."""
    reach = int(np.ceil(APERTURE_PIX))
    disc = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1]) <= APERTURE_PIX
    room = ~binary_dilation(~free, structure=disc)
    room[:reach], room[-reach:], room[:, :reach], room[:, -reach:] = False, False, False, False
    y, x = np.nonzero(room)
    if not len(x):
        return np.zeros(0), np.zeros(0)
    chosen = rng.integers(0, len(x), count)
    return x[chosen].astype(float), y[chosen].astype(float)
