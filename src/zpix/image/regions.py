"""How are rectangles of pixels described?

Pixel centres are integers from 0 and regions are half-open, so pixel i covers i − 0.5 to i + 0.5, and the region
(0, 0, nx, ny) is the whole mosaic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Region:
    """Half-open rectangle of whole pixels, x0 ≤ x < x1 and y0 ≤ y < y1; it may lie outside the mosaic.

    Attributes
    ----------
    x0, y0 : int, pixels
        First column and row.
    x1, y1 : int, pixels
        First column and row beyond the region.

    Raises
    ------
    ValueError
        If the region ends before it begins.

    Examples
    --------
    >>> Region(10, 0, 40, 20).shape
    (20, 30)
    """

    x0: int
    y0: int
    x1: int
    y1: int

    def __post_init__(self) -> None:
        if self.x1 < self.x0 or self.y1 < self.y0:
            raise ValueError(f"a region ends before it begins: {self}")

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.y1 - self.y0

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (height, width) of the array that holds the region."""
        return self.height, self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index (y, x) of the region in the mosaic's array; it must lie inside."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    @staticmethod
    def whole(shape: tuple[int, int]) -> Region:
        """Return the region of a whole array.

        Parameters
        ----------
        shape : (ny, nx)
            Shape of the array.

        Returns
        -------
        Region
            From (0, 0) to (nx, ny).
        """
        return Region(0, 0, shape[1], shape[0])

    def grown(self, margin: int) -> Region:
        """Return the region grown on each side.

        Parameters
        ----------
        margin : int, pixels
            How far to grow; shrinks if negative.

        Returns
        -------
        Region
            The grown region.
        """
        return Region(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)

    def shifted(self, dx: int, dy: int) -> Region:
        """Return the region moved.

        Parameters
        ----------
        dx, dy : int, pixels
            How far to move.

        Returns
        -------
        Region
            The moved region.
        """
        return Region(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def intersection(self, other: Region) -> Region:
        """Return the part that two regions share.

        Parameters
        ----------
        other : Region
            The other region.

        Returns
        -------
        Region
            The common part, of zero size if there is none.
        """
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        return Region(x0, y0, max(x0, min(self.x1, other.x1)), max(y0, min(self.y1, other.y1)))

    def contains(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.bool_]:
        """Return which positions lie on the pixels of the region.

        Parameters
        ----------
        x, y : (...) float, pixels
            Positions; integers are pixel centres.

        Returns
        -------
        (...) bool
            True inside the region.
        """
        column, row = np.asarray(x), np.asarray(y)
        inside_x = (column >= self.x0 - 0.5) & (column < self.x1 - 0.5)
        return inside_x & (row >= self.y0 - 0.5) & (row < self.y1 - 0.5)
