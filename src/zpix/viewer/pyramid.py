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
    apart : bool, default: False
        Whether channels are grey pictures of their own, written one below another, and not red, green and blue.

    Attributes
    ----------
    levels : int
        Number of levels.
    """

    def __init__(self, folder: Path, shape: tuple[int, int], *, apart: bool = False) -> None:
        self.levels = pyramid_levels(shape)
        self._level = _Level(folder, self.levels - 1, shape[0], apart)

    def add(self, strip: NDArray[np.uint8]) -> None:
        """Write the next strip.

        Parameters
        ----------
        strip : (rows, width, channel) uint8
            The next `TILE_PIX` rows; fewer at the end of the picture.
        """
        self._level.add(strip)

    def add_half(self, half: NDArray[np.uint8]) -> None:
        """Take the next strip, whose tiles of full size are written elsewhere.

        Parameters
        ----------
        half : (half of the rows, half of the width, channel) uint8
            The strip as `halved` returns it.
        """
        self._level.add_half(half)


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

    def __init__(self, folder: Path, number: int, height: int, apart: bool) -> None:
        self._folder, self._height, self._apart = folder / str(number), height, apart
        self._folder.mkdir(parents=True)
        self._row = 0
        self._halves: list[NDArray[np.uint8]] = []
        self._smaller = _Level(folder, number - 1, (height + 1) // 2, apart) if number else None

    def add(self, strip: NDArray[np.uint8]) -> None:
        for column, x in enumerate(range(0, strip.shape[1], TILE_PIX)):
            write_jpeg(self._folder / f"{column}_{self._row}.jpg", strip[:, x : x + TILE_PIX], apart=self._apart)
        self.add_half(halved(strip) if self._smaller else strip[:0])

    def add_half(self, half: NDArray[np.uint8]) -> None:
        self._row += 1
        if self._smaller is None:
            return
        self._halves.append(half)
        if len(self._halves) == 2 or self._row * TILE_PIX >= self._height:
            self._smaller.add(np.concatenate(self._halves))
            self._halves = []


def write_jpeg(path: Path, picture: NDArray[np.uint8], *, apart: bool = False) -> None:
    """Write a picture as JPEG.

    Parameters
    ----------
    path : Path
        File to write.
    picture : (y, x, channel) uint8
        Red, green and blue, or grey pictures.
    apart : bool, default: False
        Whether channels are grey pictures, written one below another.
    """
    if apart:
        picture = np.moveaxis(picture, -1, 0).reshape(-1, picture.shape[1])
    Image.fromarray(np.ascontiguousarray(picture)).save(path, "JPEG", quality=_QUALITY)


def halved(strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Average two by two pixels; at odd ends the last row and column count twice.

    Parameters
    ----------
    strip : (y, x, channel) uint8
        A part of a picture.

    Returns
    -------
    (half of y, half of x, channel) uint8
        Their means, rounded.
    """
    height, width = strip.shape[:2]
    if height % 2 or width % 2:
        strip = np.pad(strip, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    total: NDArray[Any] = strip[::2, ::2].astype(np.uint16)
    for part in (strip[1::2, ::2], strip[::2, 1::2], strip[1::2, 1::2]):
        total += part
    halves: NDArray[np.uint8] = ((total + 2) >> 2).astype(np.uint8)
    return halves
