"""Which artefacts does an instrument leave in a mosaic?

- Hot or bad pixels that outlier rejection missed: one native pixel in one band, mostly positive.
- Snowballs, cosmic rays that hit the detector itself: after correction faint discs or rings remain (JWST User
  Documentation, Snowballs and Shower Artifacts; Bagley et al. 2023).
- 1/f noise of the readout: stripes along detector rows (Schlawin et al. 2020), of which correction leaves of the order
  of a few per cent of the noise; what it leaves at 3 to 5 pixels without direction is in `zpix.scenes.noise`.
- Wisps, scattered light in some channels: faint diffuse curved strands, in one band (JWST User Documentation, NIRCam
  Claws and Wisps; Robotham et al. 2023).

The papers describe them; no counts of what is left in deep mosaics are published, and rates, sizes and heights here are
choices that keep every artefact rare and faint. All are a function of seed and position, drawn in cells, and are never
labelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zpix.image import Region
from zpix.instruments import ArtefactSizes, Channel, channels_of, instrument_of
from zpix.scenes.endless_field import EndlessField
from zpix.scenes.streams import cell_stream, cells_of

_STRIPE_SAMPLES = 4  # per detector row, so that turned stripes have smooth edges
_HOT, _SNOWBALLS, _STRIPES, _WISPS = range(4)  # random streams


@dataclass(frozen=True)
class Artefacts(EndlessField):
    """Artefacts of an endless sky; see `EndlessField` for its attributes.

    Rates are those of the settings, sizes and heights those of each band's instrument.
    """

    def add_to(self, image: NDArray[np.float32], region: Region) -> None:
        """Add all artefacts to the image of a window.

        Parameters
        ----------
        image : (band, y, x) float32, errors of a pixel
            Written to.
        region : Region
            The window.
        """
        if not region.width or not region.height:
            return
        if self.config.hot_pixels_per_arcmin2 > 0:
            self._add_hot_pixels(image, region)
        if self.config.snowballs_per_arcmin2 > 0:
            self._add_snowballs(image, region)
        if self.config.striping > 0:
            self._add_stripes(image, region)
        if self.config.wisps_per_arcmin2 > 0:
            self._add_wisps(image, region)

    @cached_property
    def _cameras(self) -> dict[int, tuple[ArtefactSizes, Channel]]:
        """What each band's instrument leaves, and the band's channel."""
        instruments = [instrument_of(band) for band in self.bands]
        return {
            number: (instrument.artefacts, instrument.channels[band])
            for number, (instrument, band) in enumerate(zip(instruments, self.bands, strict=True))
        }

    def _add_hot_pixels(self, image: NDArray[np.float32], region: Region) -> None:
        """Add single native pixels, mostly positive."""
        sigmas = {band: sizes.hot_pixel_sigma for band, (sizes, _) in self._cameras.items() if sizes.hot_pixel_sigma}
        for rng, band, x, y in self._events(_HOT, region, 3, self.config.hot_pixels_per_arcmin2, list(sigmas)):
            sizes, channel = self._cameras[band]
            half = channel.native_pixel_arcsec / self.config.pixel_scale_arcsec / 2
            height = np.exp(rng.uniform(*np.log(sigmas[band])))
            height *= 1 if rng.random() < sizes.hot_pixel_positive else -1
            shared = _square(x, y, half + 1).intersection(region)
            # share of each pixel that the native pixel covers, along x and y
            along_x = np.clip(half + 0.5 - np.abs(np.arange(shared.x0, shared.x1) - x), 0, min(1, 2 * half))
            along_y = np.clip(half + 0.5 - np.abs(np.arange(shared.y0, shared.y1) - y), 0, min(1, 2 * half))
            image[(band, *shared.shifted(-region.x0, -region.y0).slices)] += height * along_y[:, None] * along_x

    def _add_snowballs(self, image: NDArray[np.float32], region: Region) -> None:
        """Add faint discs and rings."""
        sigmas = {band: sizes.snowball_sigma for band, (sizes, _) in self._cameras.items() if sizes.snowball_sigma}
        reach = int(1.5 * max((self._cameras[band][0].snowball_radius_pix[1] for band in sigmas), default=0)) + 1
        for rng, band, x, y in self._events(_SNOWBALLS, region, reach, self.config.snowballs_per_arcmin2, list(sigmas)):
            radius = rng.uniform(*self._cameras[band][0].snowball_radius_pix)
            height = rng.uniform(*sigmas[band])
            hollow = rng.random() < 0.5
            shared = _square(x, y, reach).intersection(region)
            dy, dx = np.arange(shared.y0, shared.y1)[:, None] - y, np.arange(shared.x0, shared.x1) - x
            distance = np.hypot(dy, dx) / radius
            shape = 1 / (1 + np.exp(np.clip((distance - 1) / 0.06, -50, 50)))  # a disc with a soft edge
            if hollow:
                shape *= np.clip(distance, 0, 1) ** 4  # its core was saturated and corrected
            image[(band, *shared.shifted(-region.x0, -region.y0).slices)] += (height * shape).astype(np.float32)

    def _add_stripes(self, image: NDArray[np.float32], region: Region) -> None:
        """Add stripes along the rows of each chip."""
        u, v = self.detector_axes(region)
        for instrument, channel, bands in channels_of(self.bands):
            side = instrument.artefacts.stripe_arcsec
            if side is None:
                continue
            column = np.floor(u / side).astype(np.int64)
            columns = range(int(column.min()), int(column.max()) + 1)
            chips = range(int(v.min() // side), int(v.max() // side) + 1)
            rows = int(side / channel.native_pixel_arcsec)
            length = rows * _STRIPE_SAMPLES * len(chips)
            along = (v / side - chips[0]) * (rows * _STRIPE_SAMPLES)
            place = (column - columns[0]) * length + np.minimum(along.astype(np.int64), length - 1)
            for band in bands:
                stripes = [[self._stripes(int(band), i, j, rows) for j in chips] for i in columns]
                image[band] += np.float32(self.config.striping) * np.ravel(stripes)[place]

    def _stripes(self, band: int, column: int, row: int, n_rows: int) -> NDArray[np.float32]:
        """Unit-rms 1/f noise of the rows of one chip, interpolated, (row × samples,)."""
        rng = cell_stream(self.seed, _STRIPES, band, cell=(column, row))
        spectrum = np.fft.rfft(rng.standard_normal(n_rows))
        spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
        spectrum[0] = 0  # the chip's mean is part of the background
        noise = np.fft.irfft(spectrum, n_rows)
        samples = (np.arange(n_rows * _STRIPE_SAMPLES) + 0.5) / _STRIPE_SAMPLES - 0.5
        return np.asarray(np.interp(samples, np.arange(n_rows), noise / noise.std()), np.float32)

    def _add_wisps(self, image: NDArray[np.float32], region: Region) -> None:
        """Add faint curved strands of scattered light."""
        scale = self.config.pixel_scale_arcsec
        sigmas = {
            band: sizes.wisp_sigma
            for band, (sizes, channel) in self._cameras.items()
            if sizes.wisp_sigma and channel.has_wisps
        }
        farthest = max((self._cameras[band][0].wisp_reach_arcsec for band in sigmas), default=0)
        reach = int(farthest / scale) + 1
        for rng, band, x, y in self._events(_WISPS, region, reach, self.config.wisps_per_arcmin2, list(sigmas)):
            turn, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.04)
            height, strands = rng.uniform(*sigmas[band]), rng.uniform(-1, 1, (3, 2))
            shared = _square(x, y, reach).intersection(region)
            if not shared.width or not shared.height:
                continue
            dy = (np.arange(shared.y0, shared.y1)[:, None] - y) * scale
            dx = (np.arange(shared.x0, shared.x1) - x) * scale
            along, across = np.cos(turn) * dx + np.sin(turn) * dy, -np.sin(turn) * dx + np.cos(turn) * dy
            across = across + bend * along**2
            light = sum(
                np.exp(-0.5 * (((across - 2 * aside) / 0.7) ** 2 + ((along - 2 * ahead) / 3.0) ** 2))
                for aside, ahead in strands
            )
            image[(band, *shared.shifted(-region.x0, -region.y0).slices)] += (height * light).astype(np.float32)

    def _events(
        self, kind: int, region: Region, reach: int, per_arcmin2: float, bands: list[int]
    ) -> Iterator[tuple[np.random.Generator, int, float, float]]:
        """Generator, band and position (x, y) of each event of a kind that may touch the region."""
        size, near = self.config.cell_size_pix, region.grown(reach)
        expected = per_arcmin2 * (size * self.config.pixel_scale_arcsec / 60) ** 2
        for row, column in cells_of(near, size):
            rng = cell_stream(self.seed, kind, cell=(row, column))
            for band, count in zip(bands, rng.poisson(expected, len(bands)), strict=True):
                for _ in range(count):
                    x, y = (np.array([column, row]) + rng.random(2)) * size
                    yield rng, band, float(x), float(y)


def _square(x: float, y: float, half: float) -> Region:
    """Pixels within `half` of (x, y) along both axes."""
    left, bottom = int(np.floor(x - half)), int(np.floor(y - half))
    return Region(left, bottom, int(np.ceil(x + half)) + 1, int(np.ceil(y + half)) + 1)
