"""From a field to its catalogue: run, demo, simulate, align."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zpix.cli.app import app
from zpix.cli.loading import loading
from zpix.cli.options import (
    AsGiven,
    ConfigFile,
    FieldSize,
    Intervals,
    Model,
    Mosaics,
    Out,
    Overwrite,
    Precision,
    Seed,
    names,
    one_or_many,
)
from zpix.cli.paths import require_free, require_inputs
from zpix.cli.printing import list_files, print_tables


@app.command("run")
def run_command(
    mosaics: Mosaics,
    out: Out,
    model: Model = None,
    config: ConfigFile = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N.")] = None,
    precision: Annotated[Precision | None, typer.Option(help="Arithmetic of the network.")] = None,
    intervals: Annotated[
        Intervals | None, typer.Option(help="Of redshifts: quantiles of the PDFs, or conformal ones.")
    ] = None,
    dust: Annotated[
        str | None, typer.Option(help="E(B-V): sfd, dustmaps, a number in mag, or a HEALPix FITS map.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that share the field; 0: what suits the machine and the field.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a dask scheduler whose workers search the field.")
    ] = None,
    hats: Annotated[bool, typer.Option("--hats", help="Also write a HATS catalogue, for lsdb.")] = False,
    reference: Annotated[
        Path | None, typer.Option(help="Catalogue of a survey whose sources all get a row, found or not.")
    ] = None,
    reference_segmentation: Annotated[
        Path | None, typer.Option(help="FITS map of the reference's ids on the mosaics' grid.")
    ] = None,
    resample: Annotated[
        bool, typer.Option("--resample", help="Bring mosaics on other pixel grids to the model's pixel scale first.")
    ] = False,
    as_given: AsGiven = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Go on with fewer than three bands, or bands unlike those that the model has learnt."
        ),
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Find every source of a mosaic and give it a redshift PDF; the same command goes on after an interruption."""
    require_inputs(
        mosaics=mosaics, model=model, config=config, dust=dust, reference=reference,
        reference_segmentation=reference_segmentation,
    )  # fmt: skip
    require_free(out, overwrite=overwrite)
    with loading():
        from zpix.jobs.run import write_run

    result = write_run(
        one_or_many(mosaics), out=out, model=model, config=config, device=device, precision=precision,
        intervals=intervals, dust=dust, workers=workers, scheduler=scheduler, hats=hats, reference=reference,
        reference_segmentation=reference_segmentation, resample=resample, as_given=as_given, force=force,
        overwrite=overwrite,
    )  # fmt: skip
    print(f"{result.sources} sources ({result.stars} stars) in {out}")
    if result.origins:
        print("by origin: " + ", ".join(f"{origin} {count}" for origin, count in result.origins.items()))
    print("seconds: " + ", ".join(f"{stage} {spent:.1f}" for stage, spent in result.seconds.items()))
    list_files(out)


@app.command("demo")
def demo_command(
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory to write to.")] = Path("demo"),
    size_pix: FieldSize = 1024,
    seed: Seed = 20260101,
    bands: Annotated[
        str | None,
        typer.Option(help="Bands to draw and search: a survey such as COSMOS-Web, or a list with commas."),
    ] = None,
    model: Model = None,
    config: ConfigFile = None,
    force: Annotated[bool, typer.Option("--force", help="Search bands that zpix run takes only by force.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Simulate a field, run the shipped model on it, and compare with the truth."""
    require_inputs(model=model, config=config)
    require_free(out, overwrite=overwrite)
    with loading():
        from zpix.jobs.demo import demo

    report = demo(
        out, size_pix=size_pix, seed=seed, bands=bands, model=model, config=config, force=force, overwrite=overwrite
    )
    print_tables(report.tables())
    print(f"catalogue         {out / 'result' / 'catalogue.fits'}  (and .parquet, with pdfs.hdf5 and regions.reg)")
    print(f"segmentation map  {out / 'result' / 'segmentation.fits'}")
    for figure in (out / "result" / "detections.png", *sorted((out / "evaluation").glob("*.png"))):
        print(f"figure            {figure}")
    print(f"mosaics, truth    {out / 'field'}")


@app.command("simulate")
def simulate_command(
    out: Out,
    size_pix: FieldSize = 1024,
    seed: Seed = 0,
    ra: Annotated[float, typer.Option(help="Right ascension of the centre in degrees.")] = 53.16,
    dec: Annotated[float, typer.Option(min=-90, max=90, help="Declination of the centre in degrees.")] = -27.79,
    bands: Annotated[
        str | None, typer.Option(help="Bands to draw, comma-separated; the nine of JADES by default.")
    ] = None,
    catalogue: Annotated[
        list[Path] | None, typer.Option(help="JAGUAR catalogue to draw galaxies from; may be given several times.")
    ] = None,
    config: ConfigFile = None,
    workers: Annotated[int, typer.Option(help="Number of processes; the pixels are the same for any number.")] = 1,
    overwrite: Overwrite = False,
) -> None:
    """Draw a mock JADES field: FITS mosaics, segmentation map and truth catalogue."""
    require_inputs(config=config, catalogue=catalogue)
    with loading():
        from zpix.jobs.simulate import simulate

    simulate(
        out, size_pix=size_pix, seed=seed, ra=ra, dec=dec, bands=names(bands), catalogue=catalogue or (),
        config=config, workers=workers, overwrite=overwrite,
    )  # fmt: skip
    list_files(out)


@app.command("check")
def check_command(
    mosaics: Mosaics,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Directory for check.json and check.png; none by default.")
    ] = None,
    model: Model = None,
    overwrite: Overwrite = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything that was measured, as JSON.")] = False,
) -> None:
    """Say what the pixels of mosaics tell of sky, noise, PSF and registration, and what a run makes of it."""
    from json import dumps

    with loading():
        from zpix.jobs.check import check

    verdict = check(one_or_many(mosaics), out=out, model=model, overwrite=overwrite)
    if json:
        print(dumps(verdict.to_json(), indent=2))
        return
    print_tables([verdict.examination.table()])
    for sentence in verdict.sentences():
        print(sentence)
    if out is not None:
        list_files(out)


@app.command("align")
def align_command(
    mosaics: Mosaics,
    out: Out,
    reference: Annotated[
        str | None,
        typer.Option(help="Band, FITS file or header whose grid to use; the band of the largest pixels by default."),
    ] = None,
    pixel_scale: Annotated[
        float | None, typer.Option(help="Side of a pixel in arcsec of a new grid over all mosaics, north up.")
    ] = None,
    prefix: Annotated[str, typer.Option(help="Files are named <prefix>_<band>_drz.fits.")] = "aligned",
    overwrite: Overwrite = False,
) -> None:
    """Bring bands of different pixel grids onto one."""
    require_inputs(mosaics=mosaics)
    with loading():
        from zpix.jobs.align import align

    align(
        one_or_many(mosaics), out=out, reference=reference, pixel_scale=pixel_scale, prefix=prefix, overwrite=overwrite
    )
    list_files(out)
