"""What is seen in a window of a simulated sky, and what is true there?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from zpix.image import Pixels, Region
from zpix.scenes.observation import Observation
from zpix.scenes.render import Stamp


@dataclass(frozen=True)
class SceneLight:
    """Noiseless light of a window, as bright as the zero points of the field make it.

    Attributes
    ----------
    whole : (band, y, x) float32, nJy per pixel
        Light of all sources.
    own : mapping of int to Stamp
        Light of single galaxies by their `id` in the truth; regions count from the window's first pixel.
    """

    whole: NDArray[np.float32]
    own: Mapping[int, Stamp]

    @staticmethod
    def seen(
        observation: Observation, region: Region, model: NDArray[np.float32], stamps: Mapping[int, Stamp]
    ) -> SceneLight:
        """See the light of a window through its zero points.

        Parameters
        ----------
        observation : Observation
            How the sky is observed.
        region : Region
            The window in pixels of the sky.
        model : (band, y, x) float32, nJy per pixel
            Its true light.
        stamps : mapping of int to Stamp
            True light of galaxies, in pixels of the sky.

        Returns
        -------
        SceneLight
            What would be seen without noise.
        """
        own = {
            number: replace(
                stamp,
                light=observation.brightened(stamp.region, stamp.light),
                region=stamp.region.shifted(-region.x0, -region.y0),
            )
            for number, stamp in stamps.items()
        }
        return SceneLight(observation.brightened(region, model), own)


@dataclass(frozen=True)
class Scene:
    """A window of a simulated sky.

    Attributes
    ----------
    pixels : Pixels
        Flux and error in nJy per pixel, (band, y, x) float32, and validity.
    segmentation : (y, x) int32
        `id` of the source that a pixel belongs to, 0 for none.
    truth : astropy Table
        One row per source centred in the window, or with part of its segment there; x, y and boxes count from
        the window's first pixel. See `zpix.scenes.truth_table`.
    ebv : float, mag
        E(B−V) of the Milky Way, whose dust dims fluxes and pixels.
    light : SceneLight, optional
        The light without noise, if it was asked for.
    """

    pixels: Pixels
    segmentation: NDArray[np.int32]
    truth: Table
    ebv: float
    light: SceneLight | None = None
