"""What does the sky look like in a region, in every band?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from astropy.wcs import WCS
from numpy.typing import ArrayLike, NDArray

from zpix.errors import BandError, GridError
from zpix.image.band_image import BandImage, remarks_of
from zpix.image.bands import band_name
from zpix.image.formats import MosaicPaths, open_bands, reopened_bands
from zpix.image.grids import grid_distance_pix, pixel_positions, pixel_scale_arcsec, sky_positions
from zpix.image.pixels import Pixels
from zpix.image.regions import Region
from zpix.image.repairs import BandRepair, repair_pixels

#: Bands are on one grid if no corner or centre of one is further than this from the same pixel of the other.
GRID_TOLERANCE_PIX = 0.1

Floats = NDArray[np.float64]


class Mosaic:
    """Bands of one field on one pixel grid. Open one with `open_mosaic`.

    Windows are read from the files when they are asked for, so memory does not grow with the mosaic. A mosaic may be
    read by several threads, and sent to other processes, which open the files again.

    Parameters
    ----------
    images : sequence of BandImage
        The bands, on one grid.
    repairs : sequence of BandRepair, optional
        What is done to pixels when they are read.

    Attributes
    ----------
    bands : tuple of str
        Names of the bands, in their order.
    shape : (ny, nx)
        Size in pixels.
    wcs : astropy WCS
        Celestial and two-dimensional; that of the first band.
    paths : tuple of Path
        The file of each band.
    remarks : tuple of str
        What the user should know of the files: contradictions in headers, and how they are resolved.
    """

    def __init__(self, images: Sequence[BandImage], repairs: Sequence[BandRepair] = ()) -> None:
        self.bands = tuple(image.band for image in images)
        self.shape = images[0].shape
        self.wcs: WCS = images[0].wcs
        self.paths = tuple(image.path for image in images)
        self.remarks = remarks_of(images)
        self._images: dict[str, BandImage] | None = {image.band: image for image in images}
        self._repairs = tuple(repairs)

    @property
    def pixel_scale_arcsec(self) -> float:
        """Side of a pixel in arcsec."""
        return pixel_scale_arcsec(self.wcs)

    def read(self, region: Region, *, bands: Sequence[str] | None = None, spare: Pixels | None = None) -> Pixels:
        """Read a region.

        Pixels outside the mosaic are not valid, nor is any pixel of a band that the mosaic lacks.

        Parameters
        ----------
        region : Region
            Which pixels; may lie outside the mosaic.
        bands : sequence of str, optional
            Which bands, in this order; default all of the mosaic, in its order.
        spare : Pixels, optional
            Pixels that are no longer needed: if they have the right shape they are written over instead of allocating
            memory.

        Returns
        -------
        Pixels
            Flux, error and validity, (band, y, x).

        Raises
        ------
        ValueError
            If the mosaic was closed.
        """
        if self._images is None:
            raise ValueError("the mosaic is closed")
        wanted = self.bands if bands is None else tuple(band_name(band) for band in bands)
        inside = region.intersection(Region.whole(self.shape))
        window = (..., *inside.shifted(-region.x0, -region.y0).slices)
        known = inside == region and all(band in self._images for band in wanted)
        if spare is not None and known and spare.shape == (len(wanted), *region.shape):
            pixels = spare
        else:
            pixels = Pixels.unfilled(len(wanted), region.shape) if known else Pixels.empty(len(wanted), region.shape)
        flux, error, valid = pixels.flux[window], pixels.error[window], pixels.valid[window]
        for index, band in enumerate(wanted):
            if band in self._images and flux.size:
                self._images[band].read_into(inside, flux[index], error[index], valid[index])
        repair_pixels(pixels, wanted, self._repairs)
        return pixels

    def repaired(self, repairs: Sequence[BandRepair]) -> Mosaic:
        """Return the same mosaic with pixels that are repaired when they are read.

        Parameters
        ----------
        repairs : sequence of BandRepair
            From `find_repairs`.

        Returns
        -------
        Mosaic
            Of the same files, which are open until this one is closed and the other one too.

        Raises
        ------
        ValueError
            If the mosaic was closed.
        """
        if self._images is None:
            raise ValueError("the mosaic is closed")
        return Mosaic(tuple(self._images.values()), repairs)

    def sky(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Return the sky positions of pixel positions.

        Parameters
        ----------
        x, y : (...) float, pixels
            Positions; integers are pixel centres.

        Returns
        -------
        ra, dec : (...) float64, degrees
            ICRS, whatever the frame of the WCS; 0 ≤ ra < 360.
        """
        return sky_positions(self.wcs, x, y)

    def pixel(self, ra: ArrayLike, dec: ArrayLike) -> tuple[Floats, Floats]:
        """Return the pixel positions of sky positions; the inverse of `sky`.

        Parameters
        ----------
        ra, dec : (...) float, degrees
            ICRS positions.

        Returns
        -------
        x, y : (...) float64, pixels
            Positions; integers are pixel centres.
        """
        return pixel_positions(self.wcs, ra, dec)

    def close(self) -> None:
        """Close the files; the mosaic cannot be read any more."""
        self._images = None

    def __enter__(self) -> Mosaic:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return reopen_mosaic, (self.paths, self.bands, self._repairs)


def open_mosaic(paths: MosaicPaths, *, bands: Sequence[str] | None = None) -> Mosaic:
    """Open a directory of per-band files, a list of files, or one multi-extension file as one mosaic.

    Parameters
    ----------
    paths : str, Path, sequence of them, or mapping of str to path
        Files of JADES (`*_drz.fits`), of the pipeline (`*_i2d.fits`), of grizli (`*_drc_sci.fits` beside
        `*_drc_wht.fits`), with the extensions of several bands (`zpix.image.formats.extensions`), or in a format that
        was added to `MOSAIC_FORMATS`. A file may be named by its band: "F444W=a.fits", or {"F444W": "a.fits"}.
    bands : sequence of str, optional
        Only these bands, in this order; default all, by wavelength from a directory and as given otherwise.

    Returns
    -------
    Mosaic
        The bands, which are read later; close it after use, or use `with`.

    Raises
    ------
    InputFileError
        If a file is missing, truncated, empty or of no known format, or lacks an HDU or keyword.
    BandError
        If a band is given twice, is missing, has no valid pixel, or is not what the file is named.
    GridError
        If the bands are not on one pixel grid.
    """
    images = open_bands(paths, bands=bands)
    _refuse_different_grids(images)
    for image in images:
        if not image.has_valid_pixels():
            raise BandError(f"band {image.band} has no valid pixel: '{image.path}' has no data")
    return Mosaic(images)


def reopen_mosaic(paths: Sequence[Path], bands: Sequence[str], repairs: Sequence[BandRepair] = ()) -> Mosaic:
    """Open a mosaic that was opened and checked before, perhaps in another process, under the same names of its bands.

    Parameters
    ----------
    paths : sequence of Path
        Its attribute `paths`, one for each band.
    bands : sequence of str
        Its attribute `bands`.
    repairs : sequence of BandRepair, optional
        What is done to pixels when they are read.

    Returns
    -------
    Mosaic
        The same mosaic.
    """
    return Mosaic(reopened_bands(paths, bands), repairs)


def _refuse_different_grids(images: Sequence[BandImage]) -> None:
    """Raise a `GridError` if the bands are not on one pixel grid."""
    first = images[0]
    different = [
        image
        for image in images[1:]
        if image.shape != first.shape or grid_distance_pix(first.wcs, image.wcs, first.shape) > GRID_TOLERANCE_PIX
    ]
    if different:
        verb = "is" if len(different) == 1 else "are"
        raise GridError(
            f"{', '.join(map(_grid, different))} {verb} not on the pixel grid of {_grid(first)}: "
            "bring all bands onto one with `zpix align`, such as with --pixel-scale 0.03, or let `zpix run` do it with "
            "--resample"
        )


def _grid(image: BandImage) -> str:
    """Band and grid of an image, for messages."""
    height, width = image.shape
    return f"{image.band} ({width} × {height} pixels of {pixel_scale_arcsec(image.wcs):.4g} arcsec)"
