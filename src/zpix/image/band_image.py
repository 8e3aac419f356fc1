"""What are flux and error of one band, in nJy, in a window?"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from astropy.wcs import WCS
from numpy.typing import NDArray

from zpix.errors import BandError, InputFileError
from zpix.image.bands import band_from_file_name, band_from_header
from zpix.image.fluxes import njy_per_unit, refuse_other_unit
from zpix.image.grids import central_pixel_area_sr
from zpix.image.open_fits import FitsFile, PlainArray
from zpix.image.regions import Region

_STRIP_PIXELS = 1 << 22  # pixels read at a time when searching for valid ones
_SAMPLED_ROWS = 16
_DO_NOT_USE = 1  # bit of JWST's data quality
_CACHED_PIXELS = 1 << 16  # pixels read and checked at a time, so that they stay in the processor's cache

_named: ContextVar[str | None] = ContextVar("the band that the user names", default=None)


class StoredImage(Protocol):
    """An image on disk of which windows can be read: a `PlainArray` in a FITS file, or that of another package."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns: (ny, nx)."""

    def read_into(self, region: Region, out: NDArray[np.float32]) -> None:
        """Copy a region into an array.

        Parameters
        ----------
        region : Region
            Inside the image.
        out : (y, x) float32
            Array to fill; NaN where the image has no value.
        """


@dataclass(frozen=True)
class BandImage:
    """One band of a mosaic on disk, whatever its format.

    Attributes
    ----------
    band : str
        Name of the band, as `band_name` writes it.
    path : Path
        The file, for messages, and to open the band again in another process.
    wcs : astropy WCS
        Celestial and two-dimensional.
    science : StoredImage
        Flux in the file's units.
    error : StoredImage
        Error (1 σ) in the units of `science`, or inverse variance in their inverse square.
    error_kind : {"sigma", "inverse variance"}
        Which of the two `error` is.
    weight : StoredImage or None
        Where it is not positive the pixel was not observed.
    njy_per_unit : float
        Factor from the units of `science` to nJy per pixel.
    quality : PlainArray or None
        Data quality as JWST's pipeline writes it: a pixel whose bit 1 (DO_NOT_USE) is set was not observed.
    remarks : tuple of str
        What the user should know of the file: contradictions in its header, and how they are resolved.
    """

    band: str
    path: Path
    wcs: WCS
    science: StoredImage
    error: StoredImage
    error_kind: Literal["sigma", "inverse variance"]
    weight: StoredImage | None
    njy_per_unit: float
    quality: PlainArray | None = None
    remarks: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns: (ny, nx)."""
        return self.science.shape

    def read_into(
        self, region: Region, flux: NDArray[np.float32], error: NDArray[np.float32], valid: NDArray[np.bool_]
    ) -> None:
        """Read a region into arrays.

        A pixel is valid if its flux is finite, its error finite and positive, its weight positive, and its quality
        without DO_NOT_USE. Elsewhere flux is 0 and error +inf.

        Parameters
        ----------
        region : Region
            Inside the image.
        flux, error : (y, x) float32, nJy per pixel
            Arrays to fill.
        valid : (y, x) bool
            Array to fill.
        """
        rows = max(_CACHED_PIXELS // max(region.width, 1), 1)
        for y in range(0, region.height, rows):
            part = slice(y, min(y + rows, region.height))
            strip = Region(region.x0, region.y0 + part.start, region.x1, region.y0 + part.stop)
            self._read_strip(strip, flux[part], error[part], valid[part])

    def _read_strip(
        self, region: Region, flux: NDArray[np.float32], error: NDArray[np.float32], valid: NDArray[np.bool_]
    ) -> None:
        """Read a few rows as `read_into` does."""
        self.science.read_into(region, flux)
        self.error.read_into(region, error)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if self.error_kind == "inverse variance":
                np.power(error, -0.5, out=error)
            flux *= np.float32(self.njy_per_unit)
            error *= np.float32(self.njy_per_unit)
            np.isfinite(flux, out=valid)
            valid &= error > 0
            valid &= error < np.inf
            if self.weight is not None:
                weight = np.empty(region.shape, np.float32)
                self.weight.read_into(region, weight)
                valid &= weight > 0
            if self.quality is not None:
                valid &= (self.quality.read_integers(region) & _DO_NOT_USE) == 0
        if not valid.all():
            flux[~valid] = 0
            error[~valid] = np.inf

    def has_valid_pixels(self) -> bool:
        """Return whether any pixel is valid; some rows are tried first, then strips until one is found.

        Returns
        -------
        bool
            False for a band without data.
        """
        for region in self._probes():
            flux, error, valid = (np.empty(region.shape, dtype) for dtype in (np.float32, np.float32, bool))
            self.read_into(region, flux, error, valid)
            if valid.any():
                return True
        return False

    def _probes(self) -> Iterator[Region]:
        """Regions to search for a valid pixel."""
        height, width = self.shape
        for row in np.unique(np.linspace(0, height - 1, _SAMPLED_ROWS).astype(int)):
            yield Region(0, int(row), width, int(row) + 1)
        rows = max(1, _STRIP_PIXELS // width)
        for start in range(0, height, rows):
            yield Region(0, start, width, min(start + rows, height))


def band_image(
    file: FitsFile,
    *,
    science: int,
    error: int,
    weight: int | None = None,
    quality: int | None = None,
    with_sky: int | None = None,
    band: str | None = None,
) -> BandImage:
    """Open the band whose science, error, weight and quality images are in given HDUs.

    Units and band are read from the header of the science HDU, or else from that of the primary HDU.

    Parameters
    ----------
    file : FitsFile
        The file.
    science : int
        Number of the HDU of the science image, from 0.
    error : int
        Number of the HDU of the error (1 σ).
    weight : int, optional
        Number of the HDU of the weights, if there are any.
    quality : int, optional
        Number of the HDU of the data quality, if there is any.
    with_sky : int, optional
        Number of the HDU of the same image before the sky was subtracted: its header says what that of the science
        image does not.
    band : str, optional
        Name of the band; default that of the header or of the file name.

    Returns
    -------
    BandImage
        The band.

    Raises
    ------
    InputFileError
        If an HDU is missing or of another shape, or the unit is not known.
    BandError
        If the band is not known.
    """
    images = [file.image(index) for index in (science, error)]
    shape = images[0].shape
    further = [None if index is None else file.image(index) for index in (weight, quality)]
    for image, index in zip((images[1], *further), (error, weight, quality), strict=True):
        if image is not None and image.shape != shape:
            raise InputFileError(
                f"'{file.path}' has images of different shapes: {shape} in HDU {science} and "
                f"{image.shape} in HDU {index}"
            )
    on_sky = with_sky if with_sky is not None and "CTYPE1" not in file.headers[science] else science
    header: Mapping[str, Any] = ChainMap(*(file.headers[index] for index in (science, on_sky, 0)))
    wcs = file.wcs(on_sky)
    remarks: list[str] = []
    if with_sky is not None:
        remarks.append(f"{file.names[science]} is read, from which the sky is subtracted, in place of SCI")
    factor = njy_per_unit(
        header, path=file.path, pixel_area_sr=central_pixel_area_sr(wcs, shape), remarks=remarks
    )  # fmt: skip
    refuse_other_unit(header, file.headers[error], path=file.path)
    return BandImage(
        band=band or band_of(file.path, header),
        path=file.path,
        wcs=wcs,
        science=images[0],
        error=images[1],
        error_kind="sigma",
        weight=further[0],
        njy_per_unit=factor,
        quality=further[1],
        remarks=(*file.remarks, *remarks),
    )


@contextmanager
def named_band(band: str | None) -> Iterator[None]:
    """Let the file that is opened inside the context be of the band that the user names, whatever its name says.

    Parameters
    ----------
    band : str or None
        The band; None where the file itself says it.
    """
    token = _named.set(band)
    try:
        yield
    finally:
        _named.reset(token)


def band_of(path: Path, header: Mapping[str, Any]) -> str:
    """Find the band of a file: what the user names it, or else what its header and its name say.

    Parameters
    ----------
    path : Path
        The file.
    header : mapping of str to value
        FITS header of its science image.

    Returns
    -------
    str
        The band.

    Raises
    ------
    BandError
        If neither names a band, or they name different ones.
    """
    stated, named = band_from_header(header), band_from_file_name(path.name)
    given = _named.get()
    if given is not None:
        if stated is not None and not given.startswith(stated):
            raise BandError(f"'{path}' is given as {given}, but its header says {stated}: correct one of the two")
        return given
    if named is None and stated is None:
        raise BandError(
            f"'{path}' does not say its band: name it as in F444W={path.name}, or put it in the FILTER keyword or the "
            "file name, such as _f444w_"
        )
    if named is None or stated is None:
        return stated or named or ""
    if not named.startswith(stated):  # grizli writes F115WN for F115W of NIRISS in file names
        raise BandError(f"'{path}' is {named} by its name but {stated} by its header: rename it or correct FILTER")
    return named


def remarks_of(images: Iterable[BandImage]) -> tuple[str, ...]:
    """Return what the user should know of some files, each sentence once with the bands that it is about.

    Parameters
    ----------
    images : iterable of BandImage
        The bands.

    Returns
    -------
    tuple of str
        Sentences that name the bands and the first file.
    """
    about: dict[str, list[BandImage]] = {}
    for image in images:
        for remark in image.remarks:
            about.setdefault(remark, []).append(image)
    sentences = []
    for remark, those in about.items():
        paths = list(dict.fromkeys(image.path for image in those))
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        sentences.append(f"{' '.join(image.band for image in those)} ('{paths[0]}'{more}): {remark}")
    return tuple(sentences)
