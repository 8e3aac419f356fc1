"""Serve a folder over HTTP with byte ranges, so that `zpix fetch --mirror` can go on after an interruption.

    python examples/archive_server.py FOLDER --port 8000
    python examples/archive_server.py FOLDER -- COMMAND ...       # while COMMAND runs, with ARCHIVE=http://127.0.0.1:PORT

Python's own `http.server` does not support byte ranges. For use on one machine, not on the internet.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO


class RangeHandler(SimpleHTTPRequestHandler):
    """Answers `Range: bytes=N-M`, unless `If-Range` names a version of the file that is not the present one."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        """Send size and version of a file."""
        self.answer(body=False)

    def do_GET(self) -> None:
        """Send a file, or a part of it."""
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        """Send the header, and the body if it is asked for."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            size, version = status.st_size, f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if self.headers.get("If-Range", version) != version:
                asked = None
            start, end = (int(asked[1]), min(int(asked[2] or size), size - 1)) if asked else (0, size - 1)
            if asked and start > end:
                self.send_error(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                return
            self.send_response(HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK)
            if asked:
                self.send_header("Content-Range", f"bytes {start}-{end}/{size}")
            self.send_header("Content-Length", str(end - start + 1))
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", version)
            self.end_headers()
            file.seek(start)
            if body:
                self.send_body(file, end - start + 1)

    def send_body(self, file: BinaryIO, count: int) -> None:
        """Send the next `count` bytes of an open file."""
        while count and (piece := file.read(min(count, 1 << 16))):
            self.wfile.write(piece)
            count -= len(piece)

    def log_message(self, format: str, *arguments: object) -> None:
        """Write no log."""


class QuietServer(ThreadingHTTPServer):
    """Ignores clients that close the connection."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Report errors other than lost connections."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serve(folder: Path, handler: type[RangeHandler] = RangeHandler, *, port: int = 0) -> Iterator[str]:
    """Serve a folder while the block runs, and give its base URL; port 0 is any free one."""
    server = QuietServer(("127.0.0.1", port), partial(handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """Serve a folder until interrupted, or while a command runs."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path, help="folder to serve")
    options.add_argument("--port", type=int, default=0, help="any that is free by default")
    options.add_argument("command", nargs="*", help="serve while this runs, and end with its exit code")
    asked = options.parse_args()
    with serve(asked.folder, port=asked.port) as url:
        if asked.command:
            sys.exit(subprocess.run(asked.command, env={**os.environ, "ARCHIVE": url}, check=False).returncode)
        print(f"{asked.folder} at {url}; Ctrl-C ends it", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
