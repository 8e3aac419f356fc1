"""How are windows of a FITS image read without reading all of it?

Of each row only the part inside the window is read, so memory does not grow with the number of windows. Compressed
files are unpacked once (`zpix.image.unpacked`).
"""

from __future__ import annotations

import errno
import os
import re
import warnings
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS, WcsError
from numpy.typing import NDArray

from zpix.errors import InputFileError
from zpix.image.grids import celestial_frame
from zpix.image.regions import Region
from zpix.image.unpacked import is_gzip, unpacked, untiled

_IMAGES = (fits.PrimaryHDU, fits.ImageHDU)
_SIP = re.compile(r"(A|B|AP|BP)_(ORDER|DMAX|\d+_\d+)")
_DTYPES = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}  # of BITPIX


class OpenFile:
    """A file that is open for reading until the last reference to it is gone.

    Parameters
    ----------
    path : Path
        The file.

    Attributes
    ----------
    number : int
        File descriptor.
    """

    def __init__(self, path: Path) -> None:
        self.number = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self.number)


@dataclass(frozen=True)
class PlainArray:
    """An uncompressed FITS image; of each row only the part inside a window is read.

    The file stays open and is not memory-mapped: a map would cost more time, in page faults, and its pages would count
    as memory of each process.

    Attributes
    ----------
    shape : (ny, nx)
        Size in pixels.
    dtype : numpy dtype
        Type of the values, in the file's byte order.
    file : OpenFile
        The file.
    start : int, bytes
        Where the image begins in the file.
    scale, zero : float
        FITS keywords BSCALE and BZERO.
    blank : int or None
        FITS keyword BLANK.
    """

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    file: OpenFile
    start: int
    scale: float
    zero: float
    blank: int | None

    def read_into(self, region: Region, out: NDArray[np.float32]) -> None:
        """Copy a region into an array.

        Parameters
        ----------
        region : Region
            Inside the image.
        out : (y, x) float32
            Array to fill; NaN where the image is BLANK.

        Raises
        ------
        OSError
            If the file became shorter after it was opened.
        """
        stored = self._stored(region)
        with np.errstate(over="ignore", invalid="ignore"):
            out[...] = stored
        if (self.scale, self.zero) != (1.0, 0.0):
            out[...] = stored * self.scale + self.zero
        if self.blank is not None:
            out[stored == self.blank] = np.nan

    def read_integers(self, region: Region) -> NDArray[np.int64]:
        """Read a region as whole numbers, exactly: identifiers or bits.

        Parameters
        ----------
        region : Region
            Inside the image.

        Returns
        -------
        (y, x) int64
            Values; 0 where the image is BLANK or not finite.

        Raises
        ------
        OSError
            If the file became shorter after it was opened.
        """
        stored = self._stored(region)
        whole: NDArray[np.int64]
        if stored.dtype.kind == "f" or self.scale != 1.0 or not float(self.zero).is_integer():
            values = np.where(np.isfinite(stored), stored, 0).astype(np.float64) * self.scale + self.zero
            whole = np.rint(values).astype(np.int64)
        else:
            whole = stored.astype(np.int64)
            whole += int(self.zero)  # of unsigned integers
        if self.blank is not None:
            whole[stored == self.blank] = 0
        return whole

    def _stored(self, region: Region) -> NDArray[Any]:
        """The values of a region as they are in the file."""
        values = np.empty(region.shape, self.dtype)
        if not values.size:
            return values
        whole_rows = region.width == self.shape[1]
        buffer = values.reshape(-1).view(np.uint8).data
        row_bytes = self.shape[1] * self.dtype.itemsize
        piece_bytes = len(buffer) if whole_rows else region.width * self.dtype.itemsize
        place = self.start + region.y0 * row_bytes + region.x0 * self.dtype.itemsize
        file, read = self.file.number, os.preadv
        for begin in range(0, len(buffer), piece_bytes):
            piece = buffer[begin : begin + piece_bytes]
            count = read(file, [piece], place)
            while count < piece_bytes:  # a read may return fewer bytes than were asked for
                more = read(file, [piece[count:]], place + count)
                if not more:
                    raise OSError(errno.EIO, "the file has become shorter while it was read")
                count += more
            place += row_bytes
        return values


class FitsFile:
    """The HDUs of a FITS file that was checked to be complete.

    The file is opened again when its first image is read, and stays open.

    Parameters
    ----------
    path : Path
        Plain, gzip-compressed, or with tile-compressed images.

    Attributes
    ----------
    path : Path
        The file.
    headers : list of astropy Header
        Headers of the HDUs.
    names : list of str
        Upper-case names of the HDUs, empty for those without a name.
    shapes : list of tuple of int
        Shapes of the images without leading axes of one pixel, empty for HDUs without an image.
    remarks : list of str
        What the user should know of the file and of the parts of it that were asked for.

    Raises
    ------
    InputFileError
        If the file is missing, not FITS, or truncated. Complete data without the padding to whole blocks are read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise InputFileError(f"'{path}' is not a file" if path.exists() else f"'{path}' does not exist")
        self.remarks: list[str] = []
        self._local = unpacked(path) if is_gzip(path) else path
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what astropy warns of, such as truncation, is an error here
            try:
                self._read_structure()
                self._refuse_truncated()
                if any(header.get("ZIMAGE") for header in self.headers):
                    self._local = untiled(self._local)
                    self._read_structure()
            except OSError as error:
                raise InputFileError(f"'{path}' is not a FITS file, or its header is damaged") from error
        self._file: OpenFile | None = None

    def image(self, index: int) -> PlainArray:
        """Return the image of an HDU.

        Parameters
        ----------
        index : int
            Number of the HDU, from 0.

        Returns
        -------
        PlainArray
            The image, which is read later.

        Raises
        ------
        InputFileError
            If there is no such HDU, or no two-dimensional image with at least one pixel in it.
        """
        if index >= len(self.headers):
            raise InputFileError(f"'{self.path}' has no HDU {index}: it ends with HDU {len(self.headers) - 1}")
        shape = self.shapes[index]
        if len(shape) != 2 or 0 in shape:
            found = f"an array of shape {shape}" if shape else "no image"
            raise InputFileError(
                f"'{self.path}' has {found} in HDU {index} ({self.names[index] or 'unnamed'}): a mosaic has "
                "two dimensions and at least one pixel"
            )
        return self._plain_array(index)

    def wcs(self, index: int) -> WCS:
        """Return the celestial WCS of an HDU.

        Parameters
        ----------
        index : int
            Number of the HDU, from 0.

        Returns
        -------
        astropy WCS
            Celestial and two-dimensional.

        Raises
        ------
        InputFileError
            If its header has none, or a contradictory one.
        """
        header = _without_unused_distortion(self.headers[index], self._remark)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # dates that wcslib completes, keywords of other conventions
            try:
                wcs = WCS(header)
                wcs.wcs.set()
            except (ValueError, KeyError, AssertionError, WcsError) as error:  # AssertionError: a table of distortions
                reason = str(error).strip().splitlines()[0]
                raise InputFileError(f"'{self.path}' has a WCS in HDU {index} that cannot be used: {reason}") from error
        if not wcs.has_celestial:
            raise InputFileError(f"'{self.path}' has no celestial WCS in HDU {index}: zpix needs sky positions")
        return self._in_known_frame(wcs.celestial, index)

    def _in_known_frame(self, wcs: WCS, index: int) -> WCS:
        """The WCS, if its positions can be turned into ICRS; RADESYS that FITS does not know is taken as ICRS."""
        if celestial_frame(wcs) is not None:
            return wcs
        if wcs.wcs.lngtyp != "RA":
            raise InputFileError(
                f"'{self.path}' has a WCS in HDU {index} with axes {' and '.join(wcs.wcs.ctype)}: zpix turns right "
                "ascension and declination or galactic coordinates into ICRS"
            )
        self._remark(f"RADESYS is '{wcs.wcs.radesys}', which is none of ICRS, FK5 and FK4: positions are taken as ICRS")
        wcs.wcs.radesys = "ICRS"
        wcs.wcs.set()
        return wcs

    def _remark(self, sentence: str) -> None:
        """Keep a remark once."""
        if sentence not in self.remarks:
            self.remarks.append(sentence)

    def _read_structure(self) -> None:
        """Note headers, names, shapes and places of all HDUs; tile-compressed images are tables here."""
        with fits.open(self._local, memmap=True, disable_image_compression=True) as hdus:
            everything = list(hdus)
            self.headers = [hdu.header.copy() for hdu in everything]
            self.names = [hdu.name.upper() for hdu in everything]
            self.shapes = [_plane(hdu.shape) if isinstance(hdu, _IMAGES) else () for hdu in everything]
            self._starts = [hdu.fileinfo()["datLoc"] for hdu in everything]
            self._end_of_data = self._starts[-1] + everything[-1].size
            self._end = self._starts[-1] + everything[-1].fileinfo()["datSpan"]  # with the padding to whole blocks

    def _refuse_truncated(self) -> None:
        """Raise an `InputFileError` if the file ends before the data of its last HDU do."""
        size = self._local.stat().st_size
        with open(self._local, "rb") as stream:
            stream.seek(self._end)
            unfinished_header = stream.read(8) == b"XTENSION"  # complete ones are among the HDUs
        if self._end_of_data > size or unfinished_header:
            raise InputFileError(f"'{self.path}' is truncated: it ends after {size} bytes, before its last HDU does")
        if self._end > size:
            self._remark("the file ends without the padding of its last block, and is read: its data are complete")

    def _plain_array(self, index: int) -> PlainArray:
        """The image of an HDU that has one."""
        if self._file is None:
            self._file = OpenFile(self._local)
        header, (height, width) = self.headers[index], self.shapes[index]
        blank = header.get("BLANK") if header["BITPIX"] > 0 else None
        return PlainArray(
            (height, width),
            np.dtype(_DTYPES[header["BITPIX"]]),
            self._file,
            self._starts[index],
            header.get("BSCALE", 1.0),
            header.get("BZERO", 0.0),
            blank,
        )


def _plane(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of an image without leading axes of one pixel, such as that of a cube of one plane."""
    while len(shape) > 2 and shape[0] == 1:
        shape = shape[1:]
    return tuple(shape)


def _without_unused_distortion(header: fits.Header, remark: Callable[[str], None]) -> fits.Header:
    """The header without SIP coefficients that CTYPE does not ask for: drizzling has removed what they describe."""
    axes = [str(header.get(f"CTYPE{axis}", "")) for axis in (1, 2)]
    unused = [key for key in header if _SIP.fullmatch(key)]
    if not unused or any(axis.endswith("-SIP") for axis in axes):
        return header
    remark(f"SIP coefficients such as {unused[-1]} are not applied: CTYPE1 is '{axes[0]}', without -SIP")
    without = header.copy()
    for key in unused:
        del without[key]
    return without
