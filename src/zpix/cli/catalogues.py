"""What a catalogue is worth, and what it has in common with another: evaluate, match, diagnose."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from zpix.cli.app import app
from zpix.cli.options import MatchBy, MatchMethod, Out, Overwrite, Seed
from zpix.cli.printing import list_files, print_tables
from zpix.errors import ConfigError


@app.command("evaluate")
def evaluate_command(
    catalogue: Annotated[
        Path,
        typer.Argument(help="catalogue.fits or catalogue.parquet of zpix run; with --rival a field of zpix simulate."),
    ],
    out: Out,
    truth: Annotated[
        Path | None, typer.Argument(help="Truth table of zpix simulate, or any table with ra, dec, z.")
    ] = None,
    band: Annotated[str, typer.Option(help="Band of the magnitudes.")] = "F444W",
    mosaics: Annotated[
        Path | None, typer.Option(help="Directory or file of the mosaics, for a picture of what was found and missed.")
    ] = None,
    rival: Annotated[
        list[Path] | None,
        typer.Option(help="EAZY template list (.param) or template: run zpix and template fitting and compare them."),
    ] = None,
    model: Annotated[Path | None, typer.Option("--model", "-m", help="With --rival: checkpoint.")] = None,
    psfs: Annotated[Path | None, typer.Option(help="With --rival: directory of PSF images named by band.")] = None,
    eazy_param: Annotated[Path | None, typer.Option(help="With --rival: EAZY's zphot.param.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Score a catalogue against the truth: detection, redshifts, PDFs. With --rival, zpix against template fitting."""
    if rival:
        from zpix.jobs.compare import compare_with_rival

        if truth is not None or mosaics is not None:
            raise ConfigError("zpix evaluate --rival takes one directory of zpix simulate, and no TRUTH or --mosaics")
        print_tables(
            compare_with_rival(
                catalogue, out=out, templates=rival, model=model, psfs=psfs, eazy_param=eazy_param, band=band,
                overwrite=overwrite,
            ).tables()
        )  # fmt: skip
    elif truth is None:
        raise ConfigError("zpix evaluate needs a TRUTH table beside the CATALOGUE, or --rival and a simulated field")
    else:
        from zpix.jobs.evaluate import evaluate as score

        print_tables(score(catalogue, truth, out=out, band=band, mosaics=mosaics).tables())
    list_files(out)


@app.command("match")
def match_command(
    left: Annotated[
        Path, typer.Argument(help="Catalogue of zpix or JADES, or any FITS, CSV or Parquet table with ra, dec.")
    ],
    right: Annotated[Path, typer.Argument(help="Another one.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Table to write: .fits, .parquet or .csv.")],
    by: Annotated[
        MatchBy, typer.Option(help="What to compare; auto: masks if both maps are given, else boxes, else positions.")
    ] = MatchBy.auto,
    method: Annotated[
        MatchMethod, typer.Option(help="hungarian and greedy are one-to-one; merz2026 is the paper's rule.")
    ] = MatchMethod.hungarian,
    min_iou: Annotated[float | None, typer.Option(help="Least overlap; by default 0.3, with merz2026 0.5.")] = None,
    radius: Annotated[
        float, typer.Option(help="Largest separation in arcsec, of sources without a box or mask.")
    ] = 0.2,
    left_segmentation: Annotated[Path | None, typer.Option(help="FITS map of the left catalogue's ids.")] = None,
    right_segmentation: Annotated[Path | None, typer.Option(help="FITS map of the right catalogue's ids.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Match two catalogues by the overlap of boxes or masks, or by position, and list what has no partner."""
    from zpix.jobs.match import match as find_partners

    result = find_partners(
        left, right, out=out, by=by.value, method=method.value, min_iou=min_iou, radius_arcsec=radius,
        left_segmentation=left_segmentation, right_segmentation=right_segmentation, overwrite=overwrite,
    )  # fmt: skip
    for name, count in result.counts.items():
        print(f"{count:9d} {name}")
    print(f"  {out}  {out.stat().st_size / 1e6:.1f} MB")


@app.command("diagnose")
def diagnose_command(
    catalogue: Annotated[Path, typer.Argument(help="Catalogue of zpix run, or a table with ra, dec, flux_<band>.")],
    out: Out,
    redshifts: Annotated[list[Path] | None, typer.Option(help="Tables of redshifts, matched by position.")] = None,
    band: Annotated[str, typer.Option(help="Band of the magnitudes.")] = "F444W",
    number: Annotated[int, typer.Option(help="Sources to observe next, at the most.")] = 100,
    faintest: Annotated[float, typer.Option(help="Magnitude beyond which no source is proposed.")] = math.inf,
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Where in colour and magnitude redshifts exist, where sources do, and which of these to observe next."""
    from zpix.jobs.diagnose import diagnose as look

    print_tables(
        look(
            catalogue, out=out, redshifts=redshifts or (), band=band, number=number, faintest=faintest, seed=seed,
            overwrite=overwrite,
        ).tables()
    )  # fmt: skip
    list_files(out)
