"""How a model comes to be, and what it is: prepare, pretrain, train, calibrate, adapt, info, bench, export."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Annotated

import typer

from zpix.cli.app import app
from zpix.cli.loading import loading
from zpix.cli.options import (
    Backbone,
    ColumnNames,
    ConfigFile,
    Device,
    DrawingWorkers,
    Dust,
    Labels,
    Measured,
    Model,
    Mosaics,
    Out,
    Overwrite,
    Pretrained,
    SearchedMosaics,
    Seed,
    SeenBands,
    TileSize,
    names,
    one_or_many,
)
from zpix.cli.paths import require_free, require_inputs
from zpix.cli.printing import list_files, print_counts, print_tables

# Shares of train, validation and test.
_FRACTIONS = (0.7, 0.1, 0.2)
# Tiles of the fields of zpix bench scaling.
_COUNTS = [10, 100, 1000]


@app.command("prepare")
def prepare_command(
    out: Out,
    mosaics: Annotated[list[Path] | None, typer.Argument(help="Mosaics, as for zpix run.")] = None,
    segmentation: Annotated[Path | None, typer.Option(help="FITS map of segment ids on the mosaics' grid.")] = None,
    catalogue: Annotated[Path | None, typer.Option(help="Table with id, ra, dec.")] = None,
    redshifts: Annotated[
        list[str] | None, typer.Option(help="Lists of spectroscopic redshifts: PATH or PATH:COLUMN=BEST,NEXT,...")
    ] = None,
    radius_arcsec: Annotated[
        float, typer.Option("--radius-arcsec", "--radius", help="Arcsec within which redshifts are of one source.")
    ] = 0.3,
    mock: Annotated[int | None, typer.Option(help="Draw this many simulated tiles instead.")] = None,
    coco: Annotated[
        list[Path] | None, typer.Option(help="COCO annotations of DeepDISC instead (JSON); may be given several times.")
    ] = None,
    pixel_scale: Annotated[
        float | None, typer.Option(help="Side of a pixel of COCO images in arcsec, where the files do not tell it.")
    ] = None,
    zero_point: Annotated[float, typer.Option(help="AB magnitude of a pixel of value one of COCO images.")] = 31.4,
    bands: Annotated[str | None, typer.Option(help="Bands to keep, comma-separated; all by default.")] = None,
    dust: Dust = "sfd",
    tile_size_pix: TileSize = 512,
    fractions: Annotated[
        tuple[float, float, float], typer.Option(help="Shares of train, validation and test.")
    ] = _FRACTIONS,
    block_tiles: Annotated[
        int, typer.Option(min=1, help="Side, in tiles, of the blocks of a mosaic that stay in one split.")
    ] = 2,
    seed: Seed = 0,
    workers: DrawingWorkers = 1,
    labels: Annotated[Labels | None, typer.Option(help="Redshifts to learn from.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and cut no tiles.")] = False,
    config: ConfigFile = None,
) -> None:
    """Cut annotated tiles for training, split by sky position."""
    require_inputs(
        mosaics=mosaics, segmentation=segmentation, catalogue=catalogue, redshifts=redshifts, dust=dust, config=config,
        COCO_file=coco,
    )  # fmt: skip
    with loading():
        from zpix.jobs.prepare import prepare

    counts = prepare(
        one_or_many(mosaics or []), out=out, segmentation=segmentation, catalogue=catalogue, redshifts=redshifts or (),
        radius_arcsec=radius_arcsec, mock=mock, coco=coco or (), pixel_scale=pixel_scale, zero_point=zero_point,
        bands=names(bands), dust=dust, tile_size_pix=tile_size_pix, fractions=fractions, block_tiles=block_tiles,
        seed=seed, workers=workers, labels=None if labels is None else labels.value, dry_run=dry_run, config=config,
    )  # fmt: skip
    print_counts(counts)


BackboneFrom = Annotated[
    str | None, typer.Option("--backbone", help="Checkpoint whose backbone to start from, of any bands, or imagenet.")
]


@app.command("pretrain")
def pretrain_command(
    out: Out,
    data: Annotated[
        list[Path] | None,
        typer.Argument(help="Training store or drawn colours; for a backbone also GalaxiesML."),
    ] = None,
    mock: Annotated[
        int | None, typer.Option(help="Learn from the galaxies of this many simulated tiles, drawn for it.")
    ] = None,
    part: Annotated[Pretrained, typer.Option(help="What learns.")] = Pretrained.redshift_head,
    backbone: BackboneFrom = None,
    init: Annotated[
        Path | None, typer.Option(help="Model whose head learns on, in the boxes and masks of its own detector.")
    ] = None,
    tile_size_pix: TileSize = 512,
    seed: Seed = 0,
    workers: DrawingWorkers = 1,
    config: ConfigFile = None,
    device: Device = "auto",
) -> None:
    """Teach the redshift head its colours, or the backbone its galaxies, on cutouts before the joint training."""
    require_inputs(data=data, model=[one for one in (backbone, init) if one is not None], config=config)
    with loading():
        from zpix.jobs.pretrain import pretrain

    path = pretrain(
        data or (), out=out, mock=mock, part=part.value, backbone=backbone, init=init, tile_size_pix=tile_size_pix,
        seed=seed, workers=workers, config=config, device=device,
    )  # fmt: skip
    print(f"model in {path}")


@app.command("train")
def train_command(
    store: Annotated[Path, typer.Argument(help="Training store.")],
    out: Out,
    config: ConfigFile = None,
    init: Annotated[Path | None, typer.Option(help="Checkpoint to start from.")] = None,
    backbone: BackboneFrom = None,
    redshift_head: Annotated[Path | None, typer.Option(help="Checkpoint whose redshift head to start from.")] = None,
    device: Device = "auto",
    name: Annotated[str | None, typer.Option(help="Name of the model, written into catalogues.")] = None,
) -> None:
    """Train a detector; the same command goes on after an interruption. Several devices: start it with torchrun."""
    begun = [source for source in (init, backbone, redshift_head) if source is not None]
    require_inputs(store=store, model=begun, config=config)
    with loading():
        from zpix.jobs.train import train

    path = train(
        store, out=out, config=config, init=init, backbone=backbone, redshift_head=redshift_head, device=device,
        name=name,
    )  # fmt: skip
    if os.environ.get("RANK", "0") == "0":  # of several processes one prints
        print(f"model in {path}")


@app.command("calibrate")
def calibrate_command(
    model: Annotated[Path, typer.Argument(help="Checkpoint, which is changed.")],
    store: Annotated[Path, typer.Argument(help="Training store with 200 validation redshifts or more.")],
    bands_seen: Annotated[
        SeenBands, typer.Option(help="Fit widths in all bands of the store, or in random sets of them.")
    ] = SeenBands.all,
    device: Device = "auto",
) -> None:
    """Calibrate widths of PDFs, conformal intervals, novelty and eight bits of a model on validation tiles."""
    require_inputs(model=model, store=store)
    with loading():
        from zpix.jobs.calibrate import calibrate

    widths = calibrate(model, store, bands_seen=bands_seen.value, device=device)
    print("S/N in the mask     " + "".join(f"{10**value:8.0f}" for value in widths.log_snr))
    print("widths multiplied by" + "".join(f"{math.exp(value):8.2f}" for value in widths.log_factor))
    print(f"calibrated {model}")


@app.command("adapt")
def adapt_command(
    mosaics: Mosaics,
    out: Out,
    redshifts: Annotated[
        list[str] | None, typer.Option(help="Lists of spectroscopic redshifts: PATH or PATH:COLUMN=BEST,NEXT,...")
    ] = None,
    model: Model = None,
    catalogue: Annotated[Path | None, typer.Option(help="Catalogue whose sources are given the spectra.")] = None,
    segmentation: Annotated[Path | None, typer.Option(help="FITS map of its ids on the mosaics' grid.")] = None,
    radius_arcsec: Annotated[
        float, typer.Option("--radius-arcsec", "--radius", help="Arcsec within which a redshift is of a source.")
    ] = 0.3,
    templates: Annotated[
        list[Path] | None, typer.Option(help="Template spectra to fit to the same sources, for the report.")
    ] = None,
    dust: Annotated[str | None, typer.Option(help="E(B-V): sfd, dustmaps, a number in mag, or a HEALPix map.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N.")] = None,
    workers: DrawingWorkers = 1,
    force: Annotated[bool, typer.Option("--force", help="Take mosaics that lack many bands of the model.")] = False,
    overwrite: Overwrite = False,
    config: ConfigFile = None,
) -> None:
    """Fit a model to one field by its pixels and its spectra; the same command goes on after an interruption."""
    require_inputs(
        mosaics=mosaics, model=model, config=config, redshifts=redshifts, catalogue=catalogue,
        segmentation=segmentation, template_file=templates, dust=dust,
    )  # fmt: skip
    require_free(out, overwrite=overwrite)
    with loading():
        from zpix.jobs.adapt import adapt

    account = adapt(
        one_or_many(mosaics), out=out, redshifts=redshifts or (), model=model, catalogue=catalogue,
        segmentation=segmentation, radius_arcsec=radius_arcsec, templates=templates or (), dust=dust, device=device,
        workers=workers, force=force, overwrite=overwrite, config=config,
    )  # fmt: skip
    print_tables(account.tables())
    print(f"handed out: {account.chosen}; {len(account.suspects())} labels look wrong")
    print(f"model in {account.model}, report in {out}/report.md")


@app.command("info")
def info_command(
    path: Annotated[
        Path | None,
        typer.Argument(help="Model, training store or result of a run; the shipped model by default."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything that is known, as JSON.")] = False,
) -> None:
    """Say what a model, a training store or the result of a run is, in ten lines."""
    require_inputs(path=path)
    from json import dumps

    from zpix.cli.describing import describe

    with loading():
        from zpix.jobs.info import info

    facts = info(path)
    print(dumps(facts, indent=2) if json else "\n".join(describe(facts)))


@app.command("bench")
def bench_command(
    parts: Annotated[list[Measured] | None, typer.Argument(help="What to measure; all but scaling by default.")] = None,
    model: Model = None,
    backbone: Annotated[Backbone | None, typer.Option(help="A network of random weights instead.")] = None,
    size_pix: Annotated[int, typer.Option("--size-pix", "--size", help="Side of a tile in pixels.")] = 512,
    rounds: Annotated[int, typer.Option(help="Rounds, in each of which every implementation takes a turn.")] = 5,
    processes: Annotated[int, typer.Option(help="Processes of one thread each, at the same time.")] = 1,
    compile: Annotated[bool, typer.Option("--compile", help="Also measure the compiled network.")] = False,
    device: Device = "auto",
    counts: Annotated[
        list[int], typer.Option(help="Tiles of a field of scaling; may be given several times.")
    ] = _COUNTS,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="JSON file for every figure.")] = None,
) -> None:
    """Measure the speed of zpix on this machine, beside torchvision's and, if it is installed, detectron2's."""
    require_inputs(model=model)
    with loading():
        from zpix.jobs.bench import bench

    result = bench(
        *(part.value for part in parts or ()), model=model, backbone=None if backbone is None else backbone.value,
        size_pix=size_pix, rounds=rounds, processes=processes, compile=compile, device=device, counts=counts, out=out,
    )  # fmt: skip
    print(result.machine)
    print_tables(result.tables())


@app.command("export")
def export_command(
    out: Annotated[Path, typer.Option("--out", "-o", help="Table, directory, or network (.pt2, .onnx) to write.")],
    source: Annotated[
        Path | None, typer.Argument(help="Result of a run, training store or model; the shipped model by default.")
    ] = None,
    columns: Annotated[ColumnNames | None, typer.Option(help="Names and units of the columns of a result.")] = None,
    coco: Annotated[
        bool, typer.Option("--coco", help="Write a store or a result as COCO annotations, as DeepDISC reads them.")
    ] = False,
    mosaics: SearchedMosaics = None,
    size_pix: Annotated[
        int,
        typer.Option(
            "--size-pix", "--size", help="Side in pixels of the images of an exported network, or of COCO annotations."
        ),
    ] = 512,
    bands: Annotated[
        str | None, typer.Option(help="Bands of the images that an exported network takes, comma-separated.")
    ] = None,
    config: ConfigFile = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a catalogue, a training store or a model in a form that other programs read."""
    require_inputs(source=source, config=config, mosaics=mosaics)
    with loading():
        from zpix.jobs.export import export

    path = export(
        source, out=out, columns=None if columns is None else columns.value, coco=coco,
        mosaics=one_or_many(mosaics) if mosaics else None, size_pix=size_pix, bands=names(bands), config=config,
        overwrite=overwrite,
    )  # fmt: skip
    list_files(path)
