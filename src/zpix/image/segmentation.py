"""Which source does each pixel belong to, according to a survey's segmentation map?"""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.errors import GridError, InputFileError
from zpix.image.open_fits import FitsFile, PlainArray
from zpix.image.regions import Region

_log = logging.getLogger(__name__)

_ROWS_AT_ONCE = 256
_SAMPLED_ROWS = 16
_NAMES = ("SEGMAP", "SEGMENTATION", "SEG", "SEGM")


class SegmentationMap:
    """A segmentation map in a FITS file, read by windows. Close it after use, or use `with`.

    Parameters
    ----------
    path : str or Path
        FITS file, plain, gzip-compressed, or with tile-compressed images. The map is the image that is called SEGMAP,
        SEGMENTATION, SEG or SEGM, or else the first one of integers, or else the first one. Integers of any size, and
        whole numbers stored as floats, are read exactly; BLANK and NaN are sky.
    shape : (ny, nx), optional
        Size that the map must have, that of the mosaic.

    Attributes
    ----------
    shape : (ny, nx)
        Size of the map.
    path : Path
        The file.

    Raises
    ------
    InputFileError
        If the file is missing, truncated or not FITS, has no image, or its values are not whole numbers.
    GridError
        If the map is not of `shape`.
    """

    def __init__(self, path: str | Path, *, shape: tuple[int, int] | None = None) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise InputFileError(f"'{path}' does not exist: a segmentation map is needed there")
        file = FitsFile(self.path)
        index = _map_of(file)
        if index is None:
            raise InputFileError(f"'{path}' has no image of segment identifiers")
        image = file.image(index)
        if shape not in (None, image.shape):
            found = image.shape
            raise GridError(f"'{path}' has {found[1]} × {found[0]} pixels, the mosaics have {shape[1]} × {shape[0]}")
        _refuse_fractions(image, f"'{path}' (HDU {index})")
        self._image: PlainArray | None = image
        self.shape: tuple[int, int] = image.shape
        for remark in file.remarks:
            _tell_once(f"'{path}': {remark}")

    @property
    def identifiers(self) -> MapRows:
        """All of the map, (y, x) int64, 0 for sky; rows are read when they are asked for."""
        return MapRows(self)

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
        if self._image is None:
            raise ValueError("the segmentation map is closed")
        return self._image.read_integers(region)

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
            rows = self.identifiers[start : start + _ROWS_AT_ONCE]
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
        self._image = None

    def __enter__(self) -> SegmentationMap:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class MapRows:
    """The rows of a segmentation map, which are read when they are asked for, as `rows[10:20]`.

    Parameters
    ----------
    areas : SegmentationMap
        The map.
    """

    def __init__(self, areas: SegmentationMap) -> None:
        self._areas = areas

    def __len__(self) -> int:
        return self._areas.shape[0]

    def __getitem__(self, rows: slice) -> NDArray[np.int64]:
        start, stop, _ = rows.indices(len(self))
        return self._areas.read(Region(0, start, self._areas.shape[1], max(start, stop)))


def _map_of(file: FitsFile) -> int | None:
    """Number of the HDU that holds the map; None if no HDU has an image."""
    images = [index for index, shape in enumerate(file.shapes) if len(shape) == 2 and 0 not in shape]
    named = [index for index in images if file.names[index] in _NAMES]
    integers = [index for index in images if file.headers[index]["BITPIX"] > 0]
    return next(iter(named + integers + images), None)


def _refuse_fractions(image: PlainArray, where: str) -> None:
    """Raise an `InputFileError` if some rows of an image of floats hold other than whole numbers from 0 on."""
    if image.dtype.kind != "f":
        return
    height, width = image.shape
    row = np.empty((1, width), np.float32)
    for y in np.unique(np.linspace(0, height - 1, _SAMPLED_ROWS).astype(int)):
        image.read_into(Region(0, int(y), width, int(y) + 1), row)
        values = row[np.isfinite(row)]
        odd = values[(values < 0) | (values != np.rint(values))]
        if odd.size:
            raise InputFileError(
                f"{where} has the value {odd[0]:.4g}: a segmentation map has the whole numbers that identify sources, "
                "and 0 for sky"
            )


@lru_cache(maxsize=256)
def _tell_once(sentence: str) -> None:
    """Log a warning, once in a process: the same map may be opened for each tile."""
    _log.warning("%s", sentence)
