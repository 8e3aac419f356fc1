"""Which flux and error does an observation give for the light of a window?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zpix.image import Pixels, Region
from zpix.instruments import REFERENCE_PIXEL_ARCSEC
from zpix.scenes.artefacts import Artefacts
from zpix.scenes.coverage import Coverage
from zpix.scenes.endless_field import EndlessField
from zpix.scenes.noise import (
    deep_error,
    depth_variation,
    draw_noise,
    electrons_per_njy,
    noise_over_error,
    white_equivalent,
)
from zpix.scenes.streams import ARTEFACTS, COVERAGE, DEPTH, FIELD, NOISE, cell_stream, cells_of, stream, stream_seed


@dataclass(frozen=True)
class Observation(EndlessField):
    """Observation of an endless sky; see `EndlessField` for its other attributes.

    Attributes
    ----------
    depth : float
        Error image in units of the deep field's.
    """

    depth: float

    @cached_property
    def error(self) -> NDArray[np.float64]:
        """Typical rms of one pixel by its error image, (band,) float64, nJy."""
        return deep_error(self.bands) * self.depth * (REFERENCE_PIXEL_ARCSEC / self.config.pixel_scale_arcsec) ** -1

    @cached_property
    def detection_sigma(self) -> NDArray[np.float64]:
        """Typical noise of a pixel as it counts in large apertures, (band,) float64, nJy."""
        correlated = self.config.correlated_noise
        ratio = noise_over_error(self.bands, correlated=correlated)
        return self.error * ratio * white_equivalent(self.bands, correlated=correlated)

    @cached_property
    def _coverage(self) -> Coverage:
        """Exposure map of the sky."""
        return Coverage(stream_seed(self.seed, COVERAGE), self.bands, self.angle_deg, self.config)

    def in_local_noise(
        self, stamps: list[tuple[Region, NDArray[np.float32]]], region: Region
    ) -> list[tuple[Region, NDArray[np.float32]]]:
        """Scale the S/N of stamps, given for typical noise, with the exposure of the pixels.

        The exposure is that of the stack of all bands; where none was observed, the S/N is 0.

        Parameters
        ----------
        stamps : list of (Region, (y, x) float32)
            Where each source lies, and its S/N per pixel.
        region : Region
            The window.

        Returns
        -------
        list of (Region, (y, x) float32)
            The same stamps with the S/N that they have in the window.
        """
        weights = self.detection_sigma**-2.0 / (self.detection_sigma**-2.0).sum()
        depth = np.sqrt(np.tensordot(weights.astype(np.float32), self._coverage.exposure(region), axes=1))
        seen = []
        for place, value in stamps:
            shared, own = region.intersection(place), value.copy()
            here = shared.shifted(-region.x0, -region.y0).slices
            own[shared.shifted(-place.x0, -place.y0).slices] *= depth[here]
            seen.append((place, own))
        return seen

    def pixels(self, region: Region, model: NDArray[np.float32], realisation: int) -> Pixels:
        """Add to the noiseless light of a window what observing adds: noise, artefacts, and parts without exposure.

        Parameters
        ----------
        region : Region
            The window.
        model : (band, y, x) float32, nJy
            Its light behind the telescope.
        realisation : int
            Number of the observation; noise differs from one to the next.

        Returns
        -------
        Pixels
            What was observed.
        """
        config = self.config
        exposure = self._coverage.exposure(region)
        valid = exposure > 0
        if config.saturation_njy is not None:
            valid &= model < config.saturation_njy
        typical = self.error.astype(np.float32)[:, None, None]
        background = np.broadcast_to(typical**2, model.shape)
        if config.depth_structure:
            background = background * depth_variation(stream(self.seed, DEPTH), region, rms=config.depth_structure) ** 2
        ratio = noise_over_error(self.bands, correlated=config.correlated_noise).astype(np.float32)[:, None, None]
        added = self._noise(region, realisation) * ratio * np.where(valid, self._error(model, background, exposure), 0)
        artefacts = np.zeros_like(model)
        drawn = Artefacts(stream_seed(self.seed, ARTEFACTS), self.bands, self.angle_deg, config)
        drawn.add_to(artefacts, region)
        sky = stream(self.seed, FIELD, 1).standard_normal(len(self.bands)) * config.sky_residual_sigma * self.error
        counted = model + sky.astype(np.float32)[:, None, None] + added
        error = np.where(valid, self._error(counted, background, exposure), np.float32(np.inf))
        return Pixels(np.where(valid, counted + artefacts * typical, np.float32(0)), error, valid)

    def _error(
        self, light: NDArray[np.float32], background: NDArray[np.float32], exposure: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Error in nJy of pixels with this light, all (band, y, x).

        Noise is drawn from the true light, but error images are made of counted light: those made of true light would
        show it without noise.
        """
        variance = background
        if self.config.poisson_noise:
            gain = electrons_per_njy(self.bands).astype(np.float32)[:, None, None] / self.depth**2
            variance = variance + np.maximum(light, 0) / gain
        error: NDArray[np.float32] = np.sqrt(variance / np.maximum(exposure, np.float32(1e-6)))
        return error

    def _noise(self, region: Region, realisation: int) -> NDArray[np.float32]:
        """Unit noise of the window, (band, y, x), put together from its cells."""
        key = (NOISE,) if realisation == 0 else (NOISE, realisation)
        size = self.config.cell_size_pix
        noise = np.empty((len(self.bands), *region.shape), np.float32)
        for row, column in cells_of(region, size):
            cell = Region(column * size, row * size, (column + 1) * size, (row + 1) * size)
            rng = cell_stream(self.seed, *key, cell=(row, column))
            drawn = draw_noise(rng, cell.shape, bands=self.bands, correlated=self.config.correlated_noise)
            shared = region.intersection(cell)
            here, there = shared.shifted(-region.x0, -region.y0), shared.shifted(-cell.x0, -cell.y0)
            noise[(slice(None), *here.slices)] = drawn[(slice(None), *there.slices)]
        return noise
