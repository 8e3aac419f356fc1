"""What is a tile to learn from: its pixels, and what is known of their sources?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from zpix.config import Errors

if TYPE_CHECKING:  # the simulator is an extra
    from astropy.table import Table

    from zpix.scenes.scene import SceneLight


@dataclass(frozen=True)
class AnnotatedTile:
    """One tile and its N sources.

    Attributes
    ----------
    flux : ndarray, shape (band, y, x), float32, nJy
        Flux per pixel.
    error : ndarray, shape (band, y, x), float32, nJy
        Its 1-sigma error; +inf where a pixel is not valid.
    segmentation : ndarray, shape (y, x), int32
        Source i has the value i + 1; 0 elsewhere.
    dust : float, mag
        E(B−V) of the Milky Way.
    label : ndarray, shape (N,), int64
        Classes, as `zpix.sources.classes` numbers them.
    redshift : ndarray, shape (N,), float32
        Redshifts; NaN where unknown.
    source_id : ndarray, shape (N,), int64
        Identifiers in the catalogue that the tile was made from.
    error_factor : ndarray, shape (band,), float32, or None
        What errors are multiplied by to be the scatter of sums measured on empty sky, from `measured_factors`; None or
        NaN if it was not measured.
    light : SceneLight, optional
        Light without noise of a simulated tile, and of each of its galaxies by `source_id`.
    truth : Table of length N, optional
        What is true of the sources of a simulated tile, see `zpix.scenes.truth_table`.
    """

    flux: NDArray[np.float32]
    error: NDArray[np.float32]
    segmentation: NDArray[np.int32]
    dust: float
    label: NDArray[np.int64]
    redshift: NDArray[np.float32]
    source_id: NDArray[np.int64]
    error_factor: NDArray[np.float32] | None = None
    light: SceneLight | None = None
    truth: Table | None = None

    def __len__(self) -> int:
        """Return the number of sources."""
        return len(self.label)

    def in_errors(self, errors: Errors) -> AnnotatedTile:
        """Give the tile with the errors that a model takes.

        Parameters
        ----------
        errors : {"image", "measured"}
            What the model takes for errors.

        Returns
        -------
        AnnotatedTile
            The same tile, or with errors multiplied by `error_factor`.
        """
        if errors == "image":
            return self
        assert self.error_factor is not None, "the noise of the tile was not measured"
        factor = self.error_factor.astype(np.float32)
        return replace(self, error=self.error * factor[:, None, None], error_factor=np.ones_like(factor))
