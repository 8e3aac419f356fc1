"""How do the bands of a mosaic become the pictures of a page: colour composites of the whole, and each band for stamps?

The mosaic is read once, in pieces as high as a tile, by as many threads as there are processors.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.image import Mosaic, Region
from zpix.plots import Channels, PictureStretch, colour_composite, grey_picture, sky_noise
from zpix.progress import in_order, track
from zpix.viewer.pyramid import TILE_PIX, PicturePyramid, halved, pyramid_levels, write_jpeg

# Columns that are read at a time: two tiles, so that few bytes are in memory and rows are not read in crumbs.
_PIECE_PIX = 2 * TILE_PIX
# The noise of the sky is measured in so many windows of this side, spread over the mosaic.
_WINDOWS, _WINDOW_PIX = 5, 200


@dataclass(frozen=True)
class Composite:
    """A colour picture of the sky.

    Attributes
    ----------
    name : str
        What the page calls it.
    channels : three sequences of int
        Places of the bands that are red, green and blue.
    noise_njy : float
        Noise of the mean of the three colours.
    """

    name: str
    channels: Channels
    noise_njy: float


@dataclass(frozen=True, eq=False)
class SkySample:
    """Pixels of some windows of a mosaic, to measure the noise of the sky.

    Attributes
    ----------
    flux : (band, P) float32, nJy
        Fluxes; NaN where not valid.
    """

    flux: NDArray[np.float32]

    @staticmethod
    def of(mosaic: Mosaic) -> SkySample:
        """Read the windows.

        Parameters
        ----------
        mosaic : Mosaic
            The mosaic.

        Returns
        -------
        SkySample
            Their pixels.
        """
        height, width = mosaic.shape
        side = min(_WINDOW_PIX, height, width)
        found = []
        for y in _spread(height, side):
            for x in _spread(width, side):
                pixels = mosaic.read(Region(x, y, x + side, y + side))
                found.append(np.where(pixels.valid, pixels.flux, np.nan).reshape(len(pixels.flux), -1))
        return SkySample(np.concatenate(found, axis=1))

    def noise_njy(self, bands: Sequence[int]) -> float:
        """Measure the noise of the mean of bands.

        Parameters
        ----------
        bands : sequence of int
            Their places; a band may be there twice.

        Returns
        -------
        float
            The standard deviation of the sky.
        """
        mean = self.flux[list(bands)].mean(0)
        return sky_noise(mean[np.isfinite(mean)])


def write_sky(
    folder: Path,
    mosaic: Mosaic,
    composites: Sequence[Composite],
    *,
    band_noise_njy: Sequence[float],
    stretch: PictureStretch,
) -> None:
    """Write the pictures: `sky/NUMBER/LEVEL/COLUMN_ROW.jpg`, and `bands/LEVEL/COLUMN_ROW.jpg`, one band below another.

    Parameters
    ----------
    folder : Path
        Directory to write to.
    mosaic : Mosaic
        The mosaic.
    composites : sequence of Composite
        The colour pictures.
    band_noise_njy : sequence of float
        Noise of the sky in each band.
    stretch : {"asinh", "log", "linear"}
        How brightness grows with flux.
    """
    height, width = mosaic.shape
    pyramids = [PicturePyramid(folder / "sky" / str(number), mosaic.shape) for number in range(len(composites))]
    of_bands = PicturePyramid(folder / "bands", mosaic.shape, apart=True)
    finest = folder / "bands" / str(pyramid_levels(mosaic.shape) - 1)
    columns = range(0, width, _PIECE_PIX)
    tops = range(0, height, TILE_PIX)

    def paint(place: tuple[int, int]) -> list[NDArray[np.uint8]]:
        """Colour pictures of a piece, (y, x, 3) from the top down, and last its bands, halved; these are written."""
        top, x = place
        bottom = min(top + TILE_PIX, height)
        pixels = mosaic.read(Region(x, height - bottom, min(x + _PIECE_PIX, width), height - top))
        bands = zip(pixels.flux, pixels.valid, band_noise_njy, strict=True)
        grey = np.stack(
            [_bytes(grey_picture(flux, noise, valid=seen, stretch=stretch)) for flux, seen, noise in bands], -1
        )
        grey = grey[::-1]
        for start in range(0, grey.shape[1], TILE_PIX):
            tile = finest / f"{(x + start) // TILE_PIX}_{top // TILE_PIX}.jpg"
            write_jpeg(tile, grey[:, start : start + TILE_PIX], apart=True)
        pictures = [
            _bytes(
                colour_composite(
                    pixels.flux, mosaic.bands, valid=pixels.valid, channels=one.channels, noise_njy=one.noise_njy,
                    stretch=stretch,
                )
            )[::-1]
            for one in composites
        ]  # fmt: skip
        return [*pictures, halved(grey)]

    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        jobs = ((top, x) for top in tops for x in columns)
        pieces = in_order(pool, paint, jobs, ahead=2 * workers)
        for _ in track(tops, "drawing the sky", len(tops)):
            strip = [next(pieces) for _ in columns]
            for number, pyramid in enumerate(pyramids):
                pyramid.add(np.concatenate([piece[number] for piece in strip], axis=1))
            of_bands.add_half(np.concatenate([piece[-1] for piece in strip], axis=1))


def _bytes(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Brightness from 0 to 1 as bytes."""
    return (picture * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def _spread(length: int, side: int) -> list[int]:
    """Where windows of a side begin along a length."""
    return sorted({int(start) for start in np.linspace(0, length - side, _WINDOWS)})
