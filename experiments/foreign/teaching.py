"""How is a model taught on some families of spectra and not on others?

The redshift head learns from the colours of drawn skies, which are kept for each family by itself: models that leave
one out share the rest. The detector is the same for all, since it knows no redshift; the pyramid's part of the
redshift head is zero, so that it cannot carry what the detector saw of a family that is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from experiments.foreign.skies import Family, calibration_store, mixed

import zpix
from zpix.config import Config
from zpix.detector import Checkpoint, load_checkpoint, save_checkpoint
from zpix.detector.carrying import take_weights
from zpix.training.drawn_colours import draw_colours


def draw(place: Path, family: Family, *, tiles: int, seed: int, config: Config, workers: int) -> Path:
    """Return the directory of the colours of one family, drawn unless they exist."""
    out = place / family.name
    draw_colours(
        out, tiles=tiles, seed=seed, simulation=mixed(config.simulation, [family]), model=config.model,
        config=config.pretraining, workers=workers,
    )  # fmt: skip
    return out


def teach(
    place: Path,
    families: Sequence[Family],
    *,
    colours: Path,
    detector: Path,
    config: Config,
    calibration: tuple[int, int],
) -> Path:
    """Return a model taught on these families, made unless it exists.

    `calibration` is the number of tiles that widths and intervals are fitted on, and their seed.
    """
    name = "+".join(family.name for family in families)
    model = place / name / "model.safetensors"
    if model.is_file():
        return model
    head = zpix.pretrain([colours / family.name for family in families], out=place / name / "head", config=config)
    known = load_checkpoint(detector)
    if known.config.errors != config.model.errors:
        raise SystemExit(f"{detector}: has errors = '{known.config.errors}', not '{config.model.errors}' as the recipe")
    take_weights(known.detector, load_checkpoint(head), head, part="redshift_head.")
    with torch.no_grad():
        for parameter in known.detector.redshift_head.pyramid.parameters():
            parameter.zero_()
    about = replace(load_checkpoint(head).about, name=name, started_from={"detector": detector.name})
    unfinished = model.with_name("uncalibrated.safetensors")
    save_checkpoint(unfinished, Checkpoint(known.detector, about))
    tiles, seed = calibration
    store = calibration_store(place.parent / "calibration", families, tiles=tiles, seed=seed, config=config)
    zpix.calibrate(unfinished, store)
    for path in sorted(model.parent.glob("uncalibrated.*")):
        path.rename(path.with_name(path.name.replace("uncalibrated", "model")))
    return model
