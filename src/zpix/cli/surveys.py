"""Files of surveys and models come to this machine: fetch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zpix.cli.app import app
from zpix.cli.loading import loading
from zpix.cli.options import names
from zpix.cli.paths import require_inputs


@app.command("fetch")
def fetch_command(
    release: Annotated[
        str, typer.Argument(help="jades-dr2, jades-dr4, galaxiesml, galaxiesml-127 or model.", show_default=False)
    ],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the files.")] = None,
    cache: Annotated[
        Path | None,
        typer.Option(help="Without --out: folder of all releases; $ZPIX_CACHE or ~/.cache/zpix by default."),
    ] = None,
    bands: Annotated[str | None, typer.Option(help="Bands of the mosaics, comma-separated; all by default.")] = None,
    parts: Annotated[
        str | None,
        typer.Option("--parts", "--only", help="Parts, comma-separated, such as mosaics,segmentation; all by default."),
    ] = None,
    mirror: Annotated[str | None, typer.Option(help="URL in place of the release's own.")] = None,
    checksums: Annotated[Path | None, typer.Option(help="Checksums to hold files to, as by sha256sum.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List files and sizes, fetch nothing.")] = False,
) -> None:
    """Fetch a survey's files; the same command goes on after an interruption and never fetches what is whole."""
    require_inputs(list_of_checksums=checksums)
    with loading():
        from zpix.jobs.fetch import fetch

    files = fetch(
        release, out=out, cache=cache, bands=names(bands), parts=names(parts), mirror=mirror,
        checksums=checksums, dry_run=dry_run,
    )  # fmt: skip
    for file in files:
        here = "" if file.whole else f", {file.present / 1e6:.1f} MB of it here" if file.present else ", to be fetched"
        print(f"  {file.path}  {file.size / 1e6:.1f} MB{here}" + (f"  from {file.url}" if dry_run else ""))
    missing = sum(file.size - file.present for file in files)
    print(f"{len(files)} files, {sum(file.size for file in files) / 1e6:.1f} MB, {missing / 1e6:.1f} MB to be fetched")
