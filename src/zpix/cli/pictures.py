"""What people look at: view, show, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zpix.cli.app import app
from zpix.cli.loading import loading
from zpix.cli.options import Brightness, KnownRedshifts, MagnitudeBand, Overwrite, Result, SearchedMosaics, one_or_many
from zpix.cli.paths import require_free, require_inputs
from zpix.cli.printing import list_files
from zpix.errors import ConfigError


@app.command("view")
def view_command(
    result: Result,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Directory to write to; view in the result by default.")
    ] = None,
    mosaics: SearchedMosaics = None,
    truth: KnownRedshifts = None,
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
    with loading():
        from zpix.jobs.view import view

    page = view(
        result, out=out, mosaics=one_or_many(mosaics) if mosaics else None, truth=truth, bands=bands or (),
        stretch=stretch.value, band=band, serve=serve, port=port, overwrite=overwrite,
    )  # fmt: skip
    print(f"open {page} in a browser")


@app.command("show")
def show_command(
    result: Result,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write, .pdf or .png; sources.pdf in the result by default."),
    ] = None,
    ids: Annotated[str | None, typer.Option(help="Identifiers of the sources, comma-separated.")] = None,
    where: Annotated[
        str, typer.Option(help="Condition that sources must meet, such as 'p_above_6 > 0.9 and mag_f444w < 28'.")
    ] = "",
    sort: Annotated[str, typer.Option(help="What sources are sorted by, such as -p_above_6, the smallest first.")] = "",
    number: Annotated[int, typer.Option(min=1, help="Number of sources, at the most.")] = 100,
    mosaics: SearchedMosaics = None,
    truth: KnownRedshifts = None,
    band: MagnitudeBand = "F444W",
    overwrite: Overwrite = False,
) -> None:
    """Draw a sheet of chosen sources: stamps in every band, redshift PDF and fluxes of each."""
    require_inputs(result=result, mosaics=mosaics, redshifts=truth)
    if ids is not None and not all(part.strip().isdigit() for part in ids.split(",")):
        raise ConfigError(f"--ids {ids}: identifiers are whole numbers with commas between them, such as 12,75,252")
    with loading():
        from zpix.jobs.show import show

    files = show(
        result, out=out, ids=() if ids is None else [int(part) for part in ids.split(",")], where=where, sort=sort,
        number=number, mosaics=one_or_many(mosaics) if mosaics else None, truth=truth, band=band, overwrite=overwrite,
    )  # fmt: skip
    for path in files:
        list_files(path)


@app.command("report")
def report_command(
    path: Annotated[Path, typer.Argument(help="Directory of zpix run or of zpix evaluate.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HTML file to write; report.html in the directory by default.")
    ] = None,
    mosaics: SearchedMosaics = None,
    band: MagnitudeBand = "F444W",
    overwrite: Overwrite = False,
) -> None:
    """Write a report of a run or an evaluation: one page of HTML that needs no network, and a PDF."""
    require_inputs(result_or_evaluation=path, mosaics=mosaics)
    with loading():
        from zpix.jobs.report import report

    for file in report(
        path, out=out, mosaics=one_or_many(mosaics) if mosaics else None, band=band, overwrite=overwrite
    ):
        list_files(file)
