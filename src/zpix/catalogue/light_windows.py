"""What does the sky around a source look like without its neighbours?

Windows of equal size are cut from an image around N sources, and light of neighbours is taken out of them. A pixel
outside the mask of the source that is much brighter than the one on the other side of the source's centre belongs to a
neighbour, and takes the value of that other one, as SExtractor does with `MASK_TYPE CORRECT`. Which pixels those are
follows from the window alone, not from what else was found, so that it is the same in every tile that sees the source.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: A pixel belongs to a neighbour when it is brighter than its mirror image by this many standard deviations.
NEIGHBOUR_SIGMA = 3.0

Ints = NDArray[np.integer]
Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class LightWindows:
    """Square windows of side 2 h + 1 around N sources.

    Attributes
    ----------
    middle_xy : (N, 2) int
        Pixel of the image in the middle of each window.
    light : (N, y, x) float32
        The image in them; 0 outside the image.
    error : (N, y, x) float32
        Its 1-sigma error; +inf outside the image and where nothing is known.
    own : (N, y, x) bool
        Pixels of the source's mask.
    """

    middle_xy: Ints
    light: Floats
    error: Floats
    own: NDArray[np.bool_]

    @property
    def half(self) -> int:
        """Pixels from the middle to the edge of a window."""
        return self.light.shape[1] // 2

    def offsets(self, centre_xy: Floats) -> tuple[Floats, Floats]:
        """Return the distances of columns and rows from centres.

        Parameters
        ----------
        centre_xy : (N, 2) float, pixels
            Positions in the image.

        Returns
        -------
        dx, dy : (N, side) float64, pixels
            Of each column and each row.
        """
        steps = np.arange(-self.half, self.half + 1)
        dx, dy = (self.middle_xy[:, axis, None] + steps - centre_xy[:, axis, None] for axis in (0, 1))
        return dx, dy

    def mirrored(self, centre_xy: Floats) -> tuple[Ints, Ints]:
        """Return the columns and rows of the windows on the other side of centres, to the next pixel.

        Parameters
        ----------
        centre_xy : (N, 2) float, pixels
            Positions in the image.

        Returns
        -------
        columns, rows : (N, side) int
            Places in the window; those beyond its edge are moved to it.
        """
        last = 2 * self.half
        turned = np.rint(2 * (centre_xy - self.middle_xy)).astype(np.int64) + last
        columns, rows = (np.clip(turned[:, axis, None] - np.arange(last + 1), 0, last) for axis in (0, 1))
        return columns, rows

    def without_neighbours(self, centre_xy: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Take light of neighbours out.

        Parameters
        ----------
        centre_xy : (N, 2) float, pixels
            Centres of the sources in the image.

        Returns
        -------
        light : (N, y, x) float32
            The windows, with the values of mirrored pixels where a neighbour shines.
        foreign : (N, y, x) bool
            Where that is.
        """
        columns, rows = self.mirrored(centre_xy)
        place = np.arange(len(rows))[:, None, None], rows[:, :, None], columns[:, None, :]
        other, noise = self.light[place], self.error[place]
        noise = np.hypot(noise, self.error)
        foreign = ~self.own & (self.light - other > NEIGHBOUR_SIGMA * noise)
        return np.where(foreign, other, self.light), foreign


def cut_windows(
    image: Floats, error: Floats, middle_xy: Ints, half: int, *, masks: tuple[Ints, Ints, Ints]
) -> LightWindows:
    """Cut windows around N sources.

    Parameters
    ----------
    image, error : (y, x) float32
        The image and its 1-sigma error.
    middle_xy : (N, 2) int
        Pixels in the middle of the windows.
    half : int, pixels
        Pixels from the middle to the edge of a window.
    masks : three (P,) int
        For each pixel of the sources' masks: row of the source, and column and row of the image.

    Returns
    -------
    LightWindows
        Of length N.
    """
    steps = np.arange(-half, half + 1)
    columns, rows = (middle_xy[:, axis, None] + steps for axis in (0, 1))
    across, along = ((i >= 0) & (i < size) for i, size in zip((columns, rows), image.shape[::-1], strict=True))
    place = rows.clip(0, image.shape[0] - 1)[:, :, None], columns.clip(0, image.shape[1] - 1)[:, None, :]
    light, noise = image[place], error[place]
    if not (across.all() and along.all()):
        outside = ~(along[:, :, None] & across[:, None, :])
        light[outside], noise[outside] = 0, np.inf
    own = np.zeros(light.shape, bool)
    source, x, y = masks
    dx, dy = x - middle_xy[source, 0] + half, y - middle_xy[source, 1] + half
    within = (dx >= 0) & (dx <= 2 * half) & (dy >= 0) & (dy <= 2 * half)
    own[source[within], dy[within], dx[within]] = True
    return LightWindows(middle_xy, light, noise, own)
