"""Where on another pixel grid are the pixels of a region, and what is the mean of an image over each?"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from astropy.wcs import WCS
from astropy.wcs.utils import pixel_to_pixel
from numpy.typing import NDArray

from zpix.image.kernels import Floats, Kernel
from zpix.image.regions import Region

_NODE_SPACING = 32  # output pixels between positions that the WCS is asked for
_PARALLEL_PIX = 0.002  # rows and columns of two grids that depart less from each other over a region are parallel
_WHOLE_PIX = 0.001  # an edge this close to an edge of the other grid is on it
_UPRIGHT = 0.01  # radians: a pixel turned by less is taken as one piece
_ROWS_AT_ONCE = 32  # so that what is computed for each pixel stays in the processor's cache


@dataclass(frozen=True, eq=False)
class GridMap:
    """Where the pixels of a region of one grid, the output, are on another, the input.

    Attributes
    ----------
    region : Region
        Pixels of the output.
    x, y : (row, column) float64, pixels
        Positions on the input at nodes that are evenly spaced over `region`, from its first edge to its last; pixel k
        spans k to k + 1.
    """

    region: Region
    x: Floats
    y: Floats

    @staticmethod
    def between(output: WCS, region: Region, source: WCS) -> GridMap | None:
        """Ask two WCS for the positions, through the sky and their frames.

        Parameters
        ----------
        output : astropy WCS
            Output grid.
        region : Region
            Pixels of the output.
        source : astropy WCS
            Input grid.

        Returns
        -------
        GridMap or None
            None if part of the region has no position on the input grid.
        """
        columns = np.linspace(region.x0, region.x1, math.ceil(region.width / _NODE_SPACING) + 1) - 0.5
        rows = np.linspace(region.y0, region.y1, math.ceil(region.height / _NODE_SPACING) + 1) - 0.5
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # positions that do not converge are found below
            x, y = pixel_to_pixel(output, source, *np.meshgrid(columns, rows))
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            return None
        return GridMap(region, x + 0.5, y + 0.5)

    def source_region(self, margin: int) -> Region:
        """Return the input pixels under the region.

        Parameters
        ----------
        margin : int, pixels
            How far beyond them to reach.

        Returns
        -------
        Region
            Of the input grid; it may lie outside the input.
        """
        low = (math.floor(self.x.min()) - margin, math.floor(self.y.min()) - margin)
        return Region(*low, math.ceil(self.x.max()) + margin, math.ceil(self.y.max()) + margin)

    def mean(self, image: Floats, source: Region, kernel: Kernel) -> Floats:
        """Average an image over each pixel of the region.

        Parameters
        ----------
        image : (y, x) float64
            Pixels of the input; beyond its edges those at the edges are repeated.
        source : Region
            Which pixels `image` holds.
        kernel : Kernel
            How the light of a pixel is spread.

        Returns
        -------
        (y, x) float64
            Means over the pixels of the region.
        """
        if self._parallel is None:
            return self._mean_over_turned(image, source, kernel)
        columns, rows = self._parallel
        narrow = _mean_along(image.T, columns - source.x0, kernel).T
        return _mean_along(narrow, rows - source.y0, kernel)

    @cached_property
    def _parallel(self) -> tuple[Floats, Floats] | None:
        """Edges of columns and of rows on the input, if the axes of both grids are parallel."""
        if max(np.ptp(self.x, axis=0).max(), np.ptp(self.y, axis=1).max()) > _PARALLEL_PIX:
            return None
        return (
            _on_whole_pixels(_spread(self.x.mean(axis=0), self.region.width + 1)),
            _on_whole_pixels(_spread(self.y.mean(axis=1), self.region.height + 1)),
        )

    @cached_property
    def _pieces(self) -> tuple[int, float, float]:
        """How many pieces a side a turned pixel is cut into, and the width and height of one on the input.

        The pieces are upright on the input, with the pixel's second moments. Light is kept as if by the turned pixel:
        with two pieces a side, what the sum over all pixels gains or loses has half the period of the grid.
        """
        rows, columns = self.x.shape
        per_column = np.array([np.diff(at, axis=1).mean() for at in (self.x, self.y)]) * (columns - 1)
        per_row = np.array([np.diff(at, axis=0).mean() for at in (self.x, self.y)]) * (rows - 1)
        along, across = per_column / self.region.width, per_row / self.region.height
        width, height = np.hypot(along, across)
        turned = min(abs(along[0]), abs(across[0])) / width > _UPRIGHT
        number = max(math.ceil(max(width, height) - _UPRIGHT), 2 if turned else 1)
        return number, float(width / number), float(height / number)

    def _mean_over_turned(self, image: Floats, source: Region, kernel: Kernel) -> Floats:
        """Means where the axes of the grids are not parallel."""
        number, width, height = self._pieces
        total = np.zeros(self.region.shape)
        for part, x, y in self._centres(number):
            x -= source.x0
            y -= source.y0
            column, shares = kernel.taps(x - width / 2, x + width / 2)
            row, shares_of_rows = kernel.taps(y - height / 2, y + height / 2)
            columns = [np.clip(column + number, 0, image.shape[1] - 1) for number in range(len(shares))]
            for down, share_of_row in enumerate(shares_of_rows):
                start = np.clip(row + down, 0, image.shape[0] - 1) * image.shape[1]
                along = np.zeros(x.shape)
                for share, at in zip(shares, columns, strict=True):
                    along += share * image.take(start + at)
                total[part] += share_of_row * along
        return total / (number**2 * width * height)

    def _centres(self, number: int) -> Iterator[tuple[slice, Floats, Floats]]:
        """Positions of the centres of the pieces of pixels on the input, some rows at a time, piece by piece."""
        height, width = self.region.shape
        offsets = (np.arange(number) + 0.5) / number
        for start in range(0, height, _ROWS_AT_ONCE):
            rows = np.arange(start, min(start + _ROWS_AT_ONCE, height))
            for down in offsets:
                for right in offsets:
                    at = (rows + down) / height, (np.arange(width) + right) / width
                    yield slice(rows[0], rows[-1] + 1), _bilinear(self.x, *at), _bilinear(self.y, *at)


def _mean_along(image: Floats, edges: Floats, kernel: Kernel) -> Floats:
    """Means of the rows of an image between edges, in pixels of its first axis."""
    lower, upper = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    first, shares = kernel.taps(lower, upper)
    shares /= upper - lower
    total = np.zeros((len(lower), image.shape[1]))
    for number, share in enumerate(shares):
        total += share[:, None] * image[np.clip(first + number, 0, len(image) - 1)]
    return total


def _spread(nodes: Floats, number: int) -> Floats:
    """Interpolate evenly spaced nodes to `number` values from the first to the last."""
    return np.interp(np.linspace(0, 1, number), np.linspace(0, 1, len(nodes)), nodes)


def _on_whole_pixels(edges: Floats) -> Floats:
    """Edges, of which those that are all but on an edge of the input are put on it."""
    whole = np.rint(edges)
    return np.where(np.abs(edges - whole) < _WHOLE_PIX, whole, edges)


def _bilinear(nodes: Floats, rows: Floats, columns: Floats) -> Floats:
    """Interpolate evenly spaced nodes at rows and columns that are given as fractions of the way."""
    for at in (rows, columns):  # the first axis, which is then the last
        place = at * (len(nodes) - 1)
        before = np.minimum(place.astype(np.intp), len(nodes) - 2)
        share = (place - before)[:, None]
        nodes = ((1 - share) * nodes[before] + share * nodes[before + 1]).T
    return nodes


def grown(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Grow a mask by some pixels along both axes.

    Parameters
    ----------
    mask : (y, x) bool
        The mask.
    reach : int, pixels
        How far it grows.

    Returns
    -------
    (y, x) bool
        True where any pixel of `mask` is within `reach` in x and in y.
    """
    for axis in (0, 1):
        before = np.moveaxis(mask, axis, 0)
        after = before.copy()
        for step in range(1, reach + 1):
            after[step:] |= before[:-step]
            after[:-step] |= before[step:]
        mask = np.moveaxis(after, 0, axis)
    return mask
