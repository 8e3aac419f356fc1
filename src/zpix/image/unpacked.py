"""Where is the plain copy of a gzip-compressed file?

A gzip file can only be read from its beginning, so windows of a `.fits.gz` mosaic need it unpacked. This is
done once, into `zpix-<user id>` in the system's temporary directory (the variable TMPDIR moves it), under a
name made from the file's path, size and time of change: later runs and other processes find the copy there.
Unpack files for good (gunzip) where the temporary directory is small or kept in memory.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import shutil
import tempfile
import zlib
from pathlib import Path

from zpix.errors import InputFileError, OutputError

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 1 << 22


def is_gzip(path: Path) -> bool:
    """Whether a file is gzip-compressed, whatever its name."""
    with open(path, "rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def unpacked(path: Path) -> Path:
    """A plain copy of the gzip file `path`, made unless it exists.

    Raises
    ------
    InputFileError
        If the file is truncated or not gzip.
    OutputError
        If there is no room for the copy.
    """
    place = _cache_directory()
    state = path.stat()
    key = f"{path.resolve()}|{state.st_size}|{state.st_mtime_ns}"
    copy = place / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}_{path.name.removesuffix('.gz')}"
    if copy.exists():
        return copy
    _log.info("unpacking %s to %s", path, copy)
    unfinished = copy.with_name(f"{copy.name}.{os.getpid()}.part")
    try:
        with gzip.open(path, "rb") as packed, open(unfinished, "wb") as plain:
            shutil.copyfileobj(packed, plain, _CHUNK_BYTES)
        os.replace(unfinished, copy)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputFileError(f"'{path}' is truncated or damaged: it cannot be unpacked ({error})") from error
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"cannot unpack '{path}' to '{place}' ({reason}): set TMPDIR to another") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return copy


def _cache_directory() -> Path:
    """This user's own directory for copies; nobody else can put files there."""
    place = Path(tempfile.gettempdir()) / f"zpix-{os.getuid()}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make '{place}' for unpacked mosaics: {error.strerror or error}") from error
    if place.stat().st_uid != os.getuid():
        raise OutputError(f"'{place}' belongs to another user: set TMPDIR to a directory of your own")
    return place
