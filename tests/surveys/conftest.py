"""A local archive whose server can fail in every way that servers do."""

from __future__ import annotations

import runpy
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from zpix.surveys import RELEASES

EXAMPLES = Path(__file__).parents[2] / "examples"
FILE_BYTES = 300_000
SERVER: dict[str, Any] = runpy.run_path(str(EXAMPLES / "archive_server.py"))


@dataclass
class Archive:
    """A folder that is served, the requests it got, and how it fails.

    requests : (method, file name, first byte) of each request
    drops : bytes after which the connection breaks, for the next requests of bodies; each counts once
    wrong_size : bytes added to the sizes that GET, not HEAD, states
    heads, ranges, versions : whether the server supports them
    bytes_per_second : how fast it is
    errors : HTTP states to answer the next requests with; each counts once
    """

    folder: Path
    url: str = ""
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    drops: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    wrong_size: int = 0
    heads: bool = True
    ranges: bool = True
    versions: bool = True
    bytes_per_second: float = np.inf

    def bodies(self) -> list[tuple[str, int]]:
        """Names and first bytes of the bodies that were requested."""
        return [(name, start) for method, name, start in self.requests if method == "GET"]


@pytest.fixture
def archive(tmp_path, monkeypatch) -> Iterator[Archive]:
    """All files of JADES DR2 and GalaxiesML with the right beginning and noise after it; retries wait for nothing."""
    monkeypatch.setattr("zpix.surveys.transfer._FIRST_WAIT_S", 0.0)
    monkeypatch.delenv("ZPIX_CACHE", raising=False)
    archive = Archive(tmp_path / "archive")
    rng = np.random.default_rng(0)
    for release, beginning in (("jades-dr2", b"SIMPLE  =    T"), ("galaxiesml", b"\x89HDF\r\n\x1a\n")):
        for file in RELEASES[release].files:
            path = archive.folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(beginning + rng.bytes(FILE_BYTES - len(beginning)))
    with SERVER["serve"](archive.folder, handler_of(archive)) as archive.url:
        yield archive


def handler_of(archive: Archive) -> type:
    """A handler that records requests, and fails as its archive says."""

    class Handler(SERVER["RangeHandler"]):
        def answer(self, *, body: bool) -> None:
            if not archive.ranges:
                del self.headers["Range"]
            asked = self.headers.get("Range", "bytes=0-")
            archive.requests.append((self.command, Path(self.path).name, int(asked[6:].split("-")[0])))
            if self.command == "HEAD" and not archive.heads:
                self.send_error(405)
                return
            if archive.errors:
                state = archive.errors.pop(0)
                self.send_response(state)
                self.send_header("Retry-After", "1")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            super().answer(body=body)

        def send_header(self, keyword: str, value: str) -> None:
            if keyword == "ETag" and not archive.versions:
                return
            if keyword == "Content-Length" and self.command == "GET" and archive.wrong_size:
                value = str(int(value) + archive.wrong_size)
            super().send_header(keyword, value)

        def send_body(self, file: BinaryIO, count: int) -> None:
            allowed = min(archive.drops.pop(0), count) if archive.drops else count
            self.close_connection = allowed < count
            while allowed and (piece := file.read(min(4096, allowed))):
                self.wfile.write(piece)
                allowed -= len(piece)
                if np.isfinite(archive.bytes_per_second):
                    time.sleep(len(piece) / archive.bytes_per_second)

    return Handler
