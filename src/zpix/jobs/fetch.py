"""How does a release of a survey come to this machine, and where does it go?"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from zpix.errors import ConfigError
from zpix.surveys import Download, download_release


def fetch(
    release: str,
    *,
    out: str | Path | None = None,
    cache: str | Path | None = None,
    bands: Sequence[str] | None = None,
    parts: Sequence[str] | None = None,
    mirror: str | None = None,
    checksums: str | Path | Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> tuple[Download, ...]:
    """Fetch the files of a release.

    Files that are here and whole stay; a file whose transfer was interrupted goes on where it stopped.

    Parameters
    ----------
    release : str
        Name of the release, one of `zpix.surveys.RELEASES`: "jades-dr2", "jades-dr4", "galaxiesml", "galaxiesml-127" or
        "model".
    out : str or Path, optional
        Folder of the files; by default the folder of the release's name in the cache.
    cache : str or Path, optional
        Folder of all releases; by default $ZPIX_CACHE, or else ~/.cache/zpix.
    bands : sequence of str, optional
        Bands of the mosaics; all by default.
    parts : sequence of str, optional
        Parts of the release, such as "mosaics" or "catalogue"; all by default.
    mirror : str, optional
        URL that takes the place of the release's own.
    checksums : str, Path or mapping of str to str, optional
        MD5, SHA-1 or SHA-256 by file name, or a file such as `sha256sum` writes.
    dry_run : bool, default: False
        Only tell which files there are, how large they are, and what is here.

    Returns
    -------
    tuple of Download
        The files, in the order of the release.

    Raises
    ------
    ConfigError, BandError
        If there is no such release, part, band or mirror, or both `out` and `cache` are given.
    DownloadError
        If a file is not served, is incomplete, or does not have its size or checksum.
    OutputError
        If the folder cannot be written to or the disk is too small.
    """
    if out is not None and cache is not None:
        raise ConfigError(f"out = '{out}' and cache = '{cache}': give one of them")
    folder = out if out is not None else _cache(cache) / release
    return download_release(
        release, folder, bands=bands, parts=parts, mirror=mirror, checksums=checksums, dry_run=dry_run
    )  # fmt: skip


def _cache(cache: str | Path | None) -> Path:
    """Folder of all releases."""
    return Path(cache or os.environ.get("ZPIX_CACHE") or Path.home() / ".cache" / "zpix")
