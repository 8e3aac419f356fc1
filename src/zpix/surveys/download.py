"""How does a release of a survey come to this machine, once?

A file is called `NAME.part` until it is whole. Files that are whole are never fetched again: they are held to the
checksum that was recorded when they came.
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

# What files begin with: a page of a login or of an error is none of them.
_BEGINNINGS = {".fits": b"SIMPLE  =", ".hdf5": b"\x89HDF\r\n\x1a\n"}


@dataclass(frozen=True)
class Download:
    """A file of a release, here and there.

    file : what it is
    url, path : where it comes from and goes to
    size : bytes of all of it
    present : bytes that are here
    whole : whether all of it is here, under its final name
    version : what the server calls its present state; empty for a file that is whole
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
    """Fetch a release: what is whole stays, what was interrupted goes on, and every file appears whole or not at all.

    Parameters
    ----------
    name : one of `zpix.surveys.RELEASES`
    folder : where the files go
    bands : of the mosaics; all by default
    parts : such as "mosaics" or "catalogue"; all by default
    mirror : URL that takes the place of the release's base URL
    checksums : MD5, SHA-1 or SHA-256 by file name, or a file such as `sha256sum` writes
    dry_run : only say which files there are, how large, and what is here

    Returns
    -------
    the files, in the order of the release

    Raises
    ------
    ConfigError, BandError
        If the release, a part, a band or the mirror cannot be.
    DownloadError
        If a file is not served, does not come whole, or is not what it was or should be.
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
    base = release(name).base if mirror is None else mirror
    if not base:
        raise ConfigError(
            f"{name}: the default model comes with zpix, and no server of others is known: name one with --mirror"
        )
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).netloc:
        raise ConfigError(f"mirror = '{base}': allowed are URLs that begin with http:// or https://")
    return base.rstrip("/") + "/"


def _look(file: RemoteFile, url: str, path: Path, record: Record) -> Download:
    """What is here of a file, and what the server says if that is not all."""
    if path.exists():
        size, known = path.stat().st_size, record.whole.get(path.name)
        announced = ask(url).size if known is None else known.size  # one that came by another way
        if size != announced:
            raise DownloadError(f"{path}: has {size} bytes instead of {announced}: delete it to fetch it again")
        return Download(file, url, path, size, size, whole=True)
    served, part = ask(url), _part(path)
    begun = part.stat().st_size if part.exists() and record.begun.get(path.name) == served.version else 0
    present = begun if begun <= served.size else 0
    return Download(file, url, path, served.size, present, whole=False, version=served.version)


def _part(path: Path) -> Path:
    """Where a file grows until it is whole."""
    return path.with_name(f"{path.name}.part")


def _make_room(folder: Path, downloads: Sequence[Download]) -> None:
    missing = sum(download.size - download.present for download in downloads)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}") from None
    if missing > free:
        raise OutputError(f"{folder}: {missing / 1e9:.1f} GB are to come, and only {free / 1e9:.1f} GB are free")


def _complete(download: Download, record: Record, expected: str | None) -> None:
    """Fetch what is missing of a file, hold it to what is known of it, give it its name, and record it."""
    path, known = download.path, record.whole.get(download.path.name)
    if download.whole:
        sha256 = _sha256(path, download, expected)
        if known is not None and known.sha256 != sha256:
            raise DownloadError(f"{path}: has changed since it was fetched (SHA-256): delete it to fetch it again")
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
    """SHA-256 of a file that has come, or was here, if it is what it should be."""
    size, beginning = path.stat().st_size, _BEGINNINGS.get(download.path.suffix, b"")
    if size != download.size:
        raise DownloadError(f"{download.url}: the server sent {size} bytes instead of {download.size}")
    with path.open("rb") as file:
        if file.read(len(beginning)) != beginning:
            raise DownloadError(f"{download.url}: what came is no {download.path.suffix[1:].upper()} file")
    with progress_bar(f"checking {download.file.label}", size, unit="bytes") as bar:
        sha256 = checksum(path, "sha256", progress=lambda done: bar.set(done, size))
    if expected is not None:
        algorithm = algorithm_of(expected, download.path.name)
        found = sha256 if algorithm == "sha256" else checksum(path, algorithm)
        if found != expected:
            raise DownloadError(f"{download.path}: its {algorithm.upper()} is {found} instead of {expected}")
    return sha256
