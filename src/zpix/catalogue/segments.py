"""What is the flux in the mask of a source, and which masks touch?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue.stamps import MASK_THRESHOLD, Stamps, Window, inside_masks, place_masks
from zpix.sources import Detections, overlapping_boxes
from zpix.sources.rows import Rows

if TYPE_CHECKING:
    from zpix.image import NoiseCurve, Pixels

#: A band counts as observed when this fraction of the mask's pixels is valid in it.
MIN_VALID_FRACTION = 0.9
#: Signal-to-noise ratio per pixel that half of the pixels around a saturated core reach. A well that is almost full has
#: some hundreds in one exposure; no galaxy of a deep field has a pixel of this one but in its nucleus.
SATURATED_SNR = 50.0


@dataclass(frozen=True, eq=False)
class Photometry(Rows):
    """What was measured in the masks of N sources in B bands.

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
    saturated : (N,) bool
        There is a hole of pixels without data in the mask, in some band, and what surrounds it is bright.
    """

    centre_xy: NDArray[np.float64]
    flux: NDArray[np.float32]
    flux_error: NDArray[np.float32]
    n_bands: NDArray[np.int16]
    n_pix: NDArray[np.int32]
    edge: NDArray[np.bool_]
    saturated: NDArray[np.bool_]

    @property
    def snr(self) -> NDArray[np.float64]:
        """Signal-to-noise ratio in the mask, (N,): all bands with a positive flux in quadrature, 0 without any."""
        ratio = np.divide(self.flux, self.flux_error, where=self.flux_error > 0, out=np.zeros(self.flux.shape))
        snr: NDArray[np.float64] = np.sqrt((np.maximum(np.nan_to_num(ratio), 0.0) ** 2).sum(1))
        return snr

    def in_noise(self, noise: NoiseCurve) -> Photometry:
        """Give the same photometry with errors for noise that neighbouring pixels share.

        Parameters
        ----------
        noise : NoiseCurve
            Scatter of sums over the error of independent pixels, of each band.

        Returns
        -------
        Photometry
            With errors multiplied by the factor for the number of pixels of the mask.
        """
        return replace(self, flux_error=self.flux_error * noise.at(self.n_pix))

    @staticmethod
    def empty(n_bands: int, n_sources: int = 0) -> Photometry:
        """Return the measurement of no sources, or of sources without data in any band.

        Parameters
        ----------
        n_bands : int
            Number of bands.
        n_sources : int, default 0
            Number of sources.

        Returns
        -------
        Photometry
            Fluxes are NaN.
        """
        return Photometry(
            centre_xy=np.full((n_sources, 2), np.nan),
            flux=np.full((n_sources, n_bands), np.nan, np.float32),
            flux_error=np.full((n_sources, n_bands), np.nan, np.float32),
            n_bands=np.zeros(n_sources, np.int16),
            n_pix=np.zeros(n_sources, np.int32),
            edge=np.zeros(n_sources, bool),
            saturated=np.zeros(n_sources, bool),
        )


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
        Boxes and masks, in the pixels of the whole image.
    pixels : Pixels
        A window of the image: flux and error (band, y, x) in nJy, and validity.
    origin_xy : (int, int), pixels, default (0, 0)
        Position of the window's first pixel in the whole image.
    threshold : float, default 0.5
        Least probability of the pixels of a mask.

    Returns
    -------
    Photometry
        Of length N.
    """
    return measure_stamps(place_masks(detections), pixels, origin_xy=origin_xy, threshold=threshold)


def measure_stamps(
    probability: Stamps,
    pixels: Pixels,
    *,
    origin_xy: tuple[int, int] = (0, 0),
    threshold: float = MASK_THRESHOLD,
) -> Photometry:
    """Sum the flux of every band inside the mask of every source.

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

    Returns
    -------
    Photometry
        Of length N.
    """
    n_bands, height, width = pixels.flux.shape
    result = Photometry.empty(n_bands, len(probability))
    if not len(probability):
        return result
    kept = np.flatnonzero(inside_masks(probability, threshold=threshold))
    weight = probability.values[kept] + np.float32(1e-6)  # a mask of zeros has its one pixel as centre
    source = np.repeat(np.arange(len(probability)), np.diff(probability.start))[kept]
    y, x = np.divmod(kept - probability.start[source], probability.shape_yx[source, 1])
    count = np.bincount(source, minlength=len(probability))
    stop = np.cumsum(count)
    for row, (first, last) in enumerate(zip(stop - count, stop, strict=True)):
        w = weight[first:last]
        result.centre_xy[row] = np.array([x[first:last] @ w, y[first:last] @ w]) / w.sum() + probability.corner_xy[row]
    result.n_pix[:] = count
    x, y = (places + probability.corner_xy[source, axis] - origin_xy[axis] for axis, places in enumerate((x, y)))
    result.edge[:] = _touch_nothing(np.logical_or.reduce(pixels.valid, axis=0), x, y, stop - count)
    result.saturated[:] = _surround_holes(pixels, x, y, stop - count)
    within = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    place, owned = (y * width + x)[within], np.bincount(source[within], minlength=len(probability))
    flux, error, valid = (
        np.take(a.reshape(n_bands, -1), place, axis=1) for a in (pixels.flux, pixels.error, pixels.valid)
    )
    seen = sum_masks(valid, owned) >= np.maximum(MIN_VALID_FRACTION * result.n_pix, 1)[:, None]  # (N, band)
    variance = sum_masks(np.where(valid, error, 0.0) ** 2, owned)  # errors are infinite where not valid
    result.flux[seen] = sum_masks(np.where(valid, flux, 0.0), owned)[seen]
    result.flux_error[seen] = np.sqrt(variance)[seen]
    result.n_bands[:] = seen.sum(1)
    return result


def sum_masks(values: NDArray[Any], count: NDArray[np.integer]) -> NDArray[np.float64]:
    """Sum values over the pixels of N masks, which lie one mask after the other.

    Parameters
    ----------
    values : (B, P) array
        Values of B bands in all pixels.
    count : (N,) int
        Pixels of each mask, P in all.

    Returns
    -------
    (N, B) float64
        The sums; 0 for a mask without pixels.
    """
    total = np.zeros((len(count), len(values)))
    filled = np.flatnonzero(count)  # reduceat has no sum over nothing
    if len(filled):
        start = (np.cumsum(count) - count)[filled]
        total[filled] = np.add.reduceat(values, start, axis=1, dtype=np.float64).T
    return total


def touching_masks(segments: Stamps) -> NDArray[np.bool_]:
    """Find the masks that share a pixel with another mask, or a pixel's edge or corner.

    Parameters
    ----------
    segments : Stamps of length N
        From `segment_masks`: 0 outside the masks.

    Returns
    -------
    (N,) bool
        True for a mask that touches another one.
    """
    touching = np.zeros(len(segments), dtype=bool)
    grown = segments.box + np.array([-1, -1, 1, 1])
    first, second = overlapping_boxes(grown, grown)
    once = first < second
    for i, j in zip(first[once].tolist(), second[once].tolist(), strict=True):
        if not (touching[i] and touching[j]) and _windows_touch(segments.window(i), segments.window(j)):
            touching[i] = touching[j] = True
    return touching


def _touch_nothing(
    valid: NDArray[np.bool_], x: NDArray[np.integer], y: NDArray[np.integer], start: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Whether a pixel of a mask, or one of its eight neighbours, is outside `valid` (y, x) or False there; (N,).

    The pixels (x, y) of the masks lie one mask after the other, and begin at `start`.
    """
    x0, y0 = (np.minimum.reduceat(places, start) - 1 for places in (x, y))
    x1, y1 = (np.maximum.reduceat(places, start) + 2 for places in (x, y))
    doubtful = (x0 < 0) | (y0 < 0) | (x1 > valid.shape[1]) | (y1 > valid.shape[0])
    if not valid.all():
        inside = zip(x0.clip(0), y0.clip(0), x1.clip(0), y1.clip(0), strict=True)
        doubtful |= [not valid[bottom:top, left:right].all() for left, bottom, right, top in inside]
    touching = np.zeros(len(start), bool)
    stop = np.append(start[1:], len(x))
    for row in np.flatnonzero(doubtful):  # pixel by pixel
        good = np.zeros((y1[row] - y0[row], x1[row] - x0[row]), dtype=bool)
        rows, columns = slice(max(y0[row], 0), max(y1[row], 0)), slice(max(x0[row], 0), max(x1[row], 0))
        part = valid[rows, columns]
        top, left = rows.start - y0[row], columns.start - x0[row]
        if part.size:
            good[top : top + part.shape[0], left : left + part.shape[1]] = part
        own_y, own_x = (places[start[row] : stop[row]] - low for places, low in ((y, y0[row]), (x, x0[row])))
        touching[row] = not all(good[own_y + dy, own_x + dx].all() for dy in (-1, 0, 1) for dx in (-1, 0, 1))
    return touching


def _surround_holes(
    pixels: Pixels, x: NDArray[np.integer], y: NDArray[np.integer], start: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Whether masks have a closed hole without data in a band, with bright pixels around it; shape (N,).

    The pixels (x, y) of the masks lie one mask after the other, and begin at `start`. A region that was not observed,
    in a gap between detectors or beyond the edge, reaches outside the box of the mask, and is no hole.
    """
    saturated = np.zeros(len(start), bool)
    if pixels.valid.all():
        return saturated
    _, height, width = pixels.shape
    stop = np.append(start[1:], len(x))
    for row, (first, last) in enumerate(zip(start, stop, strict=True)):
        own_x, own_y = x[first:last], y[first:last]
        left, bottom = max(own_x.min() - 2, 0), max(own_y.min() - 2, 0)
        right, top = min(own_x.max() + 3, width), min(own_y.max() + 3, height)
        window = slice(bottom, max(top, bottom)), slice(left, max(right, left))
        empty = ~pixels.valid[(slice(None), *window)]
        if not empty.any():
            continue
        inside = np.zeros(empty.shape[1:], bool)
        within = (own_x >= left) & (own_x < right) & (own_y >= bottom) & (own_y < top)
        inside[own_y[within] - bottom, own_x[within] - left] = True
        for band in np.flatnonzero((empty & inside).any((1, 2))):
            hole = empty[band]
            if not (hole[[0, -1]].any() or hole[:, [0, -1]].any()):
                rim = _grown(hole) & ~hole
                snr = (pixels.flux[(band, *window)] / pixels.error[(band, *window)])[rim]
                saturated[row] |= np.median(snr) >= SATURATED_SNR
    return saturated


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask (y, x) and the eight neighbours of its pixels."""
    wide = np.pad(mask, 1)
    wide = wide[:-2] | wide[1:-1] | wide[2:]
    return wide[:, :-2] | wide[:, 1:-1] | wide[:, 2:]


def _windows_touch(a: Window, b: Window) -> bool:
    """Whether two masks share or adjoin a pixel (eight neighbours)."""
    (mask_a, ax, ay), (mask_b, bx, by) = a, b
    x0, x1 = max(ax - 1, bx), min(ax + mask_a.shape[1] + 1, bx + mask_b.shape[1])
    y0, y1 = max(ay - 1, by), min(ay + mask_a.shape[0] + 1, by + mask_b.shape[0])
    if x1 <= x0 or y1 <= y0:
        return False
    of_b = mask_b[y0 - by : y1 - by, x0 - bx : x1 - bx] > 0
    near_b = np.zeros((y1 - y0 + 2, x1 - x0 + 2), dtype=bool)  # reaches one pixel further on each side
    for dy in range(3):
        for dx in range(3):
            near_b[dy : dy + of_b.shape[0], dx : dx + of_b.shape[1]] |= of_b
    left, bottom = max(x0 - 1, ax), max(y0 - 1, ay)
    of_a = mask_a[bottom - ay : y1 + 1 - ay, left - ax : x1 + 1 - ax] > 0
    beside = near_b[bottom - y0 + 1 :, left - x0 + 1 :][: of_a.shape[0], : of_a.shape[1]]
    return bool((of_a & beside).any())
