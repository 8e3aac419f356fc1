"""How is a file downloaded when connections break?

Bytes are appended to a file beside the final one; after an interruption, of the connection or of the program, only the
rest is requested (HTTP ranges). This uses the standard library: pooch starts again from the beginning each time, and
with requests this code would be the same.
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
_TRIES = 5  # in a row that give no bytes
_FIRST_WAIT_S = 1.0  # before the second try; it doubles each time
_CHUNK = 1 << 18
_PASSING = (408, 425, 429, 500, 502, 503, 504)  # HTTP states after which a request is repeated
_NO_HEAD = (403, 405, 501)  # HTTP states of a server that answers GET, but not HEAD
_LONGEST_WAIT_S = 120.0


class _RefusedError(DownloadError):
    """An answer of a server after which the request is not repeated."""

    def __init__(self, url: str, error: HTTPError) -> None:
        super().__init__(f"{url}: cannot be downloaded: the server answers {error.code} {error.reason}")
        self.state = error.code


@dataclass(frozen=True)
class Served:
    """What a server says of a file.

    Attributes
    ----------
    url : str
        Address of the file.
    size : int, bytes
        Size of the file.
    version : str
        ETag or date of the last change; empty if the server states neither.
    """

    url: str
    size: int
    version: str


def ask(url: str) -> Served:
    """Ask a server for the size and version of a file.

    Parameters
    ----------
    url : str
        Address of the file.

    Returns
    -------
    Served
        Size and version.

    Raises
    ------
    DownloadError
        If there is no such file, the server does not answer, or it does not state the size.
    """
    failures = 0
    while True:
        try:
            return _ask_once(url)
        except (OSError, HTTPException) as error:
            failures += 1
            _wait_or_give_up(failures, url, error)


def _ask_once(url: str) -> Served:
    """Ask with HEAD, or else by a request for the first byte."""
    try:
        answer = _open(url, method="HEAD")
    except _RefusedError as refused:
        if refused.state not in _NO_HEAD:
            raise
        answer = _open(url, Range="bytes=0-0")
    with answer:
        return Served(url, _total(answer, url), answer.headers["ETag"] or answer.headers["Last-Modified"] or "")


def transfer(served: Served, part: Path, *, anew: bool, progress: Callable[[int], None]) -> None:
    """Download what is missing of a file.

    Parameters
    ----------
    served : Served
        The file on the server.
    part : Path
        Incomplete file on disk, which has its first bytes.
    anew : bool
        Whether to start from the beginning, since `part` is of another file.
    progress : callable
        Called with the number of bytes on disk.

    Raises
    ------
    DownloadError
        If the server stops answering, has another file now, or sends another size; the bytes on disk are kept.
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
            raise OutputError(f"{part}: another process is downloading this file") from None
        if anew:
            file.truncate(0)
            file.seek(0)
        failures, most = 0, file.tell()
        while file.tell() < served.size:
            reason: Exception = ConnectionError(f"the connection ended after {file.tell()} of {served.size} bytes")
            try:
                _append(served, file, progress)
            except (OSError, HTTPException) as error:
                reason = error
            failures = 0 if file.tell() > most else failures + 1
            most = max(most, file.tell())
            if file.tell() < served.size and failures:
                _wait_or_give_up(failures, served.url, reason, "; the same command continues the download")
        os.fsync(file.fileno())


def _append(served: Served, file: BinaryIO, progress: Callable[[int], None]) -> None:
    """Append the rest of a file with one request; what was received before the connection breaks is kept."""
    have = file.tell()
    headers = {}
    if have:
        headers["Range"] = f"bytes={have}-"
        if served.version and not served.version.startswith("W/"):  # weak ETags are not allowed here
            headers["If-Range"] = served.version
    with _open(served.url, **headers) as answer:
        if have and answer.status != 206:  # the server does not support ranges, or has another version
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
    """Send a request."""
    request = Request(url, method=method, headers={"User-Agent": "zpix", "Accept-Encoding": "identity", **headers})
    try:
        answer: HTTPResponse = urlopen(request, timeout=_TIMEOUT_S)
    except HTTPError as error:
        if error.code in _PASSING:
            raise
        raise _RefusedError(url, error) from None
    return answer


def _total(answer: HTTPResponse, url: str) -> int:
    """Size of the complete file, of which the answer may be a part."""
    ranges = re.fullmatch(r"bytes \d+-\d+/(\d+)", answer.headers["Content-Range"] or "")
    size = ranges[1] if ranges else answer.headers["Content-Length"]
    if size is None:
        raise DownloadError(f"{url}: cannot be downloaded: the server does not state the size of the file")
    return int(size)


def _wait_or_give_up(failures: int, url: str, error: Exception, advice: str = "") -> None:
    """Wait before the next try, or raise a `DownloadError` after the last."""
    if failures < _TRIES:
        wished = error.headers.get("Retry-After", "") if isinstance(error, HTTPError) else ""
        wait = _FIRST_WAIT_S * max(2.0 ** (failures - 1), float(wished) if wished.isdigit() else 0.0)
        time.sleep(min(wait, _LONGEST_WAIT_S))
        return
    reason = error if isinstance(error, HTTPError) else getattr(error, "reason", error)
    if isinstance(reason, socket.gaierror):
        reason = "the server does not exist, or there is no network"
    elif isinstance(reason, OSError) and reason.strerror:
        reason = reason.strerror
    raise DownloadError(f"{url}: cannot be downloaded: {reason} ({_TRIES} tries){advice}") from None
