"""What does the sky around a source look like without its neighbours?

Windows of equal size are cut from an image around N sources, and light of neighbours is taken out of them. A pixel
outside the mask of the source that is much brighter than the one on the other side of the source's centre belongs to a
neighbour, and takes the value of that other one, as SExtractor does with `MASK_TYPE CORRECT`; in the mask, far from the
centre, it must be twice as bright. Which pixels those are follows from the window alone, not from what else was found,
so that it is the same in every tile that sees the source.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

#: A pixel belongs to a neighbour when it is brighter than its mirror image by this many times its error.
NEIGHBOUR_SIGMA = 2.0

Ints = NDArray[np.integer]
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PaddedImage:
    """An image with a frame around it in which nothing is known.

    Attributes
    ----------
    light : (y, x) float32
        The image; 0 where nothing is known.
    smooth : (y, x) float32
        Mean of the light in 3 x 3 pixels.
    error : (y, x) float32
        1-sigma error of `light`; +inf where nothing is known.
    frame : int, pixels
        Width of the frame.
    """

    light: Floats
    smooth: Floats
    error: Floats
    frame: int

    @staticmethod
    def of(light: Floats, error: Floats, frame: int) -> PaddedImage:
        """Put a frame around an image.

        Parameters
        ----------
        light, error : (y, x) float32
            The image and its 1-sigma error.
        frame : int, pixels
            Width of the frame.

        Returns
        -------
        PaddedImage
            A copy.
        """
        inside = slice(frame, -frame), slice(frame, -frame)
        shape = light.shape[0] + 2 * frame, light.shape[1] + 2 * frame
        padded, noise = np.zeros(shape, np.float32), np.full(shape, np.inf, np.float32)
        padded[inside], noise[inside] = light, error
        rows = padded.copy()
        rows[1:-1] += padded[:-2]
        rows[1:-1] += padded[2:]
        smooth = rows.copy()
        smooth[:, 1:-1] += rows[:, :-2]
        smooth[:, 1:-1] += rows[:, 2:]
        smooth *= np.float32(1 / 9)
        return PaddedImage(padded, smooth, noise, frame)

    @cached_property
    def complete(self) -> bool:
        """Whether all of the image inside the frame is known."""
        inside = slice(self.frame, -self.frame)
        return bool(np.isfinite(self.error[inside, inside]).all())

    def squares(self, name: str, corner_xy: Ints, side: int) -> Floats:
        """Copy squares out of the image.

        Parameters
        ----------
        name : str
            "light", "smooth" or "error".
        corner_xy : (N, 2) int, pixels
            First column and row of each square in the image; squares beyond the frame are moved to its edge.
        side : int, pixels
            Their side.

        Returns
        -------
        (N, side, side) float32
            The squares.
        """
        views = sliding_window_view(getattr(self, name), (side, side))
        x, y = (np.clip(corner_xy[:, axis] + self.frame, 0, views.shape[1 - axis] - 1) for axis in (0, 1))
        squares: Floats = views[y, x]
        return squares


@dataclass(frozen=True, eq=False)
class LightWindows:
    """Square windows of side 2 h + 1 around N sources.

    Attributes
    ----------
    image : PaddedImage
        Where they are cut from.
    middle_xy : (N, 2) int
        Pixel of the image in the middle of each window.
    half : int, pixels
        From the middle to the edge of a window, h.
    light, smooth, error : (N, y, x) float32
        Image, its mean in 3 x 3 pixels, and the 1-sigma error of a pixel.
    own : (N, y, x) bool
        Pixels of the source's mask.
    """

    image: PaddedImage
    middle_xy: Ints
    half: int
    light: Floats
    smooth: Floats
    error: Floats
    own: NDArray[np.bool_]

    def offsets(self, centre_xy: NDArray[np.float64]) -> tuple[Floats, Floats]:
        """Return the distances of columns and rows from centres.

        Parameters
        ----------
        centre_xy : (N, 2) float, pixels
            Positions in the image.

        Returns
        -------
        dx, dy : (N, side) float32, pixels
            Of each column and each row.
        """
        steps = np.arange(-self.half, self.half + 1)
        shift = self.middle_xy - centre_xy
        dx, dy = ((shift[:, axis, None] + steps).astype(np.float32) for axis in (0, 1))
        return dx, dy

    def mirror_xy(self, centre_xy: NDArray[np.float64]) -> Ints:
        """Return what column and row of a pixel and of its mirror image add up to.

        Parameters
        ----------
        centre_xy : (N, 2) float, pixels
            Centres of the sources in the image.

        Returns
        -------
        (N, 2) int, pixels
            Twice the centre, to the next integer.
        """
        return np.rint(2 * centre_xy).astype(np.int64)

    def without_neighbours(
        self, centre_xy: NDArray[np.float64], *, core_pix: NDArray[np.floating] | None = None
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Take light of neighbours out.

        Parameters
        ----------
        centre_xy : (N, 2) float, pixels
            Centres of the sources in the image.
        core_pix : (N,) float, pixels, optional
            Distance from its centre within which all light in a source's mask is its own, and beyond which light
            twice as bright as on the other side is a neighbour's; all light in the mask is its own by default.

        Returns
        -------
        light : (N, y, x) float32
            The windows, with the values of mirrored pixels where a neighbour shines.
        foreign : (N, y, x) bool
            Where that is.
        """
        corner, side = self.mirror_xy(centre_xy) - self.middle_xy - self.half, 2 * self.half + 1
        other = self.image.squares("light", corner, side)[:, ::-1, ::-1]
        mirrored = self.image.squares("smooth", corner, side)[:, ::-1, ::-1]
        limit = self.error * np.float32(NEIGHBOUR_SIGMA)
        limit += mirrored
        foreign = self.smooth > limit
        if core_pix is None:
            foreign &= ~self.own
        else:
            dx, dy = self.offsets(centre_xy)
            far = (dx**2)[:, None, :] + (dy**2)[:, :, None] > core_pix[:, None, None].astype(np.float32) ** 2
            limit += np.maximum(mirrored, 0)
            foreign &= ~self.own | (far & (self.smooth > limit))
        whole = (corner >= 0) & (corner + side <= np.array(self.image.light.shape[::-1]) - 2 * self.image.frame)
        if not (self.image.complete and whole.all()):
            foreign &= np.isfinite(self.image.squares("error", corner, side)[:, ::-1, ::-1])
        return np.where(foreign, other, self.light), foreign


def cut_windows(image: PaddedImage, middle_xy: Ints, half: int, *, masks: tuple[Ints, Ints, Ints]) -> LightWindows:
    """Cut windows around N sources.

    Parameters
    ----------
    image : PaddedImage
        The image, with a frame of more than `half`.
    middle_xy : (N, 2) int
        Pixels in the middle of the windows.
    half : int, pixels
        From the middle to the edge of a window.
    masks : three (P,) int
        For each pixel of the sources' masks: row of the source, and column and row of the image.

    Returns
    -------
    LightWindows
        Of length N.
    """
    side = 2 * half + 1
    light, smooth, error = (image.squares(name, middle_xy - half, side) for name in ("light", "smooth", "error"))
    source, x, y = masks
    own = np.zeros(light.shape, bool)
    dx, dy = x - (middle_xy[:, 0] - half)[source], y - (middle_xy[:, 1] - half)[source]
    within = (dx >= 0) & (dx < side) & (dy >= 0) & (dy < side)
    own.ravel()[((source * side + dy) * side + dx)[within]] = True
    return LightWindows(image, middle_xy, half, light, smooth, error, own)
