"""How is a release of a survey downloaded, each file once?

A file is called `NAME.part` until it is complete. A complete file is never downloaded again: its checksum is compared
with the one that was recorded when it was downloaded.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from zpix.errors import ConfigError, DownloadError, OutputError
from zpix.progress import progress_bar
from zpix.surveys.manifest import RemoteFile, release
from zpix.surveys.record import Fetched, Record, algorithm_of, checksum, read_checksums
from zpix.surveys.transfer import Served, ask, transfer

# First bytes of the files: pages with a login or an error begin otherwise.
_BEGINNINGS = {".fits": b"SIMPLE  =", ".hdf5": b"\x89HDF\r\n\x1a\n"}


@dataclass(frozen=True)
class Download:
    """State of one file of a release on the server and on disk.

    Attributes
    ----------
    file : RemoteFile
        Which file.
    url : str
        Where it is downloaded from.
    path : Path
        Where it is written.
    size : int, bytes
        Size of the complete file.
    present : int, bytes
        How much of it is on disk.
    whole : bool
        Whether it is complete, under its final name.
    version : str, default ""
        ETag or date of the file on the server; empty for a complete file.
    """

    file: RemoteFile
    url: str
    path: Path
    size: int
    present: int
    whole: bool
    version: str = ""


def download_release(
    name: str,
    folder: str | Path,
    *,
    bands: Sequence[str] | None = None,
    parts: Sequence[str] | None = None,
    mirror: str | None = None,
    checksums: str | Path | Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> tuple[Download, ...]:
    """Download a release; complete files are kept, and interrupted downloads are continued.

    Parameters
    ----------
    name : str
        One of `RELEASES`.
    folder : str or Path
        Where to write the files; made if it does not exist.
    bands : sequence of str, optional
        Bands of the mosaics; default all.
    parts : sequence of str, optional
        Parts of the release, such as "mosaics" or "catalogue"; default all.
    mirror : str, optional
        URL used instead of the base URL of the release.
    checksums : mapping of str to str, str or Path, optional
        MD5, SHA-1 or SHA-256 by file name, or a file as `sha256sum` writes it.
    dry_run : bool, default False
        Whether only to return which files there are, their sizes, and what is on disk.

    Returns
    -------
    tuple of Download
        The files, in the order of the release.

    Raises
    ------
    ConfigError
        If the release, a part or the mirror is not known.
    BandError
        If the release has no such band.
    DownloadError
        If a file cannot be downloaded, is incomplete, or has another checksum than before or than given.
    OutputError
        If the folder cannot be written to or the disk is too small.
    """
    chosen = release(name).chosen(bands=bands, parts=parts)
    base = _base_url(name, mirror)
    expected = {} if checksums is None else read_checksums(checksums)
    folder = Path(folder)
    record = Record.read(folder)
    downloads = tuple(_look(file, base + file.path, folder / file.name, record) for file in chosen)
    if dry_run:
        return downloads
    _make_room(folder, downloads)
    for download in downloads:
        _complete(download, record, expected.get(download.file.name))
    return tuple(replace(download, present=download.size, whole=True) for download in downloads)


def _base_url(name: str, mirror: str | None) -> str:
    """URL below which the files of a release are, with a slash at the end."""
    base = release(name).base if mirror is None else mirror
    if not base:
        raise ConfigError(
            f"{name}: the default model comes with zpix, and other models have no server: name one with --mirror"
        )
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).netloc:
        raise ConfigError(f"mirror = '{base}': allowed are URLs that begin with http:// or https://")
    return base.rstrip("/") + "/"


def _look(file: RemoteFile, url: str, path: Path, record: Record) -> Download:
    """How much of a file is on disk, and what the server says of it unless that is complete."""
    if path.exists():
        size, known = path.stat().st_size, record.whole.get(path.name)
        announced = ask(url).size if known is None else known.size  # None: not downloaded by zpix
        if size != announced:
            raise DownloadError(f"{path}: has {size} bytes instead of {announced}: delete it to download it again")
        return Download(file, url, path, size, size, whole=True)
    served, part = ask(url), _part(path)
    begun = part.stat().st_size if part.exists() and record.begun.get(path.name) == served.version else 0
    present = begun if begun <= served.size else 0
    return Download(file, url, path, served.size, present, whole=False, version=served.version)


def _part(path: Path) -> Path:
    """Name of a file until it is complete."""
    return path.with_name(f"{path.name}.part")


def _make_room(folder: Path, downloads: Sequence[Download]) -> None:
    """Make the folder, and raise an `OutputError` if the disk is too small."""
    missing = sum(download.size - download.present for download in downloads)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from None
    if missing > free:
        raise OutputError(
            f"{folder}: {missing / 1e9:.1f} GB are missing, and only {free / 1e9:.1f} GB of disk are free"
        )


def _complete(download: Download, record: Record, expected: str | None) -> None:
    """Download what is missing of a file, check it, give it its final name, and record it."""
    path, known = download.path, record.whole.get(download.path.name)
    if download.whole:
        sha256 = _sha256(path, download, expected)
        if known is not None and known.sha256 != sha256:
            raise DownloadError(
                f"{path}: has changed since it was downloaded (SHA-256): delete it to download it again"
            )
    else:
        part = _part(path)
        if not download.present:
            record.begin(path.name, download.version)
        served = Served(download.url, download.size, download.version)
        with progress_bar(download.file.label, download.size, done=download.present, unit="bytes") as bar:
            transfer(served, part, anew=not download.present, progress=lambda done: bar.set(done, download.size))
        try:
            sha256 = _sha256(part, download, expected)
        except DownloadError:
            part.unlink()
            raise
        os.replace(part, path)
    if known is None or not download.whole:
        record.finish(path.name, Fetched(download.url, download.size, sha256))


def _sha256(path: Path, download: Download, expected: str | None) -> str:
    """SHA-256 of a file, after size, first bytes and the expected checksum were compared."""
    size, beginning = path.stat().st_size, _BEGINNINGS.get(download.path.suffix, b"")
    if size != download.size:
        raise DownloadError(f"{download.url}: the server sent {size} bytes instead of {download.size}")
    with path.open("rb") as file:
        if file.read(len(beginning)) != beginning:
            raise DownloadError(
                f"{download.url}: the server sent something that is not a {download.path.suffix[1:].upper()} file"
            )
    with progress_bar(f"checking {download.file.label}", size, unit="bytes") as bar:
        sha256 = checksum(path, "sha256", progress=lambda done: bar.set(done, size))
    if expected is not None:
        algorithm = algorithm_of(expected, download.path.name)
        found = sha256 if algorithm == "sha256" else checksum(path, algorithm)
        if found != expected:
            raise DownloadError(f"{download.path}: its {algorithm.upper()} is {found} instead of {expected}")
    return sha256
