"""From a field to its catalogue: run, demo, simulate, align."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zpix.cli.app import app
from zpix.cli.options import ConfigFile, Dust, Intervals, Model, Mosaics, Out, Overwrite, Precision, Seed, one_or_many
from zpix.cli.printing import block_progress, list_files, print_tables


@app.command()
def run(
    mosaics: Mosaics,
    out: Out,
    model: Model = None,
    config: ConfigFile = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N.")] = None,
    precision: Annotated[Precision | None, typer.Option(help="Arithmetic of the network.")] = None,
    intervals: Annotated[
        Intervals | None, typer.Option(help="Of redshifts: quantiles of the PDFs, or conformal ones.")
    ] = None,
    dust: Dust = None,
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
    overwrite: Overwrite = False,
) -> None:
    """Find every source of a mosaic and give it a redshift PDF; the same command goes on after an interruption."""
    from zpix.config import load_config, override
    from zpix.jobs.run import write_run

    settings = override(
        load_config(config).inference,
        device=device, precision=precision, intervals=intervals, dust=dust, workers=workers,
    )  # fmt: skip
    result = write_run(
        one_or_many(mosaics),
        out=out,
        model=model,
        config=settings,
        overwrite=overwrite,
        scheduler=scheduler,
        hats=hats,
        reference=reference,
        reference_segmentation=reference_segmentation,
    )
    print(f"{result.sources} sources ({result.stars} stars) in {out}")
    if result.origins:
        print("by origin: " + ", ".join(f"{origin} {count}" for origin, count in result.origins.items()))
    print("seconds: " + ", ".join(f"{stage} {spent:.1f}" for stage, spent in result.seconds.items()))
    list_files(out)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory to write to.")] = Path("demo"),
    seed: Seed = 20260101,
    size: Annotated[int, typer.Option(help="Side of the field in pixels of 0.03 arcsec.")] = 1024,
) -> None:
    """Simulate a field, run the shipped model on it, and compare with the truth."""
    from zpix.jobs.demo import demo as run_demo

    print_tables(run_demo(out, seed=seed, size_pix=size).tables())
    print(f"catalogue         {out / 'result' / 'catalogue.fits'}  (and .parquet, with pdfs.hdf5 and regions.reg)")
    print(f"segmentation map  {out / 'result' / 'segmentation.fits'}")
    for figure in (out / "result" / "detections.png", *sorted((out / "evaluation").glob("*.png"))):
        print(f"figure            {figure}")
    print(f"mosaics, truth    {out / 'field'}")


@app.command()
def simulate(
    out: Out,
    size: Annotated[int, typer.Option(help="Side of the field in pixels of 0.03 arcsec.")] = 1024,
    seed: Seed = 0,
    ra: Annotated[float, typer.Option(help="Centre, degrees.")] = 53.16,
    dec: Annotated[float, typer.Option(min=-90, max=90, help="Centre, degrees.")] = -27.79,
    catalogue: Annotated[
        list[Path] | None, typer.Option(help="JAGUAR catalogue to draw galaxies from; may be given several times.")
    ] = None,
    config: ConfigFile = None,
    workers: Annotated[int, typer.Option(help="Processes; the pixels are the same for any number.")] = 1,
    overwrite: Overwrite = False,
) -> None:
    """Draw a mock JADES field: FITS mosaics, segmentation map and truth catalogue."""
    from zpix.config import load_config, override
    from zpix.scenes import simulate as draw

    settings = override(load_config(config).simulation, catalogues=tuple(map(str, catalogue)) if catalogue else None)
    with block_progress("drawing the sky") as progress:
        draw(
            out, shape=(size, size), seed=seed, ra=ra, dec=dec, config=settings, workers=workers,
            overwrite=overwrite, progress=progress,
        )  # fmt: skip
    list_files(out)


@app.command()
def align(
    mosaics: Mosaics,
    out: Out,
    reference: Annotated[
        str | None, typer.Option(help="Band or FITS file whose grid to use; the band of the largest pixels by default.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Bring bands of different pixel grids onto one."""
    from zpix.image import align as resample

    with block_progress("aligning") as progress:
        resample(one_or_many(mosaics), out, reference=reference, overwrite=overwrite, progress=progress)
    list_files(out)
