"""Which source does each pixel belong to, according to a survey's segmentation map?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import ArrayLike, NDArray

from zpix.errors import GridError, InputFileError
from zpix.image.regions import Region

_ROWS_AT_ONCE = 1024


class SegmentationMap:
    """A segmentation map in a FITS file, read by windows. Close it after use, or use `with`.

    Parameters
    ----------
    path : str or Path
        FITS file; its first image with two axes is the map.
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
        If the file is missing or has no such image.
    GridError
        If the map is not of `shape`.
    """

    def __init__(self, path: str | Path, *, shape: tuple[int, int] | None = None) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise InputFileError(f"'{path}' does not exist: a segmentation map is needed there")
        try:
            self._hdus = fits.open(self.path, memmap=True)
        except OSError:
            raise InputFileError(f"'{path}' is not a FITS file") from None
        images = [hdu for hdu in self._hdus if hdu.is_image and hdu.header.get("NAXIS") == 2]
        found = images[0].shape if images else None
        if found is None or shape not in (None, found):
            self.close()
            if found is None or shape is None:
                raise InputFileError(f"'{path}' has no image of segment identifiers")
            raise GridError(f"'{path}' has {found[1]} × {found[0]} pixels, the mosaics have {shape[1]} × {shape[0]}")
        self._image, self.shape = images[0], found

    @property
    def identifiers(self) -> NDArray[np.integer]:
        """All of the map, (y, x) int, 0 for sky; an uncompressed file is read where it is looked at only."""
        values: NDArray[np.integer] = self._image.data
        return values

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
        return np.asarray(self._image.data[region.slices]).astype(np.int64)

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
            rows = np.asarray(self.identifiers[start : start + _ROWS_AT_ONCE])
            y, x = np.nonzero(rows)
            values = rows[y, x].astype(np.int64)
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
