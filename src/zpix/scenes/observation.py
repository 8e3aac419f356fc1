"""Which flux and error does an observation give for the light of a window?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zpix.image import Pixels, Region
from zpix.instruments import REFERENCE_PIXEL_ARCSEC
from zpix.scenes.artefacts import Artefacts
from zpix.scenes.band_psf import BandPsf
from zpix.scenes.conditions import Conditions
from zpix.scenes.coverage import Coverage
from zpix.scenes.endless_field import EndlessField
from zpix.scenes.matched_noise import MATCHING_REACH, convolved, matching_kernels, noise_left
from zpix.scenes.noise import (
    deep_error,
    depth_variation,
    draw_noise,
    electrons_per_njy,
    noise_over_error,
    smooth_waves,
    white_equivalent,
)
from zpix.scenes.streams import (
    ARTEFACTS,
    COVERAGE,
    DEPTH,
    FIELD,
    NOISE,
    SKY_LEVEL,
    ZERO_POINTS,
    cell_stream,
    cells_of,
    stream,
    stream_seed,
)
from zpix.scenes.zero_points import ZeroPoints


@dataclass(frozen=True)
class Observation(EndlessField):
    """Observation of an endless sky; see `EndlessField` for its other attributes.

    Attributes
    ----------
    depth : float
        Error image in units of the deep field's.
    conditions : Conditions
        How this field differs from what the instruments' descriptions say.
    psfs : tuple of BandPsf
        PSF of each band, before matching.
    """

    depth: float
    conditions: Conditions
    psfs: tuple[BandPsf, ...]

    @cached_property
    def error(self) -> NDArray[np.float64]:
        """Typical rms of one pixel by an error image that fits the depth, (band,) float64, nJy."""
        error = deep_error(self.bands) * self.depth * (REFERENCE_PIXEL_ARCSEC / self.config.pixel_scale_arcsec) ** -1
        return error * self.conditions.error_factor

    @cached_property
    def detection_sigma(self) -> NDArray[np.float64]:
        """Typical noise of a pixel as it counts in large apertures, (band,) float64, nJy.

        Neither the length over which it is correlated nor matching changes it, and a wrong error image even less.
        """
        correlated = self.config.correlated_noise
        ratio = noise_over_error(self.bands, correlated=correlated)
        return self.error * ratio * white_equivalent(self.bands, correlated=correlated)

    @cached_property
    def seen_psfs(self) -> tuple[BandPsf, ...]:
        """PSF that the light of each band has in the mosaic."""
        target = self.conditions.matched_to
        return self.psfs if target is None else (self.psfs[self.bands.index(target)],) * len(self.bands)

    @cached_property
    def noise_ratio(self) -> NDArray[np.float64]:
        """Rms of a pixel in units of `error`, (band,) float64."""
        correlated, kernels = self.config.correlated_noise, self.conditions.kernels
        shorter = white_equivalent(self.bands, correlated=correlated) / white_equivalent(
            self.bands, correlated=correlated, kernels=kernels
        )
        ratio = noise_over_error(self.bands, correlated=correlated) * shorter
        return ratio if self._noise_left is None else ratio * self._noise_left

    @cached_property
    def noise_over_error(self) -> NDArray[np.float64]:
        """Rms of a pixel in units of its error image, (band,) float64."""
        drawn = self.conditions.noise_over_error
        return self.noise_ratio if drawn is None else np.array(drawn)

    @cached_property
    def sky_njy(self) -> NDArray[np.float64]:
        """Constant that was left in each band, (band,) float64, nJy."""
        drawn = stream(self.seed, FIELD, 1).standard_normal(len(self.bands))
        return drawn * self.config.sky_residual_sigma * self.error

    @cached_property
    def _noise_left(self) -> NDArray[np.float64] | None:
        """Rms of a pixel after matching in units of that before, (band,); None without matching."""
        if self.conditions.matched_to is None:
            return None
        kernels = self.conditions.kernels if self.config.correlated_noise else (None,) * len(self.bands)
        return noise_left(self._matching, kernels)

    @cached_property
    def _matching(self) -> NDArray[np.float32]:
        """Kernels that match each band."""
        return matching_kernels(self.psfs, self.seen_psfs[0], self.config.pixel_scale_arcsec)

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
        model = self.brightened(region, model)
        exposure = self._coverage.exposure(region)
        valid = exposure > 0
        if config.saturation_njy is not None:
            valid &= model < config.saturation_njy
        typical = self.error.astype(np.float32)[:, None, None]
        background = np.broadcast_to(typical**2, model.shape)
        if config.depth_structure:
            background = background * depth_variation(stream(self.seed, DEPTH), region, rms=config.depth_structure) ** 2
        ratio = self.noise_ratio.astype(np.float32)[:, None, None]
        added = self._noise(region, realisation) * ratio * np.where(valid, self._error(model, background, exposure), 0)
        counted = model + self._sky(region) + added
        error = np.where(valid, self._error(counted, background, exposure), np.float32(np.inf))
        if self.conditions.noise_over_error is not None:
            error *= (self.noise_ratio / self.noise_over_error).astype(np.float32)[:, None, None]
        return Pixels(np.where(valid, counted + self._artefacts(region) * typical, np.float32(0)), error, valid)

    def brightened(self, region: Region, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give light as bright as the zero points of the field make it.

        Parameters
        ----------
        region : Region
            The window.
        light : (band, y, x) float32, nJy
            Its true light.

        Returns
        -------
        (band, y, x) float32, nJy
            How bright it looks.
        """
        return light * self._zero_points.gain(region) if self.config.zero_point_scatter_mag else light

    @cached_property
    def _zero_points(self) -> ZeroPoints:
        """How bright light looks."""
        seed, gain = stream_seed(self.seed, ZERO_POINTS), tuple(self.conditions.gain.tolist())
        return ZeroPoints(seed, self.bands, self.angle_deg, self.config, gain)

    def _sky(self, region: Region) -> NDArray[np.float32]:
        """What background subtraction left, (band, 1, 1) or (band, y, x) nJy."""
        level = self.sky_njy.astype(np.float32)[:, None, None]
        if not self.config.sky_gradient_sigma:
            return level
        rms = self.config.sky_gradient_sigma * self.error
        waves = [
            smooth_waves(stream(self.seed, SKY_LEVEL, band), region, rms=float(of_band)).astype(np.float32)
            for band, of_band in enumerate(rms)
        ]
        return level + np.stack(waves)

    def _artefacts(self, region: Region) -> NDArray[np.float32]:
        """Artefacts of the window in errors of a pixel, (band, y, x)."""
        drawn = Artefacts(stream_seed(self.seed, ARTEFACTS), self.bands, self.angle_deg, self.config)
        matched = self.conditions.matched_to is not None
        place = region.grown(MATCHING_REACH) if matched else region
        image = np.zeros((len(self.bands), *place.shape), np.float32)
        drawn.add_to(image, place)
        if not matched:
            return image
        return convolved(image, self._matching)[(slice(None), *region.shifted(-place.x0, -place.y0).slices)]

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
            gain /= (self.conditions.error_factor**2).astype(np.float32)[:, None, None]
            variance = variance + np.maximum(light, 0) / gain
        error: NDArray[np.float32] = np.sqrt(variance / np.maximum(exposure, np.float32(1e-6)))
        return error

    def _noise(self, region: Region, realisation: int) -> NDArray[np.float32]:
        """Unit noise of the window, (band, y, x), put together from its cells."""
        key = (NOISE,) if realisation == 0 else (NOISE, realisation)
        size = self.config.cell_size_pix
        noise = np.empty((len(self.bands), *region.shape), np.float32)
        left = self._noise_left
        for row, column in cells_of(region, size):
            cell = Region(column * size, row * size, (column + 1) * size, (row + 1) * size)
            rng = cell_stream(self.seed, *key, cell=(row, column))
            drawn = draw_noise(
                rng,
                cell.shape,
                bands=self.bands,
                correlated=self.config.correlated_noise,
                kernels=self.conditions.kernels,
            )
            if left is not None:
                drawn = convolved(drawn, self._matching) / left.astype(np.float32)[:, None, None]
            shared = region.intersection(cell)
            here, there = shared.shifted(-region.x0, -region.y0), shared.shifted(-cell.x0, -cell.y0)
            noise[(slice(None), *here.slices)] = drawn[(slice(None), *there.slices)]
        return noise
