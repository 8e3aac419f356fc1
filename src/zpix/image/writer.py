"""How is a mosaic written to FITS files, region by region?

The layout is that of JADES: per band one file with an empty primary HDU, science in HDU 1 and error in HDU 2, both
float32 in MJy/sr. Regions are written to their place in the file in any order, so a field of any size needs no more
memory than one of its regions. Until it is complete a file is called `.<name>.part`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

from zpix.disk_space import reason_of, refuse_without_room
from zpix.errors import BandError, OutputError
from zpix.image.bands import band_name
from zpix.image.fluxes import NJY_PER_MJY
from zpix.image.grids import pixel_area_sr
from zpix.image.pixels import Pixels
from zpix.image.regions import Region

_FITS_BLOCK = 2880  # bytes: FITS headers and data are padded to whole blocks
_VALUE_BYTES = 4

Card = str | int | float | bool


class MosaicWriter:
    """Write a mosaic region by region, one FITS file per band in the JADES layout.

    As a context manager it finishes the files at the end, or removes them after an exception. Pixels that were never
    written are zero in science and error, and are read back as not valid; those written as not valid are NaN.

    Parameters
    ----------
    directory : str or Path
        Where to write; made if it does not exist.
    bands : sequence of str
        Bands in the order of the pixels that will be written.
    shape : (ny, nx)
        Size of the mosaic.
    wcs : astropy WCS
        Celestial and two-dimensional; PIXAR_SR is computed from it.
    prefix : str, default "mosaic"
        Files are named `<prefix>_<band>_drz.fits`, the band in lower case.
    header : mapping of str to value, optional
        More FITS keywords for the science extension.
    overwrite : bool, default False
        Whether files of that name may be replaced.
    resume : bool, default False
        Whether to continue files, unfinished or finished, that a writer with the same arguments left in the directory.
        Such a writer keeps its unfinished files after an exception.

    Attributes
    ----------
    bands : tuple of str
        Bands of the mosaic.
    shape : (ny, nx)
        Size of the mosaic.

    Raises
    ------
    OutputError
        If the directory cannot be written to, or holds a file of that name and `overwrite` is false.
    BandError
        If a band is given twice.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        bands: Sequence[str],
        shape: tuple[int, int],
        wcs: WCS,
        prefix: str = "mosaic",
        header: Mapping[str, Card] | None = None,
        overwrite: bool = False,
        resume: bool = False,
    ) -> None:
        self._resume = resume
        self.bands = tuple(band_name(band) for band in bands)
        for band in self.bands:
            if self.bands.count(band) > 1:
                raise BandError(f"band {band} is given twice for the mosaic to be written to '{directory}'")
        self.shape = shape
        self._njy_per_unit = pixel_area_sr(wcs) * NJY_PER_MJY
        folder = Path(directory)
        paths = [folder / f"{prefix}_{band.lower()}_drz.fits" for band in self.bands]
        for path in paths:
            if path.exists() and not (overwrite or resume):
                raise OutputError(f"'{path}' exists already: choose another directory or allow overwriting")
        if not resume:
            needed = len(paths) * 2 * _padded(shape[0] * shape[1] * _VALUE_BYTES)
            refuse_without_room(folder, needed, f"'{folder}' cannot hold the mosaic", remedy="choose another place")
        self._files: list[_BandFile] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for path, band in zip(paths, self.bands, strict=True):
                headers = _headers(band, shape, wcs, header or {})
                self._files.append(_BandFile.create(path, headers, shape, resume=resume))
        except OSError as error:
            self._give_up()
            raise OutputError(f"cannot write a mosaic to '{folder}': {reason_of(error, folder)}") from error

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, one per band; they exist once the writer is closed."""
        return tuple(file.path for file in self._files)

    def write(self, region: Region, pixels: Pixels) -> None:
        """Write a region; pixels outside the mosaic are dropped.

        Parameters
        ----------
        region : Region
            Where the pixels belong.
        pixels : Pixels
            Pixels of the region, bands in the writer's order.

        Raises
        ------
        ValueError
            If the pixels do not have the shape of the region.
        OutputError
            If the disk is full or the file cannot be written.
        """
        if pixels.shape != (len(self.bands), *region.shape):
            raise ValueError(f"pixels of shape {pixels.shape} do not fill {region} in {len(self.bands)} bands")
        inside = region.intersection(Region.whole(self.shape))
        window = inside.shifted(-region.x0, -region.y0).slices
        for file, flux, error, valid in zip(self._files, pixels.flux, pixels.error, pixels.valid, strict=True):
            for extension, values in enumerate((flux, error)):
                stored = np.where(valid[window], values[window] / self._njy_per_unit, np.nan).astype(">f4")
                try:
                    file.fill(extension, inside, stored)
                except OSError as failure:
                    raise OutputError(f"cannot write to '{file.path}': {reason_of(failure, file.path)}") from failure

    def flush(self) -> None:
        """Wait until everything written is on disk.

        Raises
        ------
        OutputError
            If the disk is full or the file cannot be written.
        """
        for file in self._files:
            try:
                os.fsync(file.stream.fileno())
            except OSError as failure:
                raise OutputError(f"cannot write to '{file.path}': {reason_of(failure, file.path)}") from failure

    def close(self) -> None:
        """Finish the files and give them their final names."""
        for file in self._files:
            file.finish()

    def discard(self) -> None:
        """Remove the unfinished files."""
        for file in self._files:
            file.remove()

    def leave(self) -> None:
        """Close the files unfinished, for a writer that resumes them."""
        for file in self._files:
            file.stream.close()

    def __enter__(self) -> MosaicWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._give_up()

    def _give_up(self) -> None:
        if self._resume:
            self.leave()
        else:
            self.discard()


def write_mosaic(
    directory: str | Path,
    pixels: Pixels,
    *,
    bands: Sequence[str],
    wcs: WCS,
    prefix: str = "mosaic",
    header: Mapping[str, Card] | None = None,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write a mosaic that is in memory, one FITS file per band in the JADES layout.

    Parameters
    ----------
    directory : str or Path
        Where to write; made if it does not exist.
    pixels : Pixels
        The whole mosaic.
    bands : sequence of str
        Bands in the order of the pixels.
    wcs : astropy WCS
        Celestial and two-dimensional.
    prefix : str, default "mosaic"
        Files are named `<prefix>_<band>_drz.fits`, the band in lower case.
    header : mapping of str to value, optional
        More FITS keywords for the science extension.
    overwrite : bool, default False
        Whether files of that name may be replaced.

    Returns
    -------
    tuple of Path
        The files, one per band.

    Raises
    ------
    OutputError
        If the directory cannot be written to, or holds a file of that name and `overwrite` is false.
    BandError
        If a band is given twice.
    """
    shape = pixels.shape[1:]
    with MosaicWriter(
        directory, bands=bands, shape=shape, wcs=wcs, prefix=prefix, header=header, overwrite=overwrite
    ) as writer:
        writer.write(Region.whole(shape), pixels)
    return writer.paths


@dataclass
class _BandFile:
    """One file that is being written: its final path, and where its two arrays start in it."""

    path: Path
    stream: IO[bytes]
    width: int
    starts: tuple[int, int]  # bytes before the science and the error array

    @classmethod
    def create(cls, path: Path, headers: list[bytes], shape: tuple[int, int], *, resume: bool) -> _BandFile:
        """Make a file of its full size, sparse where the file system allows it, with its headers."""
        primary, science, error = headers
        data_bytes = _padded(shape[0] * shape[1] * _VALUE_BYTES)
        science_start = len(primary) + len(science)
        error_start = science_start + data_bytes + len(error)
        unfinished = _unfinished(path)
        if resume and path.exists():
            os.replace(path, unfinished)
        mode = "r+b" if resume and unfinished.exists() else "w+b"
        stream = open(unfinished, mode, buffering=0)  # noqa: SIM115 - stays open until `finish`
        file = cls(path, stream, shape[1], (science_start, error_start))
        try:
            stream.truncate(error_start + data_bytes)
            os.pwrite(stream.fileno(), primary + science, 0)
            os.pwrite(stream.fileno(), error, science_start + data_bytes)
        except OSError:
            if resume:
                stream.close()
            else:
                file.remove()
            raise
        return file

    def fill(self, extension: int, region: Region, values: NDArray[np.float32]) -> None:
        """Write big-endian `values` (y, x) to `region` of the science (0) or error (1) array."""
        # Not through a memory map: there a full disk kills the process, here it is an error.
        for row, line in enumerate(values, start=region.y0):
            place = self.starts[extension] + (row * self.width + region.x0) * _VALUE_BYTES
            os.pwrite(self.stream.fileno(), memoryview(line), place)

    def finish(self) -> None:
        """Close the file and give it its final name."""
        if not self.stream.closed:
            self.stream.close()
            os.replace(_unfinished(self.path), self.path)

    def remove(self) -> None:
        """Close and delete the unfinished file."""
        if not self.stream.closed:
            self.stream.close()
            _unfinished(self.path).unlink(missing_ok=True)


def _headers(band: str, shape: tuple[int, int], wcs: WCS, more: Mapping[str, Card]) -> list[bytes]:
    """Headers of the primary, science and error HDU, each padded to whole FITS blocks."""
    axes = [("BITPIX", -8 * _VALUE_BYTES), ("NAXIS", 2), ("NAXIS1", shape[1]), ("NAXIS2", shape[0])]
    image = fits.Header([("XTENSION", "IMAGE"), *axes, ("PCOUNT", 0), ("GCOUNT", 1), ("EXTNAME", "SCI")])
    image.update(wcs.to_header(relax=True))
    image["FILTER"] = band
    image["BUNIT"] = "MJy/sr"
    image["PIXAR_SR"] = (pixel_area_sr(wcs), "area of a pixel in steradian")
    image["PHOTMJSR"] = (1.0, "MJy/sr per unit of this image")
    science, error = image.copy(), image.copy()
    science.update(more)
    error["EXTNAME"] = "ERR"
    primary = fits.PrimaryHDU().header
    primary["EXTEND"] = True
    return [header.tostring().encode("ascii") for header in (primary, science, error)]


def _padded(size: int) -> int:
    """Number of bytes in whole FITS blocks."""
    return -(-size // _FITS_BLOCK) * _FITS_BLOCK


def _unfinished(path: Path) -> Path:
    """Name of a file until it is complete."""
    return path.with_name(f".{path.name}.part")
