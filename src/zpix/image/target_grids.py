"""Onto which pixel grid are mosaics to be brought?"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS, WcsError
from astropy.wcs.utils import pixel_to_pixel, wcs_to_celestial_frame
from numpy.typing import NDArray

from zpix.errors import ConfigError, InputFileError
from zpix.image.band_image import BandImage
from zpix.image.formats import open_images
from zpix.image.grids import grid_distance_pix, pixel_scale_arcsec, tangent_wcs
from zpix.image.mosaic import GRID_TOLERANCE_PIX
from zpix.image.open_fits import FitsFile

_SIDE_POINTS = 9  # along each side of an image, whose outline may be curved on another grid
_SAME_SCALE = 1e-3  # relative: pixels that agree to this are of one size
_WHOLE_PIX = 0.01  # an outline that exceeds a grid by less does not need one more pixel

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PixelGrid:
    """A pixel grid of a certain size.

    Attributes
    ----------
    wcs : astropy WCS
        Celestial and two-dimensional.
    shape : (ny, nx)
        Size in pixels.
    """

    wcs: WCS
    shape: tuple[int, int]


def choose_grid(
    images: Sequence[BandImage],
    *,
    reference: str | Path | None = None,
    pixel_scale_arcsec: float | None = None,
) -> PixelGrid:
    """Choose the grid that images are brought onto.

    Parameters
    ----------
    images : sequence of BandImage
        The images.
    reference : str or Path, optional
        A band, whose grid is used, or a file: a mosaic, any FITS image with a celestial WCS, or a FITS header, alone in
        a FITS file or as text. A header that tells no size is extended over all images. By default the band with the
        largest pixels. The grid of a band that has several images is extended over all of them.
    pixel_scale_arcsec : float, optional
        Side of a pixel of a new grid in place of `reference`, north up around the middle of all images (ICRS, TAN).

    Returns
    -------
    PixelGrid
        The grid.

    Raises
    ------
    ConfigError
        If both are given, `reference` is neither a band nor a file, or the scale is not positive.
    InputFileError
        If the file has no grid.
    """
    if pixel_scale_arcsec is not None:
        if reference is not None:
            raise ConfigError(
                f"reference is '{reference}' and pixel_scale is {pixel_scale_arcsec:g}: each says the grid, give one"
            )
        return grid_around(images, pixel_scale_arcsec)
    if reference is None:
        return _of_band(images, max(images, key=_rounded_scale).band)
    band = str(reference).strip().upper()
    if any(image.band == band for image in images):
        return _of_band(images, band)
    path = Path(reference)
    if not path.exists():
        bands = ", ".join(dict.fromkeys(image.band for image in images))
        raise ConfigError(
            f"reference is '{reference}': it must be one of the bands ({bands}), a FITS mosaic or image, or a header"
        )
    if path.is_dir():
        first = open_images(path)[0]
        return PixelGrid(first.wcs, first.shape)
    return _of_file(path, images)


def grid_around(images: Sequence[BandImage], scale_arcsec: float) -> PixelGrid:
    """Make the grid that has north up and covers all images.

    Parameters
    ----------
    images : sequence of BandImage
        The images.
    scale_arcsec : float, arcsec
        Side of a pixel.

    Returns
    -------
    PixelGrid
        In ICRS, with a gnomonic projection (TAN) around the middle of the images.

    Raises
    ------
    ConfigError
        If the scale is not positive, or the grid does not fit a mosaic.
    """
    if not (math.isfinite(scale_arcsec) and scale_arcsec > 0):
        raise ConfigError(f"pixel_scale is {scale_arcsec:g}: it must be a positive number of arcsec")
    middle = _sky_middle(images)
    around_middle = PixelGrid(tangent_wcs(*middle, (1, 1), scale_arcsec), (1, 1))
    x, y = _outlines(images, around_middle.wcs)
    # The middle of the outline's box is that of the new grid.
    ra, dec = around_middle.wcs.all_pix2world((x.min() + x.max()) / 2, (y.min() + y.max()) / 2, 0)
    x, y = _outlines(images, tangent_wcs(float(ra), float(dec), (1, 1), scale_arcsec))
    width, height = (2 * math.ceil(float(np.abs(along).max()) - _WHOLE_PIX) for along in (x, y))
    return PixelGrid(tangent_wcs(float(ra), float(dec), (height, width), scale_arcsec), (height, width))


def band_on_scale(images: Sequence[BandImage], scale_arcsec: float) -> str | None:
    """Find a band that has pixels of a certain size already and is as large as any other.

    Parameters
    ----------
    images : sequence of BandImage
        The images.
    scale_arcsec : float, arcsec
        Side of a pixel.

    Returns
    -------
    str or None
        The last of such bands; None if there is none.
    """
    areas: dict[str, float] = {}
    for image in images:
        area = image.shape[0] * image.shape[1] * pixel_scale_arcsec(image.wcs) ** 2
        areas[image.band] = areas.get(image.band, 0.0) + area
    fitting = [
        image.band
        for image in images
        if abs(pixel_scale_arcsec(image.wcs) / scale_arcsec - 1) < _SAME_SCALE
        and areas[image.band] > 0.99 * max(areas.values())
    ]
    return fitting[-1] if fitting else None


def is_on_one_grid(images: Sequence[BandImage]) -> bool:
    """Return whether images can be opened as one mosaic: on one pixel grid, and one for each band.

    Parameters
    ----------
    images : sequence of BandImage
        The images.

    Returns
    -------
    bool
        False if there are two of one band.
    """
    first = images[0]
    return len({image.band for image in images}) == len(images) and all(
        image.shape == first.shape and grid_distance_pix(first.wcs, image.wcs, first.shape) <= GRID_TOLERANCE_PIX
        for image in images
    )


def _rounded_scale(image: BandImage) -> float:
    """Side of a pixel in arcsec, equal for images whose scales differ by rounding alone."""
    return round(pixel_scale_arcsec(image.wcs), 6)


def _of_band(images: Sequence[BandImage], band: str) -> PixelGrid:
    """The grid of a band; that of the first of its images, extended over the others."""
    own = [image for image in images if image.band == band]
    return PixelGrid(own[0].wcs, own[0].shape) if len(own) == 1 else _extended(own[0].wcs, own)


def _of_file(path: Path, images: Sequence[BandImage]) -> PixelGrid:
    """The grid of a mosaic, an image or a header."""
    with open(path, "rb") as stream:
        is_text = stream.read(9) != b"SIMPLE  =" and not path.name.lower().endswith((".gz", ".fz"))
    if is_text:
        header = _header_of_text(path)
        return _of_header(path, header, _wcs_of_text(path, header), None, images)
    file = FitsFile(path)
    for index, header in enumerate(file.headers):
        if len(file.shapes[index]) in (0, 2) and "RA" in str(header.get("CTYPE1", ""))[:4] + str(header.get("CTYPE2")):
            return _of_header(path, header, file.wcs(index), file.shapes[index] or None, images)
    raise InputFileError(f"'{path}' has no celestial WCS: a reference is a band, a FITS mosaic or image, or a header")


def _of_header(
    path: Path, header: Mapping[str, Any], wcs: WCS, shape: tuple[int, ...] | None, images: Sequence[BandImage]
) -> PixelGrid:
    """The grid of a header, as large as its image, or as it says, or as the images need."""
    if shape is not None:
        return PixelGrid(wcs, (shape[0], shape[1]))
    for x, y in (("NAXIS1", "NAXIS2"), ("ZNAXIS1", "ZNAXIS2"), ("IMAGEW", "IMAGEH")):
        if x in header and y in header:
            width, height = header[x], header[y]
            if not (isinstance(width, int) and isinstance(height, int) and min(width, height) > 0):
                raise InputFileError(f"'{path}' has {x} = {width} and {y} = {height}: they must be 1 or more")
            return PixelGrid(wcs, (height, width))
    return _extended(wcs, images)


def _header_of_text(path: Path) -> fits.Header:
    """A FITS header that is written as text, a card a line or 80 characters each."""
    try:
        cards = path.read_bytes().decode("ascii")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of lines that are no cards, which leave no keywords
            header = fits.Header.fromstring(cards, sep="\n" if "\n" in cards.strip() else "")
            list(header.items())  # cards are parsed only now
    except (UnicodeDecodeError, ValueError, fits.VerifyError) as error:
        raise InputFileError(f"'{path}' is neither a FITS file nor a FITS header as text") from error
    return header


def _wcs_of_text(path: Path, header: fits.Header) -> WCS:
    """The WCS of a header, which must be celestial."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dates that wcslib completes, keywords of other conventions
        try:
            wcs = WCS(header)
            wcs.wcs.set()
        except (ValueError, KeyError, WcsError) as error:
            reason = str(error).strip().splitlines()[0]
            raise InputFileError(f"'{path}' has a WCS that cannot be used: {reason}") from error
    if not wcs.has_celestial:
        raise InputFileError(f"'{path}' has no celestial WCS: a header needs CTYPE1, CRVAL1, CRPIX1 and so on")
    return wcs.celestial


def _extended(wcs: WCS, images: Sequence[BandImage]) -> PixelGrid:
    """The grid of a WCS, moved by whole pixels so that it just covers images."""
    x, y = _outlines(images, wcs)
    x0, y0 = (math.floor(float(along.min()) + 0.5 + _WHOLE_PIX) for along in (x, y))
    x1, y1 = (math.ceil(float(along.max()) + 0.5 - _WHOLE_PIX) for along in (x, y))
    moved = wcs.deepcopy()
    moved.wcs.crpix = np.asarray(wcs.wcs.crpix) - (x0, y0)
    moved.wcs.set()
    return PixelGrid(moved, (y1 - y0, x1 - x0))


def _outline(image: BandImage) -> tuple[Floats, Floats]:
    """Points on the edges of an image, in its pixels."""
    height, width = image.shape
    x, y = np.linspace(-0.5, width - 0.5, _SIDE_POINTS), np.linspace(-0.5, height - 0.5, _SIDE_POINTS)
    ends_x, ends_y = np.repeat(x[[0, -1]], _SIDE_POINTS), np.repeat(y[[0, -1]], _SIDE_POINTS)
    return np.concatenate([x, x, ends_x]), np.concatenate([ends_y, y, y])


def _outlines(images: Sequence[BandImage], wcs: WCS) -> tuple[Floats, Floats]:
    """Points on the edges of images, in pixels of a grid."""
    points = np.concatenate([pixel_to_pixel(image.wcs, wcs, *_outline(image)) for image in images], axis=-1)
    if not np.isfinite(points).all():
        raise ConfigError(
            "the mosaics lie too far apart on the sky for one pixel grid: align those of each field alone"
        )
    return points[0], points[1]


def _sky_middle(images: Sequence[BandImage]) -> tuple[float, float]:
    """Right ascension and declination (ICRS, degrees) of the mean of all outlines, as directions."""
    from astropy.coordinates import ICRS, SkyCoord

    directions = []
    for image in images:
        longitude, latitude = image.wcs.all_pix2world(*_outline(image), 0)
        positions = SkyCoord(longitude, latitude, unit="deg", frame=wcs_to_celestial_frame(image.wcs))
        directions.append(positions.transform_to(ICRS()).cartesian.xyz.value)
    x, y, z = np.concatenate(directions, axis=1).mean(axis=1)
    return math.degrees(math.atan2(y, x)) % 360, math.degrees(math.atan2(z, math.hypot(x, y)))
