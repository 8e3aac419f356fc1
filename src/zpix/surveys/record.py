"""What was downloaded to a folder, and is it still the same?

The file `fetched.json` beside the files has the URL, size and SHA-256 of each complete file, and the version of those
that are incomplete.
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
    """A complete file.

    Attributes
    ----------
    url : str
        Where it was downloaded from.
    size : int, bytes
        Its size.
    sha256 : str
        Its checksum, in hexadecimal digits.
    """

    url: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """The `fetched.json` of a folder.

    Attributes
    ----------
    folder : Path
        The folder.
    whole : dict of str to Fetched
        Complete files, by name.
    begun : dict of str to str
        Version on the server of the incomplete files, by name.
    """

    folder: Path
    whole: dict[str, Fetched] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def read(folder: Path) -> Record:
        """Read the record of a folder.

        Parameters
        ----------
        folder : Path
            The folder.

        Returns
        -------
        Record
            Empty if the folder has none.

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
            raise DownloadError(f"{path}: not a record of zpix fetch; delete it to check the files again") from None

    def begin(self, name: str, version: str) -> None:
        """Record which version of a file is being downloaded.

        Parameters
        ----------
        name : str
            Name of the file.
        version : str
            Its version on the server.
        """
        self.begun[name] = version
        self._write()

    def finish(self, name: str, fetched: Fetched) -> None:
        """Record that a file is complete.

        Parameters
        ----------
        name : str
            Name of the file.
        fetched : Fetched
            Its URL, size and checksum.
        """
        self.whole[name] = fetched
        self.begun.pop(name, None)
        self._write()

    def _write(self) -> None:
        """Write `fetched.json`."""
        stored = {"whole": {name: asdict(fetched) for name, fetched in self.whole.items()}, "begun": self.begun}
        with whole_file(self.folder / _NAME) as path:
            path.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


def checksum(path: Path, algorithm: str, *, progress: Callable[[int], None] = lambda done: None) -> str:
    """Compute the checksum of a file.

    Parameters
    ----------
    path : Path
        The file.
    algorithm : {"md5", "sha1", "sha256"}
        Kind of checksum.
    progress : callable, optional
        Called with the number of bytes read.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            progress(file.tell())
    return digest.hexdigest()


def algorithm_of(expected: str, name: str) -> str:
    """Return the algorithm of a checksum by its length.

    Parameters
    ----------
    expected : str
        Hexadecimal digits.
    name : str
        File that it belongs to, for the message.

    Returns
    -------
    {"md5", "sha1", "sha256"}
        The algorithm.

    Raises
    ------
    InputFileError
        If it is not the checksum of a known algorithm.
    """
    if len(expected) not in _ALGORITHMS or not re.fullmatch(r"[0-9a-f]+", expected):
        raise InputFileError(
            f"'{expected}' is not a checksum of {name}: allowed are MD5, SHA-1 and SHA-256 as hex digits"
        )
    return _ALGORITHMS[len(expected)]


def read_checksums(checksums: str | Path | Mapping[str, str]) -> dict[str, str]:
    """Read checksums by file name.

    Parameters
    ----------
    checksums : mapping of str to str, str or Path
        Checksums by file name, or a file as `sha256sum` or `md5sum` writes it.

    Returns
    -------
    dict of str to str
        Checksums in lower case, by file name.

    Raises
    ------
    InputFileError
        If the file is missing, or a line of it is not a checksum and a name.
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
                raise InputFileError(f"{checksums}: '{line}' is not a line of sha256sum or md5sum")
            found[Path(match[2]).name] = match[1].lower()
    for name, value in found.items():
        algorithm_of(value, name)
    return found
