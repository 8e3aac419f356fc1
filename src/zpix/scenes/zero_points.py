"""How bright does light look in each part of a mosaic, if zero points are not quite right?

A camera with several chips per pointing has a zero point for each: in a mosaic they are squares with straight edges,
turned by the roll angle of the telescope, as large as a chip with its gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpix.image import Region
from zpix.instruments import channels_of
from zpix.scenes.conditions import band_share
from zpix.scenes.endless_field import EndlessField
from zpix.scenes.streams import cell_stream, stream

_PLACE, _CHIPS = range(2)  # random streams


@dataclass(frozen=True)
class ZeroPoints(EndlessField):
    """Zero points of an endless sky; see `EndlessField` for its other attributes.

    Attributes
    ----------
    band_gain : tuple of float
        Factor of the light of each band, all its chips together.
    """

    band_gain: tuple[float, ...]

    def gain(self, region: Region) -> NDArray[np.float32]:
        """Give the factor by which light looks brighter than it is.

        Parameters
        ----------
        region : Region
            The window, (y, x) pixels.

        Returns
        -------
        (band, y, x) float32
            The factor.
        """
        gain = np.empty((len(self.bands), *region.shape), np.float32)
        gain[:] = np.array(self.band_gain)[:, None, None]
        share = band_share(self.bands)
        for number, (_, channel, places) in enumerate(channels_of(self.bands)):
            if share[places[0]] == 1 or not gain[0].size:
                continue
            start = stream(self.seed, _PLACE, number).uniform(0, channel.chip_pitch_arcsec, 2)
            u, v = (
                np.floor((axis - first) / channel.chip_pitch_arcsec).astype(np.int64)
                for axis, first in zip(self.detector_axes(region), start, strict=True)
            )
            u0, v0, columns = int(u.min()), int(v.min()), int(u.max() - u.min()) + 1
            place = (v - v0) * columns + (u - u0)
            for band in places:
                rms = self.config.zero_point_scatter_mag * np.sqrt(1 - share[band] ** 2)
                chips = [
                    cell_stream(self.seed, _CHIPS, int(band), cell=(v0 + row, u0 + column)).standard_normal()
                    for row in range(int(v.max()) - v0 + 1)
                    for column in range(columns)
                ]
                gain[band] *= (10 ** (0.4 * rms * np.array(chips))).astype(np.float32)[place]
        return gain
