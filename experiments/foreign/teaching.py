"""How is a model taught on some families of spectra and not on others?

The redshift head learns from galaxies of drawn skies in the boxes and masks of the detector, whose spectra are drawn
again in every epoch: all models share the galaxies, and each has the spectra of its families. The detector is the same
for all, since it knows no redshift; the pyramid's part of a redshift head that has one is zero, so that it cannot carry
what the detector saw of a family that is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

import zpix
from experiments.foreign.skies import Family, calibration_store, mixed
from zpix.config import Config
from zpix.detector import Checkpoint, Detector, load_checkpoint, save_checkpoint
from zpix.detector.carrying import take_weights
from zpix.training.drawn_colours import draw_colours


def draw(
    out: Path,
    families: Sequence[Family],
    *,
    tiles: int,
    seed: int,
    config: Config,
    workers: int,
    detector: Path | None = None,
) -> Path:
    """Return the directory of the colours of a sky with all families, drawn unless they exist.

    Boxes and masks are those of a detector; without one, the true ones.
    """
    draw_colours(
        out, tiles=tiles, seed=seed, simulation=mixed(config.simulation, families), model=config.model,
        config=config.pretraining, workers=workers, detector=detector,
    )  # fmt: skip
    return out


def teach_head(out: Path, families: Sequence[Family], *, colours: Path, config: Config) -> Path:
    """Return a redshift head taught with the spectra of these families; a training that was interrupted goes on."""
    return zpix.pretrain(
        colours, out=out, config=config.model_copy(update={"simulation": mixed(config.simulation, families)})
    )


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
    head = teach_head(place / name / "head", families, colours=colours, config=config)
    known = load_checkpoint(detector)
    if known.config.errors != config.model.errors:
        raise SystemExit(f"{detector}: has errors = '{known.config.errors}', not '{config.model.errors}' as the recipe")
    network = Detector(config.model)  # in the bands of the recipe
    take_weights(network, known, detector, without="redshift_head.")
    take_weights(network, load_checkpoint(head), head, part="redshift_head.")
    with torch.no_grad():
        for part, parameter in network.redshift_head.named_parameters():
            if part.startswith("pyramid."):
                parameter.zero_()
    about = replace(load_checkpoint(head).about, name=name, started_from={"detector": detector.name})
    unfinished = model.with_name("uncalibrated.safetensors")
    save_checkpoint(unfinished, Checkpoint(network, about))
    tiles, seed = calibration
    store = calibration_store(place.parent / "calibration", families, tiles=tiles, seed=seed, config=config)
    zpix.calibrate(unfinished, store, bands_seen=config.pretraining.bands_seen)
    for path in sorted(model.parent.glob("uncalibrated.*")):
        path.rename(path.with_name(path.name.replace("uncalibrated", "model")))
    return model
