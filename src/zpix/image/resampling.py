"""What would an image look like on another pixel grid?

Each output pixel is the mean of the input over its area, times the ratio of pixel areas (`zpix.image.kernels`,
`zpix.image.grid_maps`): `SMOOTH` where every input pixel that takes part is valid, else `OVERLAP` over the valid ones.
Flux and position are kept whatever the shift, and where the output grid is the input grid, shifted by whole pixels or
binned by a whole number (20 mas onto 40 mas), values are exact means of pixels. Noiseless Gaussian sources at 16 phases
of the pixels (`tests/image/test_resampling.py`) have at most these errors beside the same sources drawn on the output
grid; 0.045″ is the width of F115W in a mosaic:

| onto pixels of 0.03″ | FWHM | flux | position (pixels) | size |
|---|---|---|---|---|
| shifted by half a pixel, or a quarter | 0.045″ | < 0.001 % | 0.0001 | 0.1 % |
| turned by 33° or 45° | 0.045″ | 0.12 % | 0.0018 | 0.4 % |
| from 0.02″ | 0.045″ | < 0.001 % | 0.006 | 0.4 % |
| from 0.04″, which do not resolve it | 0.045″ | < 0.001 % | 0.012 | 4 % |
| any of these | 0.1″ | 0.012 % | 0.0016 | 0.05 % |

Variance is proportional to area, as flux is, and resampled in the same way with `OVERLAP`. The error is then that of
pixels with independent noise: it is correct for sums over more than a few pixels, while single pixels, which are
correlated with their neighbours, scatter less than it says, as in any drizzled mosaic.
"""

from __future__ import annotations

import numpy as np
from astropy.wcs import WCS

from zpix.image.grid_maps import GridMap, grown
from zpix.image.grids import pixel_area_sr
from zpix.image.kernels import OVERLAP, SMOOTH, Floats
from zpix.image.mosaic import Mosaic
from zpix.image.pixels import Pixels
from zpix.image.regions import Region

_LEAST_VALID = 0.5  # part of an output pixel that must be covered by valid input
_MARGIN = SMOOTH.reach + 2  # input pixels


def resample(mosaic: Mosaic, region: Region, *, wcs: WCS) -> Pixels:
    """Resample a region onto another pixel grid.

    Parameters
    ----------
    mosaic : Mosaic
        Input, on its own grid.
    region : Region
        Which pixels of the output grid.
    wcs : astropy WCS
        Output grid.

    Returns
    -------
    Pixels
        All bands of the mosaic in that region of the output grid.
    """
    nothing = Pixels.empty(len(mosaic.bands), region.shape)
    positions = GridMap.between(wcs, region, mosaic.wcs)
    if positions is None:
        return nothing
    # The mosaic ends in pixels that are not valid, which stand for all beyond them.
    source = positions.source_region(_MARGIN).intersection(Region.whole(mosaic.shape).grown(_MARGIN))
    if not source.width or not source.height:
        return nothing
    pixels = mosaic.read(source)
    area_ratio = pixel_area_sr(wcs) / pixel_area_sr(mosaic.wcs)
    for band in range(len(mosaic.bands)):
        if pixels.valid[band].any():
            flux, variance, coverage = _means(pixels, band, positions, source)
            valid = (coverage >= _LEAST_VALID) & (variance > 0)
            np.copyto(nothing.flux[band], flux * area_ratio, where=valid, casting="same_kind")
            np.sqrt(variance * area_ratio, out=nothing.error[band], where=valid, casting="same_kind")
            nothing.valid[band] = valid
    return nothing


def _means(pixels: Pixels, band: int, positions: GridMap, source: Region) -> tuple[Floats, Floats, Floats]:
    """Flux and variance per pixel of the input, averaged over what is valid of each output pixel, and that share."""
    known = pixels.valid[band]
    flux = pixels.flux[band].astype(np.float64)
    variance = np.where(known, pixels.error[band], 0.0).astype(np.float64) ** 2
    smooth = positions.mean(flux, source, SMOOTH)
    variance = positions.mean(variance, source, OVERLAP)
    if known.all():
        return smooth, variance, np.ones_like(smooth)
    coverage = positions.mean(known.astype(np.float64), source, OVERLAP)
    divisor = np.where(coverage > 0, coverage, 1.0)
    near_missing = positions.mean(grown(~known, SMOOTH.reach).astype(np.float64), source, OVERLAP) > 0
    even = positions.mean(flux, source, OVERLAP) / divisor
    return np.where(near_missing, even, smooth), variance / divisor, coverage
