"""How is an image changed, so that each epoch sees another one? It is turned, mirrored, and bands are hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Orientation:
    """Quarter turns and a mirror: the sky has no preferred direction.

    Attributes
    ----------
    turns : int, default 0
        Quarter turns, counter-clockwise in array axes as those of `numpy.rot90`.
    mirrored : bool, default False
        Whether x is mirrored afterwards.
    """

    turns: int = 0
    mirrored: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Orientation:
        """Draw one of the eight.

        Parameters
        ----------
        rng : numpy Generator
            Gives two numbers.

        Returns
        -------
        Orientation
            All are equally probable.
        """
        return cls(int(rng.integers(4)), bool(rng.integers(2)))

    def of_image(self, image: NDArray[Any]) -> NDArray[Any]:
        """Turn and mirror an image, or several.

        Parameters
        ----------
        image : ndarray, shape (..., y, x)
            Square images, if turned by odd numbers of quarters.

        Returns
        -------
        ndarray, shape (..., y, x)
            Contiguous; the same array if nothing changes and it is contiguous.
        """
        turned = np.rot90(image, self.turns, axes=(-2, -1))
        return np.ascontiguousarray(turned[..., ::-1] if self.mirrored else turned)

    def of_sides(self, sides: NDArray[Any]) -> NDArray[Any]:
        """Give the widths and heights of boxes after the turns.

        Parameters
        ----------
        sides : ndarray, shape (n, 2)
            Width and height.

        Returns
        -------
        ndarray, shape (n, 2)
            Exchanged by odd numbers of quarter turns.
        """
        return np.ascontiguousarray(sides[:, ::-1]) if self.turns % 2 else sides


def hidden_bands(shape: tuple[int, ...], chance: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw which bands are hidden, so that the network learns to do without.

    Parameters
    ----------
    shape : tuple of int
        Shape of the result; the last axis is that of the bands.
    chance : float
        Probability that a band is hidden.
    rng : numpy Generator
        Gives as many numbers as the result has.

    Returns
    -------
    ndarray of bool
        True where hidden; where all would be, none is.
    """
    hidden = rng.random(shape) < chance
    return hidden & ~hidden.all(-1, keepdims=True)
