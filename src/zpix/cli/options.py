"""Arguments that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Precision(StrEnum):
    """Arithmetic of the network."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"
    int8 = "int8"


class Intervals(StrEnum):
    """What the 68 % and 95 % intervals of redshifts are."""

    pdf = "pdf"
    conformal = "conformal"


class Labels(StrEnum):
    """Which redshifts to learn from."""

    all = "all"
    spectroscopic = "spectroscopic"


class MatchBy(StrEnum):
    """What of two sources to compare."""

    auto = "auto"
    mask = "mask"
    box = "box"
    position = "position"


class MatchMethod(StrEnum):
    """How to choose pairs of sources."""

    hungarian = "hungarian"
    greedy = "greedy"
    merz2026 = "merz2026"


class Pretrained(StrEnum):
    """What learns alone."""

    redshift_head = "redshift-head"
    backbone = "backbone"


class SeenBands(StrEnum):
    """Bands in which something is seen."""

    all = "all"
    sets = "sets"


class Brightness(StrEnum):
    """How brightness grows with flux in pictures."""

    asinh = "asinh"
    log = "log"
    linear = "linear"


class Measured(StrEnum):
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


class ColumnNames(StrEnum):
    """Whose names columns have."""

    eazy = "eazy"
    roman = "roman"


Out = Annotated[Path, typer.Option("--out", "-o", help="Directory to write to.")]
Model = Annotated[Path | None, typer.Option("--model", "-m", help="Checkpoint; the shipped model by default.")]
Mosaics = Annotated[
    list[Path],
    typer.Argument(help="Directory of FITS mosaics, several files (also as F444W=FILE), or one multi-band file."),
]
Result = Annotated[Path, typer.Argument(help="Directory of zpix run.")]
SearchedMosaics = Annotated[
    list[Path] | None,
    typer.Option(
        help="The mosaics that were searched, if they are no longer where they were; may be given several times."
    ),
]
KnownRedshifts = Annotated[
    Path | None,
    typer.Option(
        "--truth", help="Truth of zpix simulate, or a list of redshifts: known ones are shown beside those found."
    ),
]
ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", help="TOML file of settings.")]
AsGiven = Annotated[
    bool | None, typer.Option("--as-given", help="Subtract no sky, scale no errors, refuse nothing for its pixels.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]
MagnitudeBand = Annotated[str, typer.Option("--band", help="Band of the magnitudes.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of every random choice.")]
FieldSize = Annotated[int, typer.Option("--size-pix", "--size", help="Side of the field in pixels of 0.03 arcsec.")]
TileSize = Annotated[int, typer.Option("--tile-size-pix", "--tile-size", help="Side of a tile in pixels.")]
DrawingWorkers = Annotated[int, typer.Option("--workers", help="Number of processes that draw simulated tiles.")]
Dust = Annotated[str, typer.Option(help="E(B-V): sfd, dustmaps, a number in mag, or a HEALPix FITS map.")]


def one_or_many(paths: list[Path]) -> Path | list[Path]:
    """Return a single path by itself: it may be a directory."""
    return paths[0] if len(paths) == 1 else paths


def names(listed: str | None) -> list[str] | None:
    """Return the names of a comma-separated list."""
    return None if listed is None else [name.strip() for name in listed.split(",")]
