"""How is a picture of any size cut into JPEG tiles at every scale, in little memory?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: Side of a tile in pixels.
TILE_PIX = 512
_QUALITY = 85


class PicturePyramid:
    """Tiles of a picture and of its halves, quarters and so on: `LEVEL/COLUMN_ROW.jpg`. Level 0 is one tile.

    The picture comes in strips from its top down, so that two strips of each level are in memory.

    Parameters
    ----------
    folder : Path
        Directory to make.
    shape : (int, int), pixels
        Height and width of the picture.

    Attributes
    ----------
    levels : int
        Number of levels.
    """

    def __init__(self, folder: Path, shape: tuple[int, int]) -> None:
        self.levels = pyramid_levels(shape)
        self._level = _Level(folder, self.levels - 1, shape[0])

    def add(self, strip: NDArray[np.uint8]) -> None:
        """Write the next strip.

        Parameters
        ----------
        strip : (rows, width, 3) uint8
            The next `TILE_PIX` rows; fewer at the end of the picture.
        """
        self._level.add(strip)


def pyramid_levels(shape: tuple[int, int]) -> int:
    """Return the number of levels of a pyramid.

    Parameters
    ----------
    shape : (int, int), pixels
        Height and width of the picture.

    Returns
    -------
    int
        One more than the times that the picture is halved until it is one tile.

    Examples
    --------
    >>> pyramid_levels((512, 300)), pyramid_levels((512, 513)), pyramid_levels((16384, 16384))
    (1, 2, 6)
    """
    return 1 + max(int(np.ceil(np.log2(max(shape) / TILE_PIX))), 0)


class _Level:
    """One level of a pyramid, which hands its strips, halved, to the next one."""

    def __init__(self, folder: Path, number: int, height: int) -> None:
        self._folder, self._height = folder / str(number), height
        self._folder.mkdir(parents=True)
        self._done = 0
        self._halves: list[NDArray[np.uint8]] = []
        self._smaller = _Level(folder, number - 1, (height + 1) // 2) if number else None

    def add(self, strip: NDArray[np.uint8]) -> None:
        row, self._done = self._done // TILE_PIX, self._done + len(strip)
        for column, x in enumerate(range(0, strip.shape[1], TILE_PIX)):
            write_jpeg(self._folder / f"{column}_{row}.jpg", strip[:, x : x + TILE_PIX])
        if self._smaller is None:
            return
        self._halves.append(_halved(strip))
        if len(self._halves) == 2 or self._done >= self._height:
            self._smaller.add(np.concatenate(self._halves))
            self._halves = []


def write_jpeg(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture as JPEG.

    Parameters
    ----------
    path : Path
        File to write.
    picture : (y, x) or (y, x, 3) uint8
        Grey, or red, green and blue.
    """
    Image.fromarray(np.ascontiguousarray(picture)).save(path, "JPEG", quality=_QUALITY)


def _halved(strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Means of two by two pixels; at odd ends the last row and column count twice."""
    height, width = strip.shape[:2]
    if height % 2 or width % 2:
        strip = np.pad(strip, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    total: NDArray[Any] = strip[::2, ::2].astype(np.uint16)
    for part in (strip[1::2, ::2], strip[::2, 1::2], strip[1::2, 1::2]):
        total += part
    halves: NDArray[np.uint8] = ((total + 2) >> 2).astype(np.uint8)
    return halves
