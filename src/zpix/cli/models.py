"""How a model comes to be, and what it is: prepare, pretrain, train, info, bench."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from zpix.cli.app import app
from zpix.cli.options import (
    Backbone,
    ConfigFile,
    Device,
    Dust,
    Labels,
    Measured,
    Model,
    Out,
    Pretrained,
    Seed,
    one_or_many,
)
from zpix.cli.printing import print_counts, print_tables
from zpix.errors import ConfigError

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
    radius: Annotated[float, typer.Option(help="Arcsec within which redshifts are of one source.")] = 0.3,
    mock: Annotated[int | None, typer.Option(help="Draw this many simulated tiles instead.")] = None,
    bands: Annotated[str | None, typer.Option(help="Bands to keep, comma-separated; all by default.")] = None,
    dust: Dust = None,
    tile_size: Annotated[int, typer.Option(help="Pixels along a side.")] = 512,
    fractions: Annotated[tuple[float, float, float], typer.Option(help="Shares of train, validation and test.")] = (
        0.7,
        0.1,
        0.2,
    ),
    seed: Seed = 0,
    workers: Annotated[int, typer.Option(help="Processes that draw simulated tiles.")] = 1,
    labels: Annotated[Labels | None, typer.Option(help="Redshifts to learn from.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and cut no tiles.")] = False,
    config: ConfigFile = None,
) -> None:
    """Cut annotated tiles for training, split by sky position."""
    from zpix.config import load_config
    from zpix.image import JADES_BANDS
    from zpix.jobs.prepare import prepare as cut
    from zpix.jobs.prepare import prepare_mock, prepare_redshifts
    from zpix.training.store import SPLITS

    shares = dict(zip(SPLITS, fractions, strict=True))
    chosen = None if bands is None else [band.strip().upper() for band in bands.split(",")]
    if mock is not None:
        counts = prepare_mock(
            out, tiles=mock, seed=seed, config=load_config(config).simulation, bands=chosen or JADES_BANDS,
            tile_size=tile_size, fractions=shares, workers=workers, labels=labels.value if labels else "all",
        )  # fmt: skip
    elif redshifts and not mosaics and segmentation is None and catalogue is None:
        counts = prepare_redshifts(redshifts, out=out, radius_arcsec=radius)
    elif not mosaics or segmentation is None or catalogue is None:
        raise ConfigError(
            "zpix prepare needs MOSAICS with --segmentation and --catalogue, or --mock TILES, or --redshifts"
        )
    else:
        counts = cut(
            one_or_many(mosaics), segmentation=segmentation, catalogue=catalogue, out=out,
            redshifts=redshifts or (), radius_arcsec=radius, bands=chosen, dust=dust or "sfd", tile_size=tile_size,
            fractions=shares, seed=seed, labels=labels.value if labels else None, dry_run=dry_run,
        )  # fmt: skip
    print_counts(counts)


BackboneFrom = Annotated[
    str | None, typer.Option(help="Checkpoint whose backbone to start from, of any bands, or imagenet.")
]


@app.command("pretrain")
def pretrain_command(
    out: Out,
    data: Annotated[list[Path] | None, typer.Argument(help="Training store; for a backbone also GalaxiesML.")] = None,
    mock: Annotated[
        int | None, typer.Option(help="Learn from the galaxies of this many simulated tiles, drawn for it.")
    ] = None,
    part: Annotated[Pretrained, typer.Option(help="What learns.")] = Pretrained.redshift_head,
    backbone: BackboneFrom = None,
    seed: Seed = 0,
    workers: Annotated[int, typer.Option(help="Processes that draw simulated tiles.")] = 1,
    config: ConfigFile = None,
    device: Device = "auto",
) -> None:
    """Teach the redshift head its colours, or the backbone its galaxies, on cutouts before the joint training."""
    from zpix.config import load_config
    from zpix.jobs.pretrain import pretrain as fit
    from zpix.jobs.pretrain import pretrain_backbone, pretrain_mock

    settings, data = load_config(config), data or []
    if (mock is None) == (not data):
        raise ConfigError("zpix pretrain learns from a training store, or with --mock TILES from scenes that it draws")
    if mock is not None:
        if part is Pretrained.backbone or backbone is not None:
            raise ConfigError("--mock teaches the redshift head; a backbone learns from the images of a store")
        path = pretrain_mock(
            mock, out=out, seed=seed, simulation=settings.simulation, model=settings.model,
            config=settings.pretraining, workers=workers, device=device,
        )  # fmt: skip
    elif part is Pretrained.backbone:
        path = pretrain_backbone(
            data, out=out, model=settings.model, config=settings.pretraining, backbone=backbone, device=device
        )
    elif len(data) > 1 or backbone is not None or data[0].suffix in (".hdf5", ".h5") or any(data[0].glob("*.hdf5")):
        raise ConfigError(
            "zpix pretrain teaches the redshift head, from one training store; GalaxiesML and --backbone are for a "
            "backbone: --part backbone"
        )
    else:
        path = fit(data[0], out=out, model=settings.model, config=settings.pretraining, device=device)
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
    from zpix.config import load_config
    from zpix.jobs.train import train as fit

    settings = load_config(config)
    path = fit(
        store, out=out, model=settings.model, config=settings.training, init=init, backbone=backbone,
        redshift_head=redshift_head, device=device, name=name,
    )  # fmt: skip
    if os.environ.get("RANK", "0") == "0":  # of several processes one speaks
        print(f"model in {path}")


@app.command("info")
def info_command(
    model: Annotated[Path | None, typer.Argument(help="Checkpoint; the shipped model by default.")] = None,
) -> None:
    """Say what a model is: its bands, what it was trained on, how well it does."""
    import json

    from zpix.jobs.info import info

    print(json.dumps(info(model), indent=2))


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
    from zpix.jobs.bench import bench

    result = bench(
        *(part.value for part in parts or ()), model=model, backbone=None if backbone is None else backbone.value,
        size_pix=size_pix, rounds=rounds, processes=processes, compile=compile, device=device, counts=counts, out=out,
    )  # fmt: skip
    print(result.machine)
    print_tables(result.tables())
