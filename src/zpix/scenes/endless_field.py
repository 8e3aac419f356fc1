"""How are the detectors turned, to which exposures and artefacts of an endless sky are fixed?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.image import Region


@dataclass(frozen=True)
class EndlessField:
    """Base of what covers an endless sky, is fixed to the detectors, and is a function of seed and position.

    Attributes
    ----------
    seed : int
        Seed of all its random numbers.
    bands : tuple of str
        Names of the bands.
    angle_deg : float, degrees
        Position angle of the detectors' columns, east of north.
    config : SimulationConfig
        What the sky is drawn with.
    """

    seed: int
    bands: tuple[str, ...]
    angle_deg: float
    config: SimulationConfig

    def detector_axes(self, region: Region) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the position of each pixel along rows and columns of the detectors.

        Parameters
        ----------
        region : Region
            A window of the sky, (y, x) pixels.

        Returns
        -------
        u, v : (y, x) float64, arcsec
            Along rows and along columns; the same for a pixel of the sky whatever the window.
        """
        turn = np.deg2rad(self.angle_deg)
        x = np.arange(region.x0, region.x1) * self.config.pixel_scale_arcsec
        y = np.arange(region.y0, region.y1)[:, None] * self.config.pixel_scale_arcsec
        return np.cos(turn) * x + np.sin(turn) * y, -np.sin(turn) * x + np.cos(turn) * y
