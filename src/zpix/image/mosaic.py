"""What does the sky look like in a region, in every band?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from astropy.wcs import WCS
from numpy.typing import ArrayLike, NDArray

from zpix.image.pixels import Pixels
from zpix.image.regions import Region


class Mosaic:
    """Bands of one field on one pixel grid, read lazily."""

    bands: tuple[str, ...]
    shape: tuple[int, int]
    wcs: WCS

    @property
    def pixel_scale_arcsec(self) -> float:
        """Side of a pixel."""
        raise NotImplementedError

    def read(self, region: Region, *, bands: Sequence[str] | None = None) -> Pixels:
        """Pixels of `region` in `bands` (default: all of the mosaic, in its order)."""
        raise NotImplementedError

    def sky(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Right ascension and declination in degrees of pixel positions."""
        raise NotImplementedError

    def pixel(self, ra: ArrayLike, dec: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixel positions of right ascensions and declinations in degrees."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the files."""

    def __enter__(self) -> Mosaic:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_mosaic(paths: str | Path | Sequence[str | Path], *, bands: Sequence[str] | None = None) -> Mosaic:
    """Open a directory of per-band files, a list of files, or one multi-extension file."""
    raise NotImplementedError
