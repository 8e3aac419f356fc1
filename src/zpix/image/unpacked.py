"""Where is the plain copy of a compressed file?

A gzip file can only be read from its beginning, and the tiles of a tile-compressed one (`.fits.fz`) usually are whole
rows, so that a window costs its rows across the mosaic. Both are therefore unpacked once, into `zpix-<user id>` in the
system's temporary directory (that of the variable TMPDIR), under a name made from the file's path, size and time of
change, where later runs and other processes find the copy. Unpack the files yourself (gunzip, funpack) where the
temporary directory is small or in memory.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from zpix.disk_space import reason_of, refuse_without_room, size_text
from zpix.errors import InputFileError, OutputError

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 1 << 22
_GZIP_MODULUS = 1 << 32
_GZIP_AT_MOST = 1032  # bytes that one packed byte can stand for


def is_gzip(path: Path) -> bool:
    """Return whether a file is gzip-compressed, whatever its name.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bool
        Whether it begins as gzip files do.
    """
    with open(path, "rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def unpacked(path: Path) -> Path:
    """Return a plain copy of a gzip file; it is made unless it exists.

    Parameters
    ----------
    path : Path
        The gzip file.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    InputFileError
        If the file is truncated or not gzip.
    OutputError
        If there is no room for the copy.
    """

    def copy_bytes(copy: Path) -> None:
        with gzip.open(path, "rb") as packed, open(copy, "wb") as plain:
            shutil.copyfileobj(packed, plain, _CHUNK_BYTES)

    return _made_once(path, copy_bytes, _unpacked_bytes)


def untiled(path: Path) -> Path:
    """Return a copy of a FITS file with plain images for tile-compressed ones; it is made unless it exists.

    Images of whole numbers keep them; others are float32.

    Parameters
    ----------
    path : Path
        The FITS file.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    InputFileError
        If the file is damaged.
    OutputError
        If there is no room for the copy.
    """

    def copy_images(copy: Path) -> None:
        copy.unlink(missing_ok=True)  # StreamingHDU appends to what it finds
        with fits.open(path) as hdus:
            for number, hdu in enumerate(hdus):
                if hdu.is_image and len(hdu.shape) == 2:
                    _append_image(copy, hdu)
                elif number == 0:
                    fits.PrimaryHDU(hdu.data, hdu.header).writeto(copy)
                else:
                    fits.append(copy, hdu.data, hdu.header)

    return _made_once(path, copy_images, _untiled_bytes)


def _append_image(copy: Path, hdu: Any) -> None:
    """Append an image to a FITS file, a few rows at a time: identifiers and bits stay whole numbers."""
    header = hdu.header.copy()
    kind = _plain_type(hdu)
    if kind.kind == "i" and "BLANK" in header:
        header["BLANK"] = int(header["BLANK"]) + int(header.get("BZERO", 0))
    for scaling in ("BSCALE", "BZERO", *(("BLANK",) if kind.kind == "f" else ())):
        header.remove(scaling, ignore_missing=True)
    header["BITPIX"] = (-8 if kind.kind == "f" else 8) * kind.itemsize
    height, width = hdu.shape
    rows = max(_CHUNK_BYTES // (kind.itemsize * max(width, 1)), 1)
    with fits.StreamingHDU(str(copy), header) as stream:
        for start in range(0, height, rows):
            stream.write(np.ascontiguousarray(hdu.section[start : start + rows], kind))


def _plain_type(hdu: Any) -> np.dtype[Any]:
    """Type of the values of an image in its plain copy."""
    stored = hdu.section[:1].dtype if hdu.shape[0] else np.dtype(np.float32)
    if stored.kind not in "iu":
        return np.dtype(np.float32)
    return np.dtype(np.int32 if stored.itemsize < 4 or stored == np.int32 else np.int64)


def _unpacked_bytes(path: Path) -> int:
    """Size of the file in a gzip file, which that gives modulo 4 GiB; a truncated one gives any number."""
    packed = path.stat().st_size
    with open(path, "rb") as stream:
        stream.seek(max(packed - 4, 0))
        size = int.from_bytes(stream.read(4), "little")
    whole = size + (max(packed - size, 0) + _GZIP_MODULUS - 1) // _GZIP_MODULUS * _GZIP_MODULUS
    return min(whole, _GZIP_AT_MOST * packed)


def _untiled_bytes(path: Path) -> int:
    """Size of a FITS file with plain images for tile-compressed ones; headers are small beside them."""
    with fits.open(path, disable_image_compression=True) as hdus:
        images = [hdu.header for hdu in hdus if hdu.header.get("ZIMAGE") and hdu.header.get("ZNAXIS") == 2]
        plain = sum(4 * int(header["ZNAXIS1"]) * int(header["ZNAXIS2"]) for header in images)
        return plain + sum(int(hdu.size) for hdu in hdus if not hdu.header.get("ZIMAGE"))


def _made_once(path: Path, make: Callable[[Path], None], size_of: Callable[[Path], int]) -> Path:
    """The copy of a file that `make` writes and whose size `size_of` tells, unless it was made before."""
    place = _cache_directory()
    state = path.stat()
    key = f"{path.resolve()}|{state.st_size}|{state.st_mtime_ns}|integers stay"
    name = path.name.removesuffix(".gz").removesuffix(".fz")
    copy = place / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}_{name}"
    if copy.exists():
        return copy
    needed_bytes = size_of(path)
    refuse_without_room(place, needed_bytes, f"'{path}' cannot be unpacked", remedy="set TMPDIR to a larger place")
    _log.info("unpacking %s to %s", path, copy)
    unfinished = copy.with_name(f"{copy.name}.{os.getpid()}.part")
    try:
        make(unfinished)
        os.replace(unfinished, copy)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputFileError(f"'{path}' is truncated or damaged: it cannot be unpacked ({error})") from error
    except OSError as error:
        raise OutputError(
            f"'{path}' cannot be unpacked to '{place}': {reason_of(error, copy)}; it needs {size_text(needed_bytes)} "
            "there, so set TMPDIR to a larger place, or unpack it yourself"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return copy


def _cache_directory() -> Path:
    """Directory for the copies of this user; no other user can write to it."""
    place = Path(tempfile.gettempdir()) / f"zpix-{os.getuid()}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make '{place}' for unpacked mosaics: {error.strerror or error}") from error
    if place.stat().st_uid != os.getuid():
        raise OutputError(f"'{place}' belongs to another user: set TMPDIR to a directory of your own")
    return place
