"""What would an image look like on another pixel grid?

Flux and variance are both proportional to area. Both are therefore resampled as densities: averaged with the same
weights over the valid input pixels and multiplied by the ratio of pixel areas. Flux is conserved, and the error is that
of pixels with independent noise: it is correct for sums over more than a few pixels, while single pixels, which are
correlated with their neighbours, scatter less than it says, as in any drizzled mosaic.

Where the output grid is the input grid, shifted by whole pixels or binned by a whole number (20 mas onto 40 mas, as in
the DAWN JWST Archive), the average is the exact mean of the pixels. Elsewhere it is that of
`reproject.reproject_adaptive` (DeForest 2004) with its Hann kernel, which is anti-aliased. In a test on a source of
0.05″ rms width with pixels of 0.02, 0.03 and 0.04″ it kept the flux to 1e-4 and widened the source by 0 to 4 %.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from astropy.wcs import WCS
from numpy.typing import NDArray

from zpix.image.grids import pixel_area_sr, sky_positions
from zpix.image.mosaic import Mosaic
from zpix.image.pixels import Pixels
from zpix.image.regions import Region

_WHOLE_PIXEL_TOLERANCE = 0.01  # pixels of the input grid, over the whole output
_LEAST_VALID = 0.5  # part of an output pixel that must be covered by valid input
_KERNEL_REACH = 4  # output pixels, more than the Hann kernel reaches

Floats = NDArray[np.float64]


class Binning(NamedTuple):
    """Output grid whose pixels are blocks of input pixels.

    Attributes
    ----------
    factor : int
        Side of a block in input pixels.
    x0, y0 : int
        First input column and row of the first block: output pixel x begins at input column `factor` x + `x0`.
    """

    factor: int
    x0: int
    y0: int


def resample(mosaic: Mosaic, region: Region, *, wcs: WCS, binning: Binning | None) -> Pixels:
    """Resample a region onto another pixel grid.

    Parameters
    ----------
    mosaic : Mosaic
        Input, on its own grid.
    region : Region
        Which pixels of the output grid.
    wcs : astropy WCS
        Output grid.
    binning : Binning or None
        How output pixels are made of whole input pixels, if they are: see `whole_pixel_binning`.

    Returns
    -------
    Pixels
        All bands of the mosaic in that region of the output grid.
    """
    if binning is not None:
        source = Region(
            binning.factor * region.x0 + binning.x0,
            binning.factor * region.y0 + binning.y0,
            binning.factor * region.x1 + binning.x0,
            binning.factor * region.y1 + binning.y0,
        )
        densities = _binned(_planes(mosaic.read(source)), binning.factor)
    else:
        source = _source_region(mosaic, region, wcs)
        if not source.width or not source.height:
            return Pixels.empty(len(mosaic.bands), region.shape)
        densities = _reprojected(_planes(mosaic.read(source)), mosaic.wcs, source, wcs, region)
    return _pixels(densities, pixel_area_sr(wcs) / pixel_area_sr(mosaic.wcs))


def whole_pixel_binning(wcs: WCS, shape: tuple[int, int], mosaic: Mosaic) -> Binning | None:
    """Return how the pixels of a grid are made of whole pixels of a mosaic.

    Parameters
    ----------
    wcs : astropy WCS
        The grid.
    shape : (ny, nx)
        Size of the grid in pixels.
    mosaic : Mosaic
        The mosaic.

    Returns
    -------
    Binning or None
        None if they are not made of whole pixels.
    """
    height, width = shape
    x = np.array([0.0, width - 1, 0, width - 1, (width - 1) / 2])
    y = np.array([0.0, 0, height - 1, height - 1, (height - 1) / 2])
    source_x, source_y = mosaic.pixel(*sky_positions(wcs, x, y))
    factor = round(float(np.sqrt(pixel_area_sr(wcs) / pixel_area_sr(mosaic.wcs))))
    if factor < 1 or not np.all(np.isfinite([source_x, source_y])):
        return None
    centre = (factor - 1) / 2  # of a bin, from its first pixel
    start_x, start_y = source_x - centre - factor * x, source_y - centre - factor * y
    binning = Binning(factor, round(float(start_x[0])), round(float(start_y[0])))
    away = max(np.abs(start_x - binning.x0).max(), np.abs(start_y - binning.y0).max())
    return binning if away < _WHOLE_PIXEL_TOLERANCE else None


def _planes(pixels: Pixels) -> Floats:
    """Flux, variance and validity, zero where not valid: (3, band, y, x)."""
    variance = np.where(pixels.valid, pixels.error, 0.0).astype(np.float64) ** 2
    return np.stack([pixels.flux.astype(np.float64), variance, pixels.valid.astype(np.float64)])


def _pixels(densities: Floats, area_ratio: float) -> Pixels:
    """Pixels from averaged `_planes`, (3, band, y, x), on pixels `area_ratio` times as large."""
    flux, variance, coverage = densities
    valid = (coverage >= _LEAST_VALID) & (variance > 0)
    scale = area_ratio / np.where(valid, coverage, 1.0)
    return Pixels(
        np.where(valid, flux * scale, 0.0).astype(np.float32),
        np.where(valid, np.sqrt(np.where(valid, variance * scale, 1.0)), np.inf).astype(np.float32),
        valid,
    )


def _binned(planes: Floats, factor: int) -> Floats:
    """Mean of blocks of `factor` by `factor` pixels."""
    *leading, height, width = planes.shape
    blocks = planes.reshape(*leading, height // factor, factor, width // factor, factor)
    mean: Floats = blocks.mean(axis=(-3, -1))
    return mean


def _source_region(mosaic: Mosaic, region: Region, wcs: WCS) -> Region:
    """Pixels of `mosaic` under `region` of the grid of `wcs`; of zero size if there are none."""
    grown = region.grown(_KERNEL_REACH)
    x, y = np.meshgrid(np.linspace(grown.x0, grown.x1, 9), np.linspace(grown.y0, grown.y1, 9))
    source_x, source_y = mosaic.pixel(*sky_positions(wcs, x, y))
    if not np.all(np.isfinite([source_x, source_y])):
        return Region(0, 0, 0, 0)
    x0, y0 = (int(np.floor(along.min())) - 1 for along in (source_x, source_y))
    x1, y1 = (int(np.ceil(along.max())) + 2 for along in (source_x, source_y))
    return Region(x0, y0, x1, y1).intersection(Region.whole(mosaic.shape))


def _reprojected(planes: Floats, wcs_in: WCS, source: Region, wcs_out: WCS, region: Region) -> Floats:
    """Averages of planes in `source` of one grid over the pixels of `region` of another."""
    from reproject import reproject_adaptive

    averaged, _ = reproject_adaptive(
        (planes.reshape(-1, *planes.shape[-2:]), wcs_in.slice(source.slices)),
        wcs_out.slice(region.slices),
        shape_out=region.shape,
        kernel="hann",
        boundary_mode="constant",  # with zeros, whose validity is zero too
        boundary_fill_value=0.0,
        roundtrip_coords=False,
    )
    filled: Floats = np.nan_to_num(averaged).reshape(*planes.shape[:-2], *region.shape)
    return filled
