"""What are sky, noise and sharpness of the tiles that a model learns from?

Tiles are examined as mosaics are. A tile smaller than 512 pixels holds too few stars and too little empty sky for that,
so that several of them, side by side, make one image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpix.image import Pixels, Region, Taught, examine_mosaic
from zpix.training.store import Store

# Images that are examined at the most, their side, and the least number and side that tell enough.
_IMAGES, _SIDE_PIX = 8, 512
_FEWEST, _LEAST_PIX = 4, 256


def examine_store(store: Store) -> Taught:
    """Examine tiles of the training split of a store.

    Parameters
    ----------
    store : Store
        The data.

    Returns
    -------
    Taught
        What the tiles are like, from eight images of about 512 x 512 pixels or from what there is. No band if the tiles
        make fewer than four images of 256 x 256.
    """
    count, size = store.count("train"), store.tile_size
    across = max(min(round(_SIDE_PIX / size), math.isqrt(count // _FEWEST)), 1)
    images = min(count // across**2, _IMAGES)
    if images < _FEWEST or across * size < _LEAST_PIX:
        return Taught({}, f"{store.path.name}, which is too small to tell")
    chosen = np.linspace(0, count - 1, images * across**2).round().astype(int).reshape(images, across, across)
    sheets = (_Sheet.of(store, tiles) for tiles in chosen)
    seen = [examine_mosaic(sheet, pixel_scale_arcsec=store.pixel_scale_arcsec) for sheet in sheets]
    return Taught.from_examinations(seen, f"{chosen.size} of the {count} tiles of {store.path.name}")


@dataclass(frozen=True)
class _Sheet:
    """Tiles side by side, as an image to examine."""

    bands: tuple[str, ...]
    flux: NDArray[np.float32]  # (band, y, x), nJy
    error: NDArray[np.float32]

    @staticmethod
    def of(store: Store, tiles: NDArray[np.int64]) -> _Sheet:
        """Put tiles (row, column) of the training split side by side."""
        rows = [[store.read("train", int(index)) for index in row] for row in tiles]
        flux, error = (
            np.concatenate([np.concatenate([getattr(tile, name) for tile in row], axis=2) for row in rows], axis=1)
            for name in ("flux", "error")
        )
        return _Sheet(store.bands, flux, error)

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (ny, nx) in pixels."""
        _, height, width = self.flux.shape
        return height, width

    def read(self, region: Region, *, bands: Sequence[str] | None = None, spare: Pixels | None = None) -> Pixels:
        """Pixels of a region inside the sheet."""
        planes = [self.bands.index(band) for band in (self.bands if bands is None else bands)]
        flux, error = (values[(planes, *region.slices)] for values in (self.flux, self.error))
        return Pixels(flux, error, np.isfinite(error))
