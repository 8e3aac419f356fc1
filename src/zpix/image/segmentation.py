"""Whose pixel is it, according to a survey's segmentation map?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from zpix.errors import GridError, InputFileError
from zpix.image.regions import Region


class SegmentationMap:
    """A segmentation map in FITS, read by windows: the first image with two axes. Close it, or use `with`.

    Raises
    ------
    InputFileError
        If the file is missing or holds no such image.
    GridError
        If it is not as large as the mosaic, of `shape` (ny, nx).
    """

    def __init__(self, path: str | Path, *, shape: tuple[int, int]) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise InputFileError(f"{path}: no such file")
        try:
            self._hdus = fits.open(self.path, memmap=True)
        except OSError:
            raise InputFileError(f"{path}: not a FITS file") from None
        images = [hdu for hdu in self._hdus if hdu.is_image and hdu.header.get("NAXIS") == 2]
        found = images[0].shape if images else None
        if found != shape:
            self.close()
            if found is None:
                raise InputFileError(f"{path}: holds no image of segment identifiers")
            raise GridError(f"{path}: is {found[1]} × {found[0]} pixels, the mosaics are {shape[1]} × {shape[0]}")
        self._image = images[0]

    def read(self, region: Region) -> NDArray[np.int64]:
        """Identifiers in a region inside the map, (y, x) int64, 0 for none."""
        return np.asarray(self._image.data[region.slices]).astype(np.int64)

    def close(self) -> None:
        """Close the file."""
        self._hdus.close()

    def __enter__(self) -> SegmentationMap:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
