"""What a catalogue is worth, and what it has in common with another: evaluate, compare, match, diagnose, send."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from zpix.cli.app import app
from zpix.cli.loading import loading
from zpix.cli.options import MagnitudeBand, MatchBy, MatchMethod, Model, Out, Overwrite, Result, Seed, one_or_many
from zpix.cli.paths import require_free, require_inputs
from zpix.cli.printing import list_files, print_tables


@app.command("evaluate")
def evaluate_command(
    catalogue: Annotated[Path, typer.Argument(help="catalogue.fits or catalogue.parquet of zpix run.")],
    truth: Annotated[
        Path, typer.Argument(help="Truth table of zpix simulate, or a list of redshifts: PATH[:COLUMN=BEST,NEXT].")
    ],
    out: Out,
    band: MagnitudeBand = "F444W",
    mosaics: Annotated[
        list[Path] | None,
        typer.Option(help="Directory or file of the mosaics, for a picture of what was found and missed."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Score a catalogue against the truth: detection, redshifts and PDFs."""
    require_inputs(catalogue=catalogue, truth=truth, mosaics=mosaics)
    require_free(out, overwrite=overwrite)
    with loading():
        from zpix.jobs.evaluate import evaluate

    pictured = one_or_many(mosaics) if mosaics else None
    report = evaluate(catalogue, truth, out=out, band=band, mosaics=pictured, overwrite=overwrite)
    print_tables(report.tables())
    list_files(out)


@app.command("compare")
def compare_command(
    field: Annotated[Path, typer.Argument(help="Directory of zpix simulate.")],
    out: Out,
    templates: Annotated[
        list[Path],
        typer.Option(help="EAZY template list (.param) or a template; several are fitted together."),
    ],
    model: Model = None,
    psfs: Annotated[Path | None, typer.Option(help="Directory of PSF images named by band.")] = None,
    eazy_param: Annotated[Path | None, typer.Option(help="EAZY's zphot.param.")] = None,
    rivals: Annotated[
        list[str] | None, typer.Option(help="Further method that takes part, by its name; may be given several times.")
    ] = None,
    band: MagnitudeBand = "F444W",
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Run zpix and template fitting on a simulated field and score both on the same galaxies."""
    require_inputs(field=field, template_file=templates, model=model, psfs=psfs, eazy_param=eazy_param)
    require_free(out, overwrite=overwrite)
    with loading():
        from zpix.jobs.compare import compare

    print_tables(
        compare(
            field, out=out, templates=templates, model=model, psfs=psfs, eazy_param=eazy_param,
            rivals=rivals or (), band=band, seed=seed, overwrite=overwrite,
        ).tables()
    )  # fmt: skip
    list_files(out)


@app.command("match")
def match_command(
    left: Annotated[Path, typer.Argument(help="Catalogue of zpix or JADES, or any table with ra, dec.")],
    right: Annotated[Path, typer.Argument(help="Another one.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Table to write: .fits, .parquet or .csv; none by default.")
    ] = None,
    by: Annotated[
        MatchBy, typer.Option(help="What to compare; auto: masks if both maps are given, else boxes, else positions.")
    ] = MatchBy.auto,
    method: Annotated[
        MatchMethod, typer.Option(help="hungarian and greedy are one-to-one; merz2026 is the paper's rule.")
    ] = MatchMethod.hungarian,
    min_iou: Annotated[float | None, typer.Option(help="Least overlap; by default 0.3, with merz2026 0.5.")] = None,
    radius_arcsec: Annotated[
        float,
        typer.Option(
            "--radius-arcsec", "--radius", help="Largest separation in arcsec, of sources without a box or mask."
        ),
    ] = 0.2,
    left_segmentation: Annotated[Path | None, typer.Option(help="FITS map of the left catalogue's ids.")] = None,
    right_segmentation: Annotated[Path | None, typer.Option(help="FITS map of the right catalogue's ids.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Match two catalogues by the overlap of boxes or masks, or by position, and list what has no partner."""
    require_inputs(
        catalogue=(left, right), left_segmentation=left_segmentation, right_segmentation=right_segmentation
    )  # fmt: skip
    with loading():
        from zpix.jobs.match import match

    result = match(
        left, right, out=out, by=by.value, method=method.value, min_iou=min_iou, radius_arcsec=radius_arcsec,
        left_segmentation=left_segmentation, right_segmentation=right_segmentation, overwrite=overwrite,
    )  # fmt: skip
    for name, count in result.counts.items():
        print(f"{count:9d} {name}")
    if out is not None:
        print(f"  {out}  {out.stat().st_size / 1e6:.1f} MB")


@app.command("diagnose")
def diagnose_command(
    catalogue: Annotated[Path, typer.Argument(help="Catalogue of zpix run, or a table with ra, dec, flux_<band>.")],
    out: Out,
    redshifts: Annotated[
        list[Path] | None, typer.Option(help="List of redshifts: PATH[:COLUMN=BEST,NEXT], the most trusted first.")
    ] = None,
    band: MagnitudeBand = "F444W",
    number: Annotated[int, typer.Option(help="Sources to observe next, at the most.")] = 100,
    faintest_mag: Annotated[
        float, typer.Option("--faintest-mag", "--faintest", help="Magnitude beyond which no source is proposed.")
    ] = math.inf,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Where in colour and magnitude redshifts exist, where sources do, and which of these to observe next."""
    require_inputs(catalogue=catalogue, redshifts=redshifts)
    require_free(out, overwrite=overwrite)
    with loading():
        from zpix.jobs.diagnose import diagnose

    print_tables(
        diagnose(
            catalogue, out=out, redshifts=redshifts or (), band=band, number=number, faintest_mag=faintest_mag,
            seed=seed, overwrite=overwrite,
        ).tables()
    )  # fmt: skip
    list_files(out)


@app.command("send")
def send_command(
    result: Result,
    to: Annotated[
        str | None, typer.Option(help="Name of a program, such as topcat; all that take the files by default.")
    ] = None,
) -> None:
    """Send catalogue and coverage of a run to TOPCAT, Aladin and others on this machine, by SAMP."""
    require_inputs(result=result)
    with loading():
        from zpix.jobs.send import send

    for program, files in send(result, to=to).items():
        print(f"{program}: {', '.join(files)}")
