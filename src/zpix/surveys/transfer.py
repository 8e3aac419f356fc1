"""How does a file come from a server, although connections break?

Bytes go to the end of a file beside the final one; after an interruption, of the connection or of the program, the rest
is asked for (HTTP ranges). Written with the standard library: of the usual packages, pooch begins anew each time, and
requests would leave the same things to do.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from zpix.errors import DownloadError, OutputError

_TIMEOUT_S = 60.0
_TRIES = 5  # in a row that bring nothing
_FIRST_WAIT_S = 1.0  # before the second try; it doubles each time
_CHUNK = 1 << 18
_PASSING = (408, 425, 429, 500, 502, 503, 504)  # states of a server that are worth another try
_NO_HEAD = (403, 405, 501)  # of one that only takes GET
_LONGEST_WAIT_S = 120.0


class _Refused(DownloadError):
    """A server's final word."""

    def __init__(self, url: str, error: HTTPError) -> None:
        super().__init__(f"{url}: cannot be fetched: the server says {error.code} {error.reason}")
        self.state = error.code


@dataclass(frozen=True)
class Served:
    """What a server says about a file.

    size : bytes
    version : ETag or date of the last change, empty if it says neither
    """

    url: str
    size: int
    version: str


def ask(url: str) -> Served:
    """Size and version of the file at `url`.

    Raises
    ------
    DownloadError
        If there is no such file, no server that answers, or no word of the size.
    """

    failures = 0
    while True:
        try:
            return _ask_once(url)
        except (OSError, HTTPException) as error:
            failures += 1
            _wait_or_give_up(failures, url, error)


def _ask_once(url: str) -> Served:
    """By HEAD, and where a server does not take that, by asking for the first byte."""
    try:
        answer = _open(url, method="HEAD")
    except _Refused as refused:
        if refused.state not in _NO_HEAD:
            raise
        answer = _open(url, Range="bytes=0-0")
    with answer:
        return Served(url, _total(answer, url), answer.headers["ETag"] or answer.headers["Last-Modified"] or "")


def transfer(served: Served, part: Path, *, anew: bool, progress: Callable[[int], None]) -> None:
    """Complete the file `part`, which holds the first bytes of what is served.

    Parameters
    ----------
    anew : whether what `part` holds is of something else, and does not count
    progress : called with the number of bytes that are here

    Raises
    ------
    DownloadError
        If the server stops answering, has another file by now, or sends another size; what has come stays.
    OutputError
        If `part` cannot be written, or another process is writing to it.
    """
    try:
        file = part.open("ab", buffering=0)
    except OSError as error:
        raise OutputError(f"{part}: cannot be written: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutputError(f"{part}: another process is fetching this file") from None
        if anew:
            file.truncate(0)
            file.seek(0)
        failures, most = 0, file.tell()
        while file.tell() < served.size:
            reason: Exception = ConnectionError(f"it ended at {file.tell()} of {served.size} bytes")
            try:
                _append(served, file, progress)
            except (OSError, HTTPException) as error:
                reason = error
            failures = 0 if file.tell() > most else failures + 1
            most = max(most, file.tell())
            if file.tell() < served.size and failures:
                _wait_or_give_up(failures, served.url, reason, "; what has come is kept, and the same command goes on")
        os.fsync(file.fileno())


def _append(served: Served, file: BinaryIO, progress: Callable[[int], None]) -> None:
    """One request for all that is missing; what has come when the connection breaks stays."""
    have = file.tell()
    headers = {}
    if have:
        headers["Range"] = f"bytes={have}-"
        if served.version and not served.version.startswith("W/"):  # weak ones are not allowed here
            headers["If-Range"] = served.version
    with _open(served.url, **headers) as answer:
        if have and answer.status != 206:  # the server knows no ranges, or has another version
            file.truncate(0)
            file.seek(0)
        total = _total(answer, served.url)
        if total != served.size:
            raise DownloadError(f"{served.url}: the server sends {total} bytes, but announced {served.size}")
        while piece := answer.read1(_CHUNK):
            try:
                file.write(piece)
            except OSError as error:
                raise OutputError(f"{file.name}: cannot be written: {error.strerror}") from None
            progress(file.tell())


def _open(url: str, *, method: str = "GET", **headers: str) -> HTTPResponse:
    request = Request(url, method=method, headers={"User-Agent": "zpix", "Accept-Encoding": "identity", **headers})
    try:
        return urlopen(request, timeout=_TIMEOUT_S)
    except HTTPError as error:
        if error.code in _PASSING:
            raise
        raise _Refused(url, error) from None


def _total(answer: HTTPResponse, url: str) -> int:
    """Size of the whole file, of which a part may be sent."""
    ranges = re.fullmatch(r"bytes \d+-\d+/(\d+)", answer.headers["Content-Range"] or "")
    size = ranges[1] if ranges else answer.headers["Content-Length"]
    if size is None:
        raise DownloadError(f"{url}: cannot be fetched: the server does not say how large the file is")
    return int(size)


def _wait_or_give_up(failures: int, url: str, error: Exception, advice: str = "") -> None:
    if failures < _TRIES:
        wished = error.headers.get("Retry-After", "") if isinstance(error, HTTPError) else ""
        wait = _FIRST_WAIT_S * max(2.0 ** (failures - 1), float(wished) if wished.isdigit() else 0.0)
        time.sleep(min(wait, _LONGEST_WAIT_S))
        return
    reason = error if isinstance(error, HTTPError) else getattr(error, "reason", error)
    if isinstance(reason, socket.gaierror):
        reason = "there is no such server, or no network"
    elif isinstance(reason, OSError) and reason.strerror:
        reason = reason.strerror
    raise DownloadError(f"{url}: cannot be fetched: {reason} ({_TRIES} tries){advice}") from None
