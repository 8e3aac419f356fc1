"""What is an image of the sky that is held in memory, and how is it made from arrays or astropy's images?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import astropy.units as u
import numpy as np
from astropy.nddata import NDData, StdDevUncertainty
from astropy.wcs import WCS
from numpy.typing import ArrayLike, NDArray

from zpix.errors import ArrayError, BandError, GridError
from zpix.image import Pixels, Region
from zpix.image.bands import band_name
from zpix.image.grids import celestial_frame, grid_distance_pix, pixel_scale_arcsec, sky_positions
from zpix.image.mosaic import GRID_TOLERANCE_PIX
from zpix.image.repairs import BandRepair, repair_pixels

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ArrayImage:
    """Bands of one field on one pixel grid, in memory.

    Attributes
    ----------
    bands : tuple of str
        One for each plane of the pixels.
    pixels : Pixels
        Flux and error (band, y, x) in nJy per pixel, and validity.
    wcs : astropy.wcs.WCS or None
        Celestial, two-dimensional; without one positions on the sky are NaN.
    pixel_scale_arcsec : float or None, arcsec
        Side of a pixel, if it is known.
    """

    bands: tuple[str, ...]
    pixels: Pixels
    wcs: WCS | None = None
    pixel_scale_arcsec: float | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (ny, nx) in pixels."""
        return self.pixels.shape[1:]

    def read(self, region: Region, *, bands: Sequence[str] | None = None, spare: Pixels | None = None) -> Pixels:
        """Return the pixels of a region.

        Parameters
        ----------
        region : Region
            What lies outside the image is not valid.
        bands : sequence of str, optional
            Bands of the result in their order, by default those of the image; one that the image lacks is not valid.
        spare : Pixels, optional
            Not used; `Mosaic.read` can write into it.

        Returns
        -------
        Pixels
            A copy.
        """
        wanted = self.bands if bands is None else tuple(bands)
        result = Pixels.empty(len(wanted), region.shape)
        inside = region.intersection(Region.whole(self.shape))
        here, there = inside.slices, inside.shifted(-region.x0, -region.y0).slices
        for index, band in enumerate(wanted):
            if band in self.bands:
                plane = self.bands.index(band)
                for name in ("flux", "error", "valid"):
                    getattr(result, name)[(index, *there)] = getattr(self.pixels, name)[(plane, *here)]
        return result

    def repaired(self, repairs: Sequence[BandRepair]) -> ArrayImage:
        """Return the image with repaired pixels.

        Parameters
        ----------
        repairs : sequence of BandRepair
            From `find_repairs`.

        Returns
        -------
        ArrayImage
            With pixels of its own; the same image if there are no repairs.
        """
        if not repairs:
            return self
        pixels = Pixels(self.pixels.flux.copy(), self.pixels.error.copy(), self.pixels.valid)
        repair_pixels(pixels, self.bands, repairs)
        return replace(self, pixels=pixels)

    def sky(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Return positions on the sky.

        Parameters
        ----------
        x, y : array_like, pixels
            Positions, which count pixel centres as integers from 0.

        Returns
        -------
        ra, dec : float64, degrees
            ICRS, of the shape of `x` and `y`, 0 ≤ ra < 360; NaN without a WCS.
        """
        column, row = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
        if self.wcs is None or not column.size:
            return np.full(column.shape, np.nan), np.full(column.shape, np.nan)
        return sky_positions(self.wcs, column, row)


def image_of_arrays(
    flux: ArrayLike,
    error: ArrayLike,
    *,
    bands: Sequence[str] | str,
    wcs: WCS | None = None,
    scale_arcsec: float | None = None,
) -> ArrayImage:
    """Make an image from arrays.

    Parameters
    ----------
    flux, error : (band, y, x) array_like, nJy per pixel
        Flux and its 1 σ error. A pixel is valid where both are finite and the error is above 0.
    bands : sequence of str
        Names of the bands.
    wcs : astropy.wcs.WCS, optional
        Of the pixel grid.
    scale_arcsec : float, optional, arcsec
        Side of a pixel, if there is no WCS to tell it.

    Returns
    -------
    ArrayImage
        A copy of the arrays in single precision.

    Raises
    ------
    ArrayError
        If the arrays have no numbers, not three axes, or different shapes.
    BandError
        If there is not one name for each plane, or a band has no valid pixel.
    GridError
        If the WCS is not that of an image of the sky.
    """
    names = tuple(band_name(band) for band in ([bands] if isinstance(bands, str) else bands))
    values, errors = _single_precision("flux", flux), _single_precision("error", error)
    if values.ndim != 3 or not values.size:
        raise ArrayError(f"flux has shape {values.shape}: it must be (band, y, x), with one pixel or more")
    if errors.shape != values.shape:
        raise ArrayError(f"error has shape {errors.shape} and flux {values.shape}: they must be the same")
    if len(names) != len(values):
        raise BandError(f"flux has {len(values)} planes and there are {len(names)} bands: each plane needs one name")
    for name in names:
        if names.count(name) > 1:
            raise BandError(f"band {name} is given {names.count(name)} times: each band may be given once")
    valid = np.isfinite(values) & np.isfinite(errors) & (errors > 0)
    for name, plane in zip(names, valid, strict=True):
        if not plane.any():
            raise BandError(
                f"band {name} has no valid pixel, where flux and error are finite and the error is above 0: "
                "leave a band out that was not observed"
            )
    pixels = Pixels(np.where(valid, values, np.float32(0)), np.where(valid, errors, np.float32(np.inf)), valid)
    return ArrayImage(names, pixels, _checked(wcs), scale_arcsec if wcs is None else pixel_scale_arcsec(wcs))


def image_of_nddata(
    images: Mapping[str, NDData], *, wcs: WCS | None = None, scale_arcsec: float | None = None
) -> ArrayImage:
    """Make an image from astropy's images of single bands.

    Parameters
    ----------
    images : mapping of str to NDData or CCDData
        One image (y, x) for each band, with a unit of flux per pixel or of surface brightness, an uncertainty (standard
        deviation, variance or inverse variance), and perhaps a mask, which is true where a pixel is not valid.
    wcs : astropy.wcs.WCS, optional
        Of the pixel grid; that of the images by default.
    scale_arcsec : float, optional, arcsec
        Side of a pixel, if there is no WCS to tell it.

    Returns
    -------
    ArrayImage
        In nJy per pixel.

    Raises
    ------
    ArrayError
        If shapes differ, or a unit or an uncertainty cannot be used.
    BandError
        If there is no band, or one has no valid pixel.
    GridError
        If the images are not on one pixel grid.
    """
    if not images:
        raise BandError("flux is an empty mapping: it must hold one image or more, by band")
    for band, image in images.items():
        if not isinstance(image, NDData):
            raise ArrayError(f"band {band} is a {type(image).__name__}: a mapping must hold NDData or CCDData by band")
    shapes = {band: np.shape(image.data) for band, image in images.items()}
    if len(set(shapes.values())) > 1:
        raise ArrayError(f"the bands have different shapes: {', '.join(f'{b} {s}' for b, s in shapes.items())}")
    wcs = _common_wcs(images) if wcs is None else wcs
    side = scale_arcsec if wcs is None else pixel_scale_arcsec(_checked(wcs))
    planes = [_in_njy(band, image, side) for band, image in images.items()]
    flux, error = (np.stack(part) for part in zip(*planes, strict=True))
    return image_of_arrays(flux, error, bands=tuple(images), wcs=wcs, scale_arcsec=scale_arcsec)


def _single_precision(name: str, values: ArrayLike) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):
            return np.asarray(values, np.float32)
    except (TypeError, ValueError) as problem:
        raise ArrayError(f"{name} is not an array of numbers: {problem}") from None


def _checked(wcs: Any) -> WCS | None:
    if wcs is not None and not (isinstance(wcs, WCS) and wcs.naxis == 2 and wcs.has_celestial):
        raise GridError(f"wcs is {_kind(wcs)}: it must be an astropy WCS with two celestial axes")
    if wcs is not None and celestial_frame(wcs) is None and wcs.wcs.lngtyp != "RA":
        raise GridError(f"wcs is {_kind(wcs)}: zpix turns right ascension and declination or galactic ones into ICRS")
    return wcs


def _kind(wcs: Any) -> str:
    if not isinstance(wcs, WCS):
        return f"a {type(wcs).__name__}"
    return f"a WCS with axes {' '.join(kind or 'without type' for kind in wcs.wcs.ctype)}"


def _common_wcs(images: Mapping[str, NDData]) -> WCS | None:
    """The WCS of the images that have one, which must agree."""
    known = {band: _checked(image.wcs) for band, image in images.items() if image.wcs is not None}
    if not known:
        return None
    first, *others = known
    for band in others:
        distance = grid_distance_pix(known[first], known[band], np.shape(images[band].data))
        if distance > GRID_TOLERANCE_PIX:
            raise GridError(
                f"band {band} is not on the pixel grid of {first}: they differ by {distance:.2g} pixels, "
                f"and {GRID_TOLERANCE_PIX:g} are allowed"
            )
    return known[first]


def _in_njy(band: str, image: NDData, side_arcsec: float | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Flux and error in nJy per pixel; the flux is NaN where the image is masked."""
    if image.uncertainty is None:
        raise ArrayError(f"band {band} has no uncertainty: give its standard deviation, variance or inverse variance")
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            sigma = image.uncertainty.represent_as(StdDevUncertainty)
    except (TypeError, ValueError, AttributeError):
        kind = type(image.uncertainty).__name__
        raise ArrayError(
            f"band {band} has an uncertainty of type {kind}: allowed are StdDevUncertainty, VarianceUncertainty "
            "and InverseVariance"
        ) from None
    flux = np.array(image.data, np.float32) * np.float32(_njy_per(image.unit, band, side_arcsec))
    error = np.array(sigma.array, np.float32) * np.float32(_njy_per(sigma.unit or image.unit, band, side_arcsec))
    if image.mask is not None:
        flux = np.where(image.mask, np.float32(np.nan), flux)
    return flux, error


def _njy_per(unit: Any, band: str, side_arcsec: float | None) -> float:
    """What of a unit is in nJy per pixel."""
    if not isinstance(unit, u.UnitBase):
        raise ArrayError(f"band {band} has the unit {unit}: allowed are units of flux such as nJy, or MJy / sr")
    for per_pixel in (unit, unit * u.pix):
        if per_pixel.is_equivalent(u.nJy):
            return float(per_pixel.to(u.nJy))
    if not unit.is_equivalent(u.MJy / u.sr):
        raise ArrayError(f"band {band} is in {unit}: allowed are units of flux such as nJy, or MJy / sr")
    if side_arcsec is None:
        raise ArrayError(f"band {band} is in {unit}, which needs the size of a pixel: give wcs or pixel_scale_arcsec")
    return float((unit * (side_arcsec * u.arcsec) ** 2).to_value(u.nJy))
