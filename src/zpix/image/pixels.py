"""What are flux, error and validity in a window of a mosaic?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pixels:
    """A window of a mosaic in memory; the three arrays have one shape (band, y, x).

    Attributes
    ----------
    flux : (band, y, x) float32, nJy per pixel
        Flux; 0 where not valid.
    error : (band, y, x) float32, nJy per pixel
        Error (1 σ), above 0; +inf where not valid.
    valid : (band, y, x) bool
        Whether the pixel was observed. Missing data is not zero flux.
    """

    flux: NDArray[np.float32]
    error: NDArray[np.float32]
    valid: NDArray[np.bool_]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of bands, rows and columns: (band, y, x)."""
        n_bands, height, width = self.flux.shape
        return n_bands, height, width

    @staticmethod
    def unfilled(n_bands: int, shape: tuple[int, int]) -> Pixels:
        """Allocate pixels without setting their values, to be written over.

        Parameters
        ----------
        n_bands : int
            Number of bands.
        shape : (ny, nx)
            Size of the window.

        Returns
        -------
        Pixels
            With arbitrary values.
        """
        flux, error, valid = (np.empty((n_bands, *shape), kind) for kind in (np.float32, np.float32, bool))
        return Pixels(flux, error, valid)

    @staticmethod
    def empty(n_bands: int, shape: tuple[int, int]) -> Pixels:
        """Make pixels of which none is valid.

        Parameters
        ----------
        n_bands : int
            Number of bands.
        shape : (ny, nx)
            Size of the window.

        Returns
        -------
        Pixels
            With flux 0 and error +inf.
        """
        flux = np.zeros((n_bands, *shape), np.float32)
        return Pixels(flux, np.full_like(flux, np.inf), np.zeros(flux.shape, bool))
