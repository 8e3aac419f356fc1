"""What people look at: view."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zpix.cli.app import app
from zpix.cli.options import Brightness, MagnitudeBand, Overwrite, Result, SearchedMosaics, one_or_many
from zpix.cli.paths import require_free, require_inputs


@app.command("view")
def view_command(
    result: Result,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Directory to write to; view in the result by default.")
    ] = None,
    mosaics: SearchedMosaics = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="Truth of zpix simulate, or a list of redshifts: known ones are shown beside those found."),
    ] = None,
    bands: Annotated[
        list[str] | None,
        typer.Option(help="Colour picture of three bands, as RED,GREEN,BLUE; may be given several times."),
    ] = None,
    stretch: Annotated[Brightness, typer.Option(help="How brightness grows with flux.")] = Brightness.asinh,
    band: MagnitudeBand = "F444W",
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the page on this machine alone (127.0.0.1) until interrupted.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port to serve on; 0 for any free one.")] = 8000,
    overwrite: Overwrite = False,
) -> None:
    """Make a page of the sky with its redshifts that opens in a browser from disk, without a server or network."""
    require_inputs(result=result, mosaics=mosaics, redshifts=truth)
    if not serve:
        require_free(result / "view" if out is None else out, overwrite=overwrite)
    from zpix.jobs.view import view

    page = view(
        result, out=out, mosaics=one_or_many(mosaics) if mosaics else None, truth=truth, bands=bands or (),
        stretch=stretch.value, band=band, serve=serve, port=port, overwrite=overwrite,
    )  # fmt: skip
    print(f"open {page} in a browser")
