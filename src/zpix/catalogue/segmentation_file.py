"""Which source owns each pixel of the mosaic?

The segmentation map is an int32 FITS image on the mosaic's grid whose values are the ids of the catalogue, 0
for sky. It is drawn and written in bands of rows, so memory does not grow with the mosaic.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from zpix.catalogue.segments import MASK_THRESHOLD, mask_pixels, place_probability
from zpix.outputs import whole_file
from zpix.sources import Detections

if TYPE_CHECKING:
    from astropy.wcs import WCS

#: Pixels drawn at a time; 8 bytes each.
_BLOCK_PIXELS = 4_000_000


def write_segmentation(
    path: str | Path,
    detections: Detections,
    *,
    shape: tuple[int, int],
    wcs: WCS | None = None,
    ids: NDArray[np.integer] | None = None,
    threshold: float = MASK_THRESHOLD,
) -> None:
    """Write `segmentation.fits`; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
    detections : Detections of length N
        Boxes in the pixel coordinates of the whole mosaic.
    shape : (int, int)
        Height and width of the mosaic in pixels.
    wcs : astropy.wcs.WCS, optional
    ids : (N,) int, optional
        Ids of the detections; 1 to N by default, as in `build_catalogue`.
    threshold : float
        Mask probability from which a pixel belongs to a source.
    """
    header = fits.Header([("SIMPLE", True), ("BITPIX", 32), ("NAXIS", 2), ("NAXIS1", shape[1]), ("NAXIS2", shape[0])])
    if wcs is not None:
        header.extend(wcs.to_header(), unique=True)
    header["CONTENT"] = ("SEGMENTATION", "pixel values are catalogue ids; 0 is sky")
    with whole_file(path) as temporary:
        temporary.unlink(missing_ok=True)  # StreamingHDU appends to what it finds
        with fits.StreamingHDU(str(temporary), header) as stream:
            for block in segmentation_blocks(detections, shape=shape, ids=ids, threshold=threshold):
                stream.write(block)


def draw_segmentation(
    detections: Detections,
    *,
    shape: tuple[int, int],
    ids: NDArray[np.integer] | None = None,
    threshold: float = MASK_THRESHOLD,
) -> NDArray[np.int32]:
    """The segmentation map as one array (y, x) int32; for images that fit in memory."""
    blocks = list(segmentation_blocks(detections, shape=shape, ids=ids, threshold=threshold))
    return np.concatenate([np.zeros((0, shape[1]), np.int32), *blocks])


def segmentation_blocks(
    detections: Detections,
    *,
    shape: tuple[int, int],
    ids: NDArray[np.integer] | None = None,
    threshold: float = MASK_THRESHOLD,
    block_rows: int | None = None,
) -> Iterator[NDArray[np.int32]]:
    """Bands of rows of the segmentation map, from the bottom up; each (rows, width) int32.

    Where masks overlap, the pixel goes to the source with the higher mask probability, at equal probability
    to the one with the higher score, then to the earlier one. The result does not depend on `block_rows`.
    """
    height, width = shape
    rows = block_rows or max(_BLOCK_PIXELS // max(width, 1), 1)
    order = np.lexsort((np.arange(len(detections)), -detections.score))
    ids = np.arange(1, len(detections) + 1) if ids is None else np.asarray(ids)
    bottom = np.floor(detections.box[:, 1]) - 1
    top = np.ceil(detections.box[:, 3]) + 1
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        owner = np.zeros((stop - start, width), dtype=np.int32)
        best = np.zeros((stop - start, width), dtype=np.float32)
        for row in order[(bottom[order] < stop) & (top[order] > start)]:
            window, x0, y0 = place_probability(detections.mask[row], detections.box[row])
            inside = mask_pixels(window, threshold=threshold)
            y_low, y_high = max(y0, start), min(y0 + window.shape[0], stop)
            x_low, x_high = max(x0, 0), min(x0 + window.shape[1], width)
            if y_high <= y_low or x_high <= x_low:
                continue
            cut = (slice(y_low - y0, y_high - y0), slice(x_low - x0, x_high - x0))
            here = (slice(y_low - start, y_high - start), slice(x_low, x_high))
            wins = inside[cut] & ((window[cut] > best[here]) | (owner[here] == 0))
            owner[here][wins] = ids[row]
            best[here][wins] = window[cut][wins]
        yield owner
