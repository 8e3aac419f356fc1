"""How is a page looked at from another machine? It is served to this machine alone; a tunnel leads there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from zpix.errors import OutputError


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, format: str, *values: Any) -> None:
        """Say nothing."""


def serve_page(folder: Path, *, port: int, tell: Callable[[str], None]) -> None:
    """Serve a page on the loopback interface until interrupted.

    Parameters
    ----------
    folder : Path
        Directory of the page.
    port : int
        Port; 0 for any free one.
    tell : callable
        Is given the address once it answers.

    Raises
    ------
    OutputError
        If the port cannot be used.
    """
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(folder)))
    except (OSError, OverflowError) as error:
        raise OutputError(f"port {port}: cannot be used: {error}; choose another, or 0 for any free one") from None
    with server:
        tell(f"http://127.0.0.1:{server.server_address[1]}/")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
