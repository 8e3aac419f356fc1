"""Is there room on the disk, and how much is missing?"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeGuard

from zpix.errors import OutputError


def size_text(count: float) -> str:
    """Write a number of bytes for a message.

    Parameters
    ----------
    count : float, bytes
        The number.

    Returns
    -------
    str
        In kB, MB, GB or TB.

    Examples
    --------
    >>> size_text(1_258_000), size_text(23e9)
    ('1.3 MB', '23.0 GB')
    """
    units = ("kB", "MB", "GB", "TB")
    power = next((power for power in range(1, len(units)) if count < 1000 ** (power + 1)), len(units))
    return f"{count / 1000**power:.1f} {units[power - 1]}"


def refuse_without_room(place: str | Path, needed_bytes: float, what: str, *, remedy: str) -> None:
    """Refuse to begin work whose output does not fit on its disk.

    Parameters
    ----------
    place : str or Path
        Directory of the output, which need not exist yet.
    needed_bytes : float
        How much is written there at the least.
    what : str
        Beginning of the message: what cannot be done.
    remedy : str
        End of the message: what the user can do.

    Raises
    ------
    OutputError
        If less is free there.
    """
    free = shutil.disk_usage(_existing(Path(os.path.abspath(place)))).free
    if free < needed_bytes:
        raise OutputError(
            f"{what}: it needs {size_text(needed_bytes)} in '{place}', where {size_text(free)} are free; {remedy}"
        )


def is_full_disk(error: BaseException) -> TypeGuard[OSError]:
    """Return whether an error says that the disk, or the user's share of it, is full.

    Parameters
    ----------
    error : BaseException
        Any error.

    Returns
    -------
    bool
        Whether it does.
    """
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def reason_of(error: OSError, path: str | Path) -> str:
    """Return why a file cannot be written, and on a full disk how much is free there.

    Parameters
    ----------
    error : OSError
        What the system said.
    path : str or Path
        The file or directory.

    Returns
    -------
    str
        Such as "No space left on device (12.0 kB are free in '/data')".
    """
    reason = str(error.strerror or error)
    if not is_full_disk(error):
        return reason
    place = _existing(Path(os.path.abspath(path)).parent)
    return f"{reason} ({size_text(shutil.disk_usage(place).free)} are free in '{place}')"


@contextmanager
def told_if_full(path: str | Path, *, remedy: str = "") -> Iterator[None]:
    """Turn the error of a full disk inside the context, if it names no file itself, into a sentence about the place.

    Parameters
    ----------
    path : str or Path
        What is written.
    remedy : str, optional
        End of the message: what is needed, and what the user can do.

    Raises
    ------
    OutputError
        If the disk is full.
    """
    try:
        yield
    except OSError as error:
        if not is_full_disk(error) or error.filename is not None:
            raise
        end = f"; {remedy}" if remedy else ""
        raise OutputError(f"{path}: cannot be written: {reason_of(error, path)}{end}") from error


def _existing(place: Path) -> Path:
    """The directory, or the one above it that exists."""
    while not place.exists():
        place = place.parent
    return place
