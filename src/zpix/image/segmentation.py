"""Which source does each pixel belong to, according to a survey's segmentation map?"""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.errors import CatalogueError, GridError, InputFileError
from zpix.image.open_fits import FitsFile
from zpix.image.regions import Region

_log = logging.getLogger(__name__)

_ROWS_AT_ONCE = 256
_NAMES = ("SEGMAP", "SEGMENTATION", "SEGM", "SEG")  # of HDUs, the likeliest first
_SAMPLED_ROWS = 64  # of an image of floating-point numbers that are looked at
_MOST_POSITIONS = 2000  # that are looked up in a map: more say nothing more
_LEAST_ON_OWN = 0.5  # of positions that lie on a segment, on their own
_FEWEST_TO_JUDGE = 3  # positions that must lie on no segment at all before a catalogue is refused


class SegmentationMap:
    """A segmentation map in a FITS file, read by windows. Close it after use, or use `with`.

    The map may be of integers, signed or not, or of whole numbers in floating point, all of which are read exactly;
    compressed, and in any HDU. Pixels that are BLANK, NaN or negative are sky.

    Parameters
    ----------
    path : str or Path
        FITS file.
    shape : (ny, nx), optional
        Size that the map must have, that of the mosaic.
    identifiers : (N,) int, optional
        Identifiers of a catalogue: of several images of whole numbers, the one that has most of them is the map.
        Without them it is the one that is called so (SEGMAP), or the first.
    hdu : int, optional
        Number of the map's HDU, if it is known.

    Attributes
    ----------
    shape : (ny, nx)
        Size of the map.
    path : Path
        The file.
    hdu : int
        Number of the map's HDU.

    Raises
    ------
    InputFileError
        If the file is missing or has no such image.
    GridError
        If the map is not of `shape`.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        shape: tuple[int, int] | None = None,
        identifiers: ArrayLike | None = None,
        hdu: int | None = None,
    ) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise InputFileError(f"'{path}' does not exist: a segmentation map is needed there")
        file = FitsFile(self.path)
        images = [i for i, plane in enumerate(file.shapes) if hdu in (None, i) and len(plane) == 2 and 0 not in plane]
        self._images = {number: file.image(number) for number in images}
        self._names = {number: file.names[number] for number in images}
        self.hdu = self._chosen(self._fitting(images, shape), identifiers)
        self.shape: tuple[int, int] = self._images[self.hdu].shape
        for remark in file.remarks:
            _tell_once(f"'{path}': {remark}")

    def __len__(self) -> int:
        """Return the number of rows of pixels."""
        return self.shape[0]

    def __getitem__(self, rows: slice) -> NDArray[np.int64]:
        """Return whole rows of identifiers, (y, x), 0 for sky."""
        start, stop, _ = rows.indices(len(self))
        return self.read(Region(0, start, self.shape[1], max(start, stop)))

    def read(self, region: Region) -> NDArray[np.int64]:
        """Read the identifiers in a region.

        Parameters
        ----------
        region : Region
            Inside the map.

        Returns
        -------
        (y, x) int64
            Identifiers, 0 for sky.

        Raises
        ------
        ValueError
            If the map was closed.
        """
        return self._read(self.hdu, region)

    def require_own_segments(self, ids: ArrayLike, x: ArrayLike, y: ArrayLike, *, name: str) -> None:
        """Refuse a catalogue whose sources do not lie on the segments that have their identifiers.

        Of the positions that lie on a segment, most must lie on their own; and some must lie on one.

        Parameters
        ----------
        ids : (N,) int
            Identifiers of the sources.
        x, y : (N,) float, pixels
            Their positions; those outside the map are not looked at.
        name : str
            The catalogue's file, for the message.

        Raises
        ------
        CatalogueError
            If most positions lie on other segments, or none on any; the message has the counts.
        """
        pixel = np.rint(np.stack([np.asarray(x, np.float64), np.asarray(y, np.float64)], axis=1))
        inside = np.flatnonzero(((pixel >= 0) & (pixel < np.array(self.shape[::-1]))).all(1))
        inside = inside[np.unique(np.linspace(0, len(inside) - 1, min(len(inside), _MOST_POSITIONS)).astype(int))]
        places = [Region(i, j, i + 1, j + 1) for i, j in pixel[inside].astype(int).tolist()]
        found = np.array([self.read(place)[0, 0] for place in places], np.int64)
        own, sky = int((found == np.asarray(ids)[inside]).sum()), int((found == 0).sum())
        other = len(found) - own - sky
        if own < _LEAST_ON_OWN * (own + other) or (own == 0 and sky >= _FEWEST_TO_JUDGE):
            raise CatalogueError(
                f"'{name}' and '{self.path}' do not belong together: of {len(found)} positions {own} lie on the segment"
                f" of their identifier, {other} on another, and {sky} on none; most must lie on their own"
            )

    def boxes(self, ids: ArrayLike) -> NDArray[np.float64]:
        """Return the boxes of segments.

        Parameters
        ----------
        ids : (N,) int
            Identifiers of the segments.

        Returns
        -------
        (N, 4) float64, pixels
            Half-open boxes (x0, y0, x1, y1); NaN where the map has no such segment.
        """
        wanted = np.asarray(ids, np.int64)
        order = np.argsort(wanted)
        low, high = np.full((len(wanted) + 1, 2), np.inf), np.full((len(wanted) + 1, 2), -np.inf)
        for start in range(0, self.shape[0], _ROWS_AT_ONCE):
            rows = self[start : start + _ROWS_AT_ONCE]
            y, x = np.nonzero(rows)
            values = rows[y, x]
            place = np.append(order, len(wanted))[np.searchsorted(wanted[order], values)]
            place[np.append(wanted, 0)[place] != values] = len(wanted)  # of a segment that is not wanted
            for axis, pixel in enumerate((x, y + start)):
                np.minimum.at(low[:, axis], place, pixel)
                np.maximum.at(high[:, axis], place, pixel + 1)
        box = np.concatenate([low, high], axis=1)[:-1]
        return np.where(np.isfinite(box), box, np.nan)

    def close(self) -> None:
        """Close the file."""
        self._images = {}

    def __enter__(self) -> SegmentationMap:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _fitting(self, images: list[int], shape: tuple[int, int] | None) -> list[int]:
        """Those images that have the size of the mosaics and hold whole numbers."""
        if not images:
            raise InputFileError(f"'{self.path}' has no image of segment identifiers")
        sizes = {number: self._images[number].shape for number in images}
        fitting = [number for number in images if shape in (None, sizes[number])]
        if shape is not None and not fitting:
            height, width = sizes[images[0]]
            raise GridError(f"'{self.path}' has {width} × {height} pixels, the mosaics have {shape[1]} × {shape[0]}")
        whole = [number for number in fitting if self._is_whole(number)]
        if not whole:
            raise InputFileError(
                f"'{self.path}' has no image of segment identifiers: HDU {fitting[0]} holds numbers with fractions"
            )
        return whole

    def _is_whole(self, number: int) -> bool:
        """Whether an image holds whole numbers, as far as some rows of its middle tell."""
        image = self._images[number]
        if image.dtype.kind != "f" and image.scale == 1.0 and float(image.zero).is_integer():
            return True
        height, width = image.shape
        first = max(height // 2 - _SAMPLED_ROWS // 2, 0)
        region = Region(0, first, width, min(first + _SAMPLED_ROWS, height))
        values = np.empty(region.shape, np.float32)
        image.read_into(region, values)
        values = values[np.isfinite(values)]
        return bool((values == np.rint(values)).all())

    def _chosen(self, images: list[int], identifiers: ArrayLike | None) -> int:
        """That of several images that has most of the identifiers, or else the name of a map."""
        if len(images) == 1:
            return images[0]
        names = [self._names[number] for number in images]
        rank = [_NAMES.index(name) if name in _NAMES else len(_NAMES) for name in names]
        held = [0 if identifiers is None else self._count(number, np.asarray(identifiers)) for number in images]
        return min(zip(images, held, rank, strict=True), key=lambda one: (-one[1], one[2], one[0]))[0]

    def _count(self, number: int, identifiers: NDArray[Any]) -> int:
        """How many identifiers an image has."""
        found = np.zeros(0, np.int64)
        height, width = self._images[number].shape
        for start in range(0, height, _ROWS_AT_ONCE):
            values = self._read(number, Region(0, start, width, min(start + _ROWS_AT_ONCE, height)))
            found = np.union1d(found, values[values > 0])
        return int(np.isin(np.unique(identifiers), found).sum())

    def _read(self, number: int, region: Region) -> NDArray[np.int64]:
        """Identifiers of a window of an image, 0 for sky."""
        if number not in self._images:
            raise ValueError("the segmentation map is closed")
        return np.maximum(self._images[number].read_integers(region), 0)


@lru_cache(maxsize=256)
def _tell_once(sentence: str) -> None:
    """Log a warning, once in a process: the same map may be opened for each tile."""
    _log.warning("%s", sentence)
