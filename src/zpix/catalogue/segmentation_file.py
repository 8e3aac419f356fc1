"""What is the source id of each pixel of the mosaic?

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

from zpix.catalogue.stamps import Stamps
from zpix.outputs import whole_file

if TYPE_CHECKING:
    from astropy.wcs import WCS

#: Pixels drawn at a time; 12 bytes each.
_BLOCK_PIXELS = 4_000_000


class SegmentationWriter:
    """Writes `segmentation.fits` from its lowest rows up; the file appears whole or not at all. Use `with`.

    Parameters
    ----------
    path : str or Path
        File to write.
    shape : (int, int), pixels
        Height and width of the mosaic.
    wcs : astropy.wcs.WCS, optional
        That of the mosaic.
    """

    def __init__(self, path: str | Path, *, shape: tuple[int, int], wcs: WCS | None = None) -> None:
        self._height, self._width = shape
        self._done = 0
        cards = [("SIMPLE", True), ("BITPIX", 32), ("NAXIS", 2), ("NAXIS1", shape[1]), ("NAXIS2", shape[0])]
        self._header = fits.Header(cards)
        if wcs is not None:
            self._header.extend(wcs.to_header(relax=wcs.sip is not None), unique=True)
        self._header["CONTENT"] = ("SEGMENTATION", "pixel values are catalogue ids; 0 is sky")
        self._whole = whole_file(path)

    def __enter__(self) -> SegmentationWriter:
        temporary = self._whole.__enter__()
        temporary.unlink(missing_ok=True)  # StreamingHDU appends to what it finds
        self._stream = fits.StreamingHDU(str(temporary), self._header)
        return self

    def draw(
        self, segments: Stamps, *, ids: NDArray[np.integer], score: NDArray[np.floating], until: int | None = None
    ) -> None:
        """Draw the next rows.

        Parameters
        ----------
        segments : Stamps of length N
            From `segment_masks`, in the pixels of the mosaic: all that reach into these rows.
        ids : (N,) int
            Ids of the sources.
        score : (N,) float
            Their probabilities of being real.
        until : int, optional
            Draw the rows below it that are not drawn yet; by default all rows.
        """
        until = self._height if until is None else min(until, self._height)
        rows = (self._done, max(until, self._done))
        for block in segmentation_blocks(segments, ids=ids, score=score, rows=rows, width=self._width):
            self._stream.write(block)
        self._done = rows[1]

    def __exit__(self, *error: object) -> bool | None:
        self._stream.close()
        return self._whole.__exit__(*error)  # type: ignore[arg-type]


def draw_segmentation(
    segments: Stamps,
    *,
    shape: tuple[int, int],
    score: NDArray[np.floating],
    ids: NDArray[np.integer] | None = None,
) -> NDArray[np.int32]:
    """Draw the segmentation map as one array, for images that fit in memory.

    Parameters
    ----------
    segments : Stamps of length N
        From `segment_masks`, in the pixels of the image.
    shape : (int, int), pixels
        Height and width of the image.
    score : (N,) float
        Probabilities of the sources of being real.
    ids : (N,) int, optional
        Ids of the sources; by default from 1 on.

    Returns
    -------
    (height, width) int32
        The id of each pixel, 0 for sky.
    """
    ids = np.arange(1, len(segments) + 1) if ids is None else ids
    blocks = list(segmentation_blocks(segments, ids=ids, score=score, rows=(0, shape[0]), width=shape[1]))
    return np.concatenate([np.zeros((0, shape[1]), np.int32), *blocks])


def segmentation_blocks(
    segments: Stamps,
    *,
    ids: NDArray[np.integer],
    score: NDArray[np.floating],
    rows: tuple[int, int],
    width: int,
    block_rows: int | None = None,
) -> Iterator[NDArray[np.int32]]:
    """Draw the rows y0 ≤ y < y1 of the segmentation map, some at a time from the bottom up.

    Where masks overlap, the pixel goes to the source with the higher mask probability (in steps of 1 / 255), at equal
    probability to the one with the higher score, then to the one with the lower id. The result does not depend on
    `block_rows`.

    Parameters
    ----------
    segments : Stamps of length N
        From `segment_masks`, in the pixels of the mosaic.
    ids : (N,) int
        Ids of the sources.
    score : (N,) float
        Their probabilities of being real.
    rows : (int, int)
        First row y0, and y1 after the last one.
    width : int, pixels
        Width of the mosaic.
    block_rows : int, optional
        Rows that are drawn at a time; by default as many as have some million pixels.

    Yields
    ------
    (rows, width) int32
        The id of each pixel, 0 for sky.
    """
    height = block_rows or max(_BLOCK_PIXELS // max(width, 1), 1)
    bottom, top = segments.box[:, 1], segments.box[:, 3]
    weakest_first = np.lexsort((-ids, score))
    for start in range(rows[0], rows[1], height):
        stop = min(start + height, rows[1])
        order = weakest_first[(bottom[weakest_first] < stop) & (top[weakest_first] > start)]
        y, x, strength = _pixels(segments[order])
        here = (y >= start) & (y < stop) & (x >= 0) & (x < width)
        place = (y[here] - start) * width + x[here]
        best = np.zeros((stop - start) * width, np.int64)
        np.maximum.at(best, place, strength[here])
        owner = np.zeros(best.size, np.int32)
        owner[place] = ids[order][best[place] & 0xFFFFFFFF]
        yield owner.reshape(stop - start, width)


def _pixels(segments: Stamps) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Row, column and strength of every pixel of every mask: its probability above the number of its source."""
    kept = np.flatnonzero(segments.values)
    source = np.repeat(np.arange(len(segments)), np.diff(segments.start))[kept]
    y, x = np.divmod(kept - segments.start[source], segments.shape_yx[source, 1])
    strength = (segments.values[kept].astype(np.int64) << 32) | source
    return y + segments.corner_xy[source, 1], x + segments.corner_xy[source, 0], strength
