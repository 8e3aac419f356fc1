"""The command line: arguments to one call each. The only place that prints.

Rooms are imported inside the commands, so that `zpix --help` answers at once.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from zpix.errors import ConfigError, ZpixError

if TYPE_CHECKING:
    from zpix.evaluation.report import Table

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


# Characters of a line of a table that goes to a file or another program.
_WIDTH_OF_FILES = 140


class Precision(StrEnum):
    """Arithmetic of the network."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"


class Labels(StrEnum):
    """Which redshifts to learn from."""

    all = "all"
    spectroscopic = "spectroscopic"


class Part(StrEnum):
    """What to measure."""

    network = "network"
    training = "training"
    simulation = "simulation"
    reading = "reading"
    scaling = "scaling"


class Backbone(StrEnum):
    """Networks of random weights to measure."""

    resnet18 = "resnet18"
    resnet50 = "resnet50"


Out = Annotated[Path, typer.Option("--out", "-o", help="Directory to write to.")]
Mosaics = Annotated[
    list[Path], typer.Argument(help="Directory of FITS mosaics, several files, or one multi-band file.")
]
ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", help="TOML file of settings.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of every random choice.")]
Dust = Annotated[str | None, typer.Option(help="E(B-V): sfd, a number in mag, or a HEALPix FITS map.")]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("zpix"))
        raise typer.Exit


@app.callback()
def _zpix(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Photometric redshifts straight from pixels: detect, segment, classify, and give every source a redshift PDF."""


@app.command()
def run(
    mosaics: Mosaics,
    out: Out,
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="Checkpoint; the shipped model by default.")
    ] = None,
    config: ConfigFile = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N.")] = None,
    precision: Annotated[Precision | None, typer.Option(help="Arithmetic of the network.")] = None,
    dust: Dust = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that share the field; 0: what suits the machine and the field.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a dask scheduler whose workers search the field.")
    ] = None,
    hats: Annotated[bool, typer.Option("--hats", help="Also write a HATS catalogue, for lsdb.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Find every source of a mosaic and give it a redshift PDF; the same command goes on after an interruption."""
    from zpix.config import load_config, override
    from zpix.pipeline import write_run

    settings = override(load_config(config).inference, device=device, precision=precision, dust=dust, workers=workers)
    result = write_run(
        _one_or_many(mosaics),
        out=out,
        model=model,
        config=settings,
        overwrite=overwrite,
        scheduler=scheduler,
        hats=hats,
    )
    print(f"{result.sources} sources ({result.stars} stars) in {out}")
    print("seconds: " + ", ".join(f"{stage} {spent:.1f}" for stage, spent in result.seconds.items()))
    _list_files(out)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory to write to.")] = Path("demo"),
    seed: Seed = 20260101,
    size: Annotated[int, typer.Option(help="Side of the field in pixels of 0.03 arcsec.")] = 1024,
) -> None:
    """Simulate a field, run the shipped model on it, and compare with the truth."""
    from zpix.assessment import demo as run_demo

    _print_tables(run_demo(out, seed=seed, size_pix=size).tables())
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
    with _block_progress("drawing the sky") as progress:
        draw(
            out, shape=(size, size), seed=seed, ra=ra, dec=dec, config=settings, workers=workers,
            overwrite=overwrite, progress=progress,
        )  # fmt: skip
    _list_files(out)


@app.command()
def prepare(
    out: Out,
    mosaics: Annotated[list[Path] | None, typer.Argument(help="Mosaics, as for zpix run.")] = None,
    segmentation: Annotated[Path | None, typer.Option(help="FITS map of segment ids on the mosaics' grid.")] = None,
    catalogue: Annotated[Path | None, typer.Option(help="Table with id, ra, dec.")] = None,
    redshifts: Annotated[list[Path] | None, typer.Option(help="Tables of spectroscopic redshifts.")] = None,
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
    labels: Annotated[Labels, typer.Option(help="Redshifts to learn from.")] = Labels.all,
    config: ConfigFile = None,
) -> None:
    """Cut annotated tiles for training, split by sky position."""
    from zpix.config import load_config
    from zpix.image import JADES_BANDS
    from zpix.learning import prepare as cut
    from zpix.learning import prepare_mock
    from zpix.training.store import SPLITS

    shares = dict(zip(SPLITS, fractions, strict=True))
    chosen = None if bands is None else [band.strip().upper() for band in bands.split(",")]
    if mock is not None:
        counts = prepare_mock(
            out, tiles=mock, seed=seed, config=load_config(config).simulation, bands=chosen or JADES_BANDS,
            tile_size=tile_size, fractions=shares, workers=workers, labels=labels.value,
        )  # fmt: skip
    elif not mosaics or segmentation is None or catalogue is None:
        raise ConfigError("zpix prepare needs MOSAICS with --segmentation and --catalogue, or --mock TILES")
    else:
        counts = cut(
            _one_or_many(mosaics), segmentation=segmentation, catalogue=catalogue, out=out,
            redshifts=redshifts or (), bands=chosen, dust=dust or "sfd", tile_size=tile_size, fractions=shares,
            seed=seed, labels=labels.value,
        )  # fmt: skip
    for split, values in counts.items():
        print(f"{split:12}" + "  ".join(f"{value:7d} {name}" for name, value in values.items()))


@app.command()
def pretrain(
    store: Annotated[Path, typer.Argument(help="Training store.")],
    out: Out,
    config: ConfigFile = None,
    device: Device = "auto",
) -> None:
    """Teach the redshift head its colours on cutouts, before the joint training."""
    from zpix.config import load_config
    from zpix.learning import pretrain as fit

    settings = load_config(config)
    path = fit(store, out=out, model=settings.model, config=settings.pretraining, device=device)
    print(f"model in {path}")


@app.command()
def train(
    store: Annotated[Path, typer.Argument(help="Training store.")],
    out: Out,
    config: ConfigFile = None,
    init: Annotated[Path | None, typer.Option(help="Checkpoint to start from.")] = None,
    redshift_head: Annotated[Path | None, typer.Option(help="Checkpoint whose redshift head to start from.")] = None,
    device: Device = "auto",
    name: Annotated[str | None, typer.Option(help="Name of the model, written into catalogues.")] = None,
) -> None:
    """Train a detector; the same command goes on after an interruption. Several devices: start it with torchrun."""
    from zpix.config import load_config
    from zpix.learning import train as fit

    settings = load_config(config)
    path = fit(
        store, out=out, model=settings.model, config=settings.training, init=init, redshift_head=redshift_head,
        device=device, name=name,
    )  # fmt: skip
    if os.environ.get("RANK", "0") == "0":  # of several processes one speaks
        print(f"model in {path}")


@app.command()
def evaluate(
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
        from zpix.comparison import compare_with_rival

        if truth is not None or mosaics is not None:
            raise ConfigError("zpix evaluate --rival takes one directory of zpix simulate, and no TRUTH or --mosaics")
        _print_tables(
            compare_with_rival(
                catalogue, out=out, templates=rival, model=model, psfs=psfs, eazy_param=eazy_param, band=band,
                overwrite=overwrite,
            ).tables()
        )  # fmt: skip
    elif truth is None:
        raise ConfigError("zpix evaluate needs a TRUTH table beside the CATALOGUE, or --rival and a simulated field")
    else:
        from zpix.assessment import evaluate as score

        _print_tables(score(catalogue, truth, out=out, band=band, mosaics=mosaics).tables())
    _list_files(out)


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

    with _block_progress("aligning") as progress:
        resample(_one_or_many(mosaics), out, reference=reference, overwrite=overwrite, progress=progress)
    _list_files(out)


@app.command()
def bench(
    parts: Annotated[list[Part] | None, typer.Argument(help="What to measure; all but scaling by default.")] = None,
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="Checkpoint; the shipped model by default.")
    ] = None,
    backbone: Annotated[Backbone | None, typer.Option(help="A network of random weights instead.")] = None,
    size: Annotated[int, typer.Option(help="Side of a tile in pixels.")] = 512,
    rounds: Annotated[int, typer.Option(help="In each of which every implementation takes a turn.")] = 5,
    processes: Annotated[int, typer.Option(help="Of one thread each, at the same time.")] = 1,
    compile: Annotated[bool, typer.Option("--compile", help="Also measure the compiled network.")] = False,
    device: Device = "auto",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="JSON file for every figure.")] = None,
) -> None:
    """Measure the speed of zpix on this machine, beside torchvision's and, if it is installed, detectron2's."""
    from zpix.speed import bench as measure

    result = measure(
        *(part.value for part in parts or ()), model=model, backbone=None if backbone is None else backbone.value,
        size=size, rounds=rounds, processes=processes, compile=compile, device=device, out=out,
    )  # fmt: skip
    print(result.machine)
    _print_tables(result.tables())


@app.command()
def info(
    model: Annotated[Path | None, typer.Argument(help="Checkpoint; the shipped model by default.")] = None,
) -> None:
    """Say what a model is: its bands, what it has seen, how well it does."""
    import json

    from zpix.detector import load_checkpoint
    from zpix.pipeline import default_model

    path = default_model() if model is None else model
    checkpoint = load_checkpoint(path)
    print(json.dumps({"path": str(path), "model": checkpoint.config.model_dump(), **checkpoint.about}, indent=2))


def main() -> None:
    """Run the command line; a user's mistake is one sentence on standard error and exit code 2."""
    logging.basicConfig(format="zpix: %(message)s", level=logging.WARNING)
    try:
        try:
            app()
        finally:
            _flush()
    except ZpixError as error:
        _stop(str(error))
    except BrokenPipeError:  # of `zpix ... | head`
        sys.exit(1)
    except OSError as error:  # a full disk, a place one may not write to
        if error.strerror is None:
            raise
        _stop(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)
    except SystemExit as end:
        if end.code == 130:
            _stop("interrupted", code=130)
        raise


def _flush() -> None:
    """Send off what was printed while failing can still be answered; Python's own try at the end must not fail."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _stop(sentence: str, *, code: int = 2) -> NoReturn:
    print("zpix:", " ".join(sentence.split()), file=sys.stderr)  # libraries' own words may come in several lines
    sys.exit(code)


@contextmanager
def _block_progress(description: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar behind a callback of (done, total)."""
    from zpix.progress import progress_bar

    with progress_bar(description, total=1) as bar:
        yield bar.set


def _one_or_many(paths: list[Path]) -> Path | list[Path]:
    return paths[0] if len(paths) == 1 else paths


def _print_tables(tables: list[Table]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable

    console = Console(width=None if sys.stdout.isatty() else _WIDTH_OF_FILES)
    for title, header, rows in tables:
        console.print(title, style="bold")
        table = RichTable(*header, box=box.SIMPLE)
        for row in rows:
            table.add_row(*row)
        console.print(table)


def _list_files(out: Path) -> None:
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        print(f"  {path}  {path.stat().st_size / 1e6:.1f} MB")
