"""Which pixels belong to a source, and how much light is in them?

The network draws each mask as M × M probabilities that span the source's box. Here they are placed on the
pixels of the image, inside the box only, and the flux under them is summed. Boxes are half-open with edges at
pixel borders: in box coordinates pixel p reaches from p to p + 1 and its centre is p + 0.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.overlaps import overlapping_boxes
from zpix.sources import Detections

if TYPE_CHECKING:
    from zpix.image import Pixels

#: A pixel is in the mask when its probability reaches this.
MASK_THRESHOLD = 0.5
#: A band counts as observed when this fraction of the mask's pixels is valid in it.
MIN_VALID_FRACTION = 0.9


@dataclass(frozen=True)
class Photometry:
    """What was measured under the masks of N sources in B bands.

    Attributes
    ----------
    centre_xy : (N, 2) float64
        Centroid of the mask's probabilities, in pixel coordinates (integers are pixel centres).
    flux, flux_error : (N, B) float32, nJy
        Sum over the valid pixels of the mask and its 1-sigma error; NaN in bands that were not observed.
    n_bands : (N,) int16
        Bands in which at least 90 % of the mask's pixels are valid.
    n_pix : (N,) int32
        Pixels in the mask, inside the image or not; at least one.
    edge : (N,) bool
        The mask touches a pixel that is outside the image, or not valid in any band.
    """

    centre_xy: NDArray[np.float64]
    flux: NDArray[np.float32]
    flux_error: NDArray[np.float32]
    n_bands: NDArray[np.int16]
    n_pix: NDArray[np.int32]
    edge: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.n_pix)

    def __getitem__(self, rows: slice | NDArray) -> Photometry:
        return Photometry(*(getattr(self, f.name)[rows] for f in fields(self)))

    @property
    def snr(self) -> NDArray[np.float64]:
        """Signal-to-noise ratio in the mask, all bands with a positive flux in quadrature; shape (N,), 0 for none."""
        ratio = np.divide(self.flux, self.flux_error, where=self.flux_error > 0, out=np.zeros(self.flux.shape))
        return np.sqrt((np.maximum(np.nan_to_num(ratio), 0.0) ** 2).sum(1))

    @staticmethod
    def empty(n_bands: int, n_sources: int = 0) -> Photometry:
        """Nothing measured: no sources, or `n_sources` of which every band is unobserved."""
        return Photometry(
            centre_xy=np.full((n_sources, 2), np.nan),
            flux=np.full((n_sources, n_bands), np.nan, np.float32),
            flux_error=np.full((n_sources, n_bands), np.nan, np.float32),
            n_bands=np.zeros(n_sources, np.int16),
            n_pix=np.zeros(n_sources, np.int32),
            edge=np.zeros(n_sources, bool),
        )

    @staticmethod
    def concatenate(parts: Sequence[Photometry]) -> Photometry:
        """Join measurements of several sets of sources; the list must not be empty."""
        return Photometry(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Photometry)))


def place_probability(mask: NDArray[np.floating], box: NDArray[np.floating]) -> tuple[NDArray[np.float32], int, int]:
    """Mask probabilities at the centres of the pixels in the box.

    Parameters
    ----------
    mask : (M, M) float
        Probabilities on a grid that spans the box; rows are y.
    box : (4,) float
        Half-open box (x0, y0, x1, y1) in pixels.

    Returns
    -------
    window : (height, width) float32
        Bilinear interpolation of `mask`, for the pixels whose centres lie in the box (for a box without any,
        the one pixel that holds the box's centre).
    x0, y0 : int
        Pixel coordinates of window[0, 0].
    """
    x0, y0, x1, y1 = (float(edge) for edge in box)
    left, column, right = _taps(x0, x1, mask.shape[1])
    lower, row, upper = _taps(y0, y1, mask.shape[0])
    rows = mask[lower] * (1 - row)[:, None] + mask[np.minimum(lower + 1, mask.shape[0] - 1)] * row[:, None]
    window = rows[:, left] * (1 - column) + rows[:, np.minimum(left + 1, mask.shape[1] - 1)] * column
    return window.astype(np.float32, copy=False), right, upper


def place_mask(
    mask: NDArray[np.floating], box: NDArray[np.floating], *, threshold: float = MASK_THRESHOLD
) -> tuple[NDArray[np.bool_], int, int]:
    """Pixels of the box that belong to the source: (window of bool, x0, y0), as in `place_probability`.

    Which pixels belong is the rule of `mask_pixels`.
    """
    window, x0, y0 = place_probability(mask, box)
    return mask_pixels(window, threshold=threshold), x0, y0


def mask_pixels(window: NDArray[np.floating], *, threshold: float = MASK_THRESHOLD) -> NDArray[np.bool_]:
    """Which pixels of a window of mask probabilities belong to the source; bool, of the window's shape.

    Those whose probability reaches `threshold`; when none does, the most probable one alone, so that every
    source has a pixel.
    """
    inside = window >= threshold
    if not inside.any():
        inside.flat[window.argmax()] = True
    return inside


def measure_masks(
    detections: Detections,
    pixels: Pixels,
    *,
    origin_xy: tuple[int, int] = (0, 0),
    threshold: float = MASK_THRESHOLD,
) -> Photometry:
    """Sum the flux of every band inside the mask of every source.

    Parameters
    ----------
    detections : Detections of length N
        Boxes in the pixel coordinates of the whole image.
    pixels : Pixels
        A window of the image: flux and error (band, y, x) in nJy, and validity.
    origin_xy : (int, int)
        Pixel coordinates in the whole image of the window's first pixel. Pixels beyond the window are not
        valid.
    """
    n_bands, height, width = pixels.flux.shape
    result = Photometry.empty(n_bands, len(detections))
    if not len(detections):
        return result
    any_band = np.logical_or.reduce(pixels.valid, axis=0)
    masks = []  # per source, its pixels' places in the flattened window
    for row in range(len(detections)):
        window, x0, y0 = place_probability(detections.mask[row], detections.box[row])
        y, x = np.nonzero(mask_pixels(window, threshold=threshold))
        weight = window[y, x] + 1e-6  # a mask of zeros has its one pixel as centre
        result.centre_xy[row] = np.array([x @ weight, y @ weight]) / weight.sum() + (x0, y0)
        result.n_pix[row] = len(x)
        x, y = x + (x0 - origin_xy[0]), y + (y0 - origin_xy[1])
        result.edge[row] = _touches_nothing(any_band, x, y)
        within = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        masks.append((y * width + x)[within])
    flux, error, valid = (_gather(array, masks) for array in (pixels.flux, pixels.error, pixels.valid))
    seen = _sum(valid, masks) >= np.maximum(MIN_VALID_FRACTION * result.n_pix, 1)[:, None]  # (N, band)
    variance = _sum(np.where(valid, error, 0.0) ** 2, masks)  # errors are infinite where not valid
    result.flux[seen] = _sum(np.where(valid, flux, 0.0), masks)[seen]
    result.flux_error[seen] = np.sqrt(variance)[seen]
    result.n_bands[:] = seen.sum(1)
    return result


def touching_masks(detections: Detections, *, threshold: float = MASK_THRESHOLD) -> NDArray[np.bool_]:
    """Which masks share a pixel with another mask, or a pixel's border or corner; shape (N,) bool."""
    touching = np.zeros(len(detections), dtype=bool)
    grown = detections.box + np.array([-1, -1, 1, 1], dtype=np.float32)
    first, second = overlapping_boxes(grown, grown)
    once = first < second
    placed: dict[int, tuple[NDArray[np.bool_], int, int]] = {}
    for i, j in zip(first[once].tolist(), second[once].tolist(), strict=True):
        if touching[i] and touching[j]:
            continue
        for row in (i, j):
            if row not in placed:
                placed[row] = place_mask(detections.mask[row], detections.box[row], threshold=threshold)
        if _windows_touch(placed[i], placed[j]):
            touching[i] = touching[j] = True
    return touching


def _taps(low: float, high: float, size: int) -> tuple[NDArray[np.intp], NDArray[np.float32], int]:
    """Lower neighbour and weight of the upper one on a grid of `size` cells, per pixel; the first pixel."""
    first, stop = int(np.ceil(low - 0.5)), int(np.ceil(high - 0.5))
    if stop <= first:  # thinner than a pixel
        first = int(np.floor(0.5 * (low + high)))
        stop = first + 1
    step = size / max(high - low, 1e-6)
    position = np.clip((np.arange(first, stop) + 0.5 - low) * step - 0.5, 0, size - 1)
    lower = position.astype(np.intp)
    return lower, (position - lower).astype(np.float32), first


def _gather(image: NDArray, masks: list[NDArray[np.intp]]) -> NDArray:
    """Pixels of all masks, one mask after the other, from an image (band, y, x): (band, pixel)."""
    return np.take(image.reshape(len(image), -1), np.concatenate(masks), axis=1)


def _sum(values: NDArray, masks: list[NDArray[np.intp]]) -> NDArray[np.float64]:
    """Sum `values` (band, pixel) over the pixels of each of N masks: (N, band)."""
    count = np.array([len(mask) for mask in masks])
    total = np.zeros((len(masks), len(values)))
    filled = np.flatnonzero(count)  # reduceat has no sum over nothing
    if len(filled):
        start = (np.cumsum(count) - count)[filled]
        total[filled] = np.add.reduceat(values, start, axis=1, dtype=np.float64).T
    return total


def _touches_nothing(valid: NDArray[np.bool_], x: NDArray[np.intp], y: NDArray[np.intp]) -> bool:
    """Whether a pixel (x, y), or one of its eight neighbours, is outside `valid` (y, x) or False there."""
    x0, x1, y0, y1 = x.min() - 1, x.max() + 2, y.min() - 1, y.max() + 2
    inside_image = x0 >= 0 and y0 >= 0 and x1 <= valid.shape[1] and y1 <= valid.shape[0]
    if inside_image and valid[y0:y1, x0:x1].all():
        return False  # the ordinary case, without a look at single pixels
    good = np.zeros((y1 - y0, x1 - x0), dtype=bool)
    rows, columns = slice(max(y0, 0), max(y1, 0)), slice(max(x0, 0), max(x1, 0))
    part = valid[rows, columns]
    if part.size:
        top, left = rows.start - y0, columns.start - x0
        good[top : top + part.shape[0], left : left + part.shape[1]] = part
    around = [good[y - y0 + dy, x - x0 + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return not all(pixel.all() for pixel in around)


def _windows_touch(a: tuple[NDArray[np.bool_], int, int], b: tuple[NDArray[np.bool_], int, int]) -> bool:
    """Whether two placed masks share or adjoin a pixel (eight neighbours)."""
    (mask_a, ax, ay), (mask_b, bx, by) = a, b
    fat = np.zeros((mask_a.shape[0] + 2, mask_a.shape[1] + 2), dtype=bool)
    for dy in range(3):
        for dx in range(3):
            fat[dy : dy + mask_a.shape[0], dx : dx + mask_a.shape[1]] |= mask_a
    ax, ay = ax - 1, ay - 1
    x0, y0 = max(ax, bx), max(ay, by)
    x1 = min(ax + fat.shape[1], bx + mask_b.shape[1])
    y1 = min(ay + fat.shape[0], by + mask_b.shape[0])
    if x1 <= x0 or y1 <= y0:
        return False
    return bool((fat[y0 - ay : y1 - ay, x0 - ax : x1 - ax] & mask_b[y0 - by : y1 - by, x0 - bx : x1 - bx]).any())
