"""Which source does each pixel belong to, according to a survey's segmentation map?"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import ArrayLike, NDArray

from zpix.errors import CatalogueError, GridError, InputFileError
from zpix.image.regions import Region
from zpix.image.unpacked import is_gzip, unpacked

_ROWS_AT_ONCE = 1024
_NAMES = ("SEGMAP", "SEGMENTATION", "SEGM", "SEG")  # of HDUs, the likeliest first
_SAMPLED_ROWS = 64  # of an image of floating-point numbers that are looked at
_MOST_POSITIONS = 2000  # that are looked up in a map: more say nothing more
_LEAST_ON_OWN = 0.5  # of positions that lie on a segment, on their own
_FEWEST_TO_JUDGE = 3  # positions that must lie on no segment at all before a catalogue is refused


class SegmentationMap:
    """A segmentation map in a FITS file, read by windows. Close it after use, or use `with`.

    The map may be of integers, signed or not, or of whole numbers in floating point; compressed, and in any HDU.
    Pixels that are BLANK, NaN or negative are sky.

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
        local = unpacked(self.path) if is_gzip(self.path) else self.path
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a last block that is not whole; cards that do not concern the map
            try:
                self._hdus = fits.open(local, memmap=True, do_not_scale_image_data=True)
                images = [number for number, one in enumerate(self._hdus) if hdu in (None, number) and _is_map(one)]
            except OSError:
                raise InputFileError(f"'{path}' is not a FITS file") from None
        try:
            self.hdu = self._chosen(self._fitting(images, shape), identifiers)
        except (InputFileError, GridError):
            self.close()
            raise
        self.shape: tuple[int, int] = self._hdus[self.hdu].shape[-2:]

    def __len__(self) -> int:
        """Return the number of rows of pixels."""
        return self.shape[0]

    def __getitem__(self, rows: slice) -> NDArray[np.int64]:
        """Return whole rows of identifiers, (y, x), 0 for sky."""
        return self._read(self.hdu, rows, slice(None))

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
        """
        return self._read(self.hdu, *region.slices)

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
        self._hdus.close()

    def __enter__(self) -> SegmentationMap:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _fitting(self, images: list[int], shape: tuple[int, int] | None) -> list[int]:
        """Those images that have the size of the mosaics and hold whole numbers."""
        if not images:
            raise InputFileError(f"'{self.path}' has no image of segment identifiers")
        sizes = {number: self._hdus[number].shape[-2:] for number in images}
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
        header = self._hdus[number].header
        if header["BITPIX"] > 0 and header.get("BSCALE", 1) == 1:
            return True
        first = max(self._hdus[number].shape[-2] // 2 - _SAMPLED_ROWS // 2, 0)
        values = self._stored(number, slice(first, first + _SAMPLED_ROWS), slice(None))
        values = values[np.isfinite(values)]
        return bool((values == np.rint(values)).all())

    def _chosen(self, images: list[int], identifiers: ArrayLike | None) -> int:
        """That of several images that has most of the identifiers, or else the name of a map."""
        if len(images) == 1:
            return images[0]
        names = [str(self._hdus[number].name).upper() for number in images]
        rank = [_NAMES.index(name) if name in _NAMES else len(_NAMES) for name in names]
        held = [0 if identifiers is None else self._count(number, np.asarray(identifiers)) for number in images]
        return min(zip(images, held, rank, strict=True), key=lambda one: (-one[1], one[2], one[0]))[0]

    def _count(self, number: int, identifiers: NDArray[Any]) -> int:
        """How many identifiers an image has."""
        found = np.zeros(0, np.int64)
        for start in range(0, self._hdus[number].shape[-2], _ROWS_AT_ONCE):
            values = self._read(number, slice(start, start + _ROWS_AT_ONCE), slice(None))
            found = np.union1d(found, values[values > 0])
        return int(np.isin(np.unique(identifiers), found).sum())

    def _read(self, number: int, rows: slice, columns: slice) -> NDArray[np.int64]:
        """Identifiers of a window of an image, 0 for sky."""
        values = self._stored(number, rows, columns)
        if values.dtype.kind == "f":
            values = np.where(np.isfinite(values), np.rint(values), 0)
        return np.maximum(values.astype(np.int64), 0)

    def _stored(self, number: int, rows: slice, columns: slice) -> NDArray[Any]:
        """Numbers of a window of an image."""
        image = self._hdus[number]
        window = (*(0,) * (len(image.shape) - 2), rows, columns)
        try:
            packed = isinstance(image, fits.CompImageHDU)
            values = np.asarray(image.section[window] if packed else image.data[window])
        except (OSError, ValueError, TypeError) as error:
            raise InputFileError(f"'{self.path}' is not a complete FITS file: {error}") from error
        header = image.header
        scale, zero, blank = header.get("BSCALE", 1), header.get("BZERO", 0), header.get("BLANK")
        sky = None if blank is None or values.dtype.kind == "f" else values == blank
        if scale != 1 or (zero and values.dtype.kind == "f"):
            values = values * scale + zero
        elif zero:  # unsigned integers
            values = values.astype(np.int64) + int(zero)
        return values if sky is None else np.where(sky, 0, values)


def _is_map(hdu: Any) -> bool:
    """Whether an HDU is an image with two axes, beside such of length one."""
    shape = hdu.shape if hdu.is_image else ()
    return len(shape) >= 2 and 0 not in shape and set(shape[:-2]) <= {1}
