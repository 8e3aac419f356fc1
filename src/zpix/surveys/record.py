"""What was fetched into a folder, and is it still the same?

The file `fetched.json` beside the files holds the URL, size and SHA-256 of each, and the version of those that have
begun to come.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zpix.errors import DownloadError, InputFileError
from zpix.outputs import whole_file

_NAME = "fetched.json"
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}  # by the digits of a checksum


@dataclass(frozen=True)
class Fetched:
    """A file that is whole."""

    url: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """The `fetched.json` of a folder.

    whole : files that are complete, by name
    begun : version of the files that are not, by name, as the server called it
    """

    folder: Path
    whole: dict[str, Fetched] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def read(folder: Path) -> Record:
        """The record of a folder; an empty one if there is none.

        Raises
        ------
        DownloadError
            If there is one that cannot be read.
        """
        path = folder / _NAME
        if not path.exists():
            return Record(folder)
        try:
            stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
            whole = {name: Fetched(**values) for name, values in stored["whole"].items()}
            return Record(folder, whole, dict(stored["begun"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DownloadError(f"{path}: is no record of zpix fetch; delete it to check the files anew") from None

    def begin(self, name: str, version: str) -> None:
        """Note which version of a file is about to come."""
        self.begun[name] = version
        self._write()

    def finish(self, name: str, fetched: Fetched) -> None:
        """Note a file as whole."""
        self.whole[name] = fetched
        self.begun.pop(name, None)
        self._write()

    def _write(self) -> None:
        stored = {"whole": {name: asdict(fetched) for name, fetched in self.whole.items()}, "begun": self.begun}
        with whole_file(self.folder / _NAME) as path:
            path.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


def checksum(path: Path, algorithm: str, *, progress: Callable[[int], None] = lambda done: None) -> str:
    """Hexadecimal checksum of a file; `progress` is called with the number of bytes read."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            progress(file.tell())
    return digest.hexdigest()


def algorithm_of(expected: str, name: str) -> str:
    """Algorithm of a hexadecimal checksum by its length.

    Raises
    ------
    InputFileError
        If it is of none.
    """
    if len(expected) not in _ALGORITHMS or not re.fullmatch(r"[0-9a-f]+", expected):
        raise InputFileError(f"'{expected}' is no checksum of {name}: allowed are MD5, SHA-1 and SHA-256 as hex digits")
    return _ALGORITHMS[len(expected)]


def read_checksums(checksums: str | Path | Mapping[str, str]) -> dict[str, str]:
    """Checksums by file name, from a file such as `sha256sum` or `md5sum` writes, or given as they are.

    Raises
    ------
    InputFileError
        If the file is missing or a line of it is something else.
    """
    if isinstance(checksums, Mapping):
        found = {name: value.lower() for name, value in checksums.items()}
    else:
        try:
            lines = Path(checksums).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise InputFileError(f"{checksums}: cannot be read as a list of checksums") from None
        found = {}
        for line in filter(str.strip, lines):
            match = re.fullmatch(r"([0-9A-Fa-f]+) [ *](.+)", line)
            if match is None:
                raise InputFileError(f"{checksums}: '{line}' is no line of sha256sum or md5sum")
            found[Path(match[2]).name] = match[1].lower()
    for name, value in found.items():
        algorithm_of(value, name)
    return found
