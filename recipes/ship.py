"""Turn a trained model into the shipped one, in half precision and with its scores in the header.

python recipes/ship.py runs/default/model.safetensors --reports three-fields/*/evaluation/report.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from zpix.config import InferenceConfig, TrainingConfig
from zpix.detector import Checkpoint, Detector, load_checkpoint, save_checkpoint
from zpix.detector.carrying import take_weights
from zpix.image import Pixels
from zpix.jobs.calibrate import calibrate
from zpix.progress import track
from zpix.search import Predictor
from zpix.training.batches import StoreDataset, join_scenes
from zpix.training.store import Store

_SETTLING_STEPS = 150
SHIPPED = Path(str(files("zpix"))) / "models" / "default.safetensors"


def main() -> None:
    """Calibrate, add scores, and save."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model", type=Path, help="checkpoint of zpix train or zpix pretrain")
    options.add_argument("--detector", type=Path, help="model whose detector it has in place of its own")
    options.add_argument(
        "--settle-on",
        type=Path,
        help="store whose training tiles normalisation is measured on again, and whose validation tiles eight bits are",
    )
    options.add_argument(
        "--calibrate-on", type=Path, help="store whose validation tiles widths of PDFs and intervals are fitted on"
    )
    options.add_argument(
        "--bands-seen", choices=["all", "sets"], default="all", help="fit them in all bands, or in random sets"
    )
    options.add_argument("--name", help="name of the model; its own by default")
    options.add_argument("--reports", type=Path, nargs="*", default=[], help="report.json of fields it has not seen")
    options.add_argument("--out", type=Path, default=SHIPPED)
    asked = options.parse_args()
    if asked.settle_on is not None and asked.detector is None:
        options.error("--settle-on is for the detector that --detector names")

    path = asked.model
    if asked.detector is not None:
        path = path.with_name("joined.safetensors")
        save_checkpoint(path, joined(asked.model, asked.detector, asked.settle_on))
    if asked.calibrate_on is not None:
        print(calibrate(path, asked.calibrate_on, bands_seen=asked.bands_seen))
    trained = load_checkpoint(path)
    about = trained.about
    if asked.reports:
        metrics = [json.loads(report.read_text())["redshifts"]["F444W < 27"] for report in asked.reports]
        about = replace(about, metrics=metrics)
    if asked.name:
        about = replace(about, name=asked.name)
    about = replace(about, training_data=without_folders(about.training_data))
    save_checkpoint(asked.out, replace(trained, about=about), half=True)
    print(f"{asked.out}: {asked.out.stat().st_size / 1e6:.1f} MB")


def joined(head: Path, detector: Path, settle_on: Path | None) -> Checkpoint:
    """The redshift head of one model, with its bands and what it learnt from, behind the detector of another."""
    redshifts, finds = load_checkpoint(head), load_checkpoint(detector)
    if settle_on is not None:
        settle(finds.detector, Store(settle_on, errors=finds.config.errors), TrainingConfig(**finds.about.training))
    of_head = (
        *("redshift_head", "bands", "mixture_components"),
        *("gaussian_sigmas_pix", "elliptical_widths", "cutout_size_pix"),
    )
    config = finds.config.model_copy(update={name: getattr(redshifts.config, name) for name in of_head})
    network = Detector(config)
    take_weights(network, finds, detector, without="redshift_head.")
    take_weights(network, redshifts, head, part="redshift_head.")
    taught = {"epochs": finds.about.epochs, "seconds": finds.about.seconds, "training": finds.about.training}
    both = replace(redshifts, detector=network, about=replace(redshifts.about, started_from=None, **taught))
    if settle_on is not None:
        both = replace(both, about=replace(both.about, ranges=eight_bits(both, Store(settle_on, errors=config.errors))))
    return both


def eight_bits(checkpoint: Checkpoint, store: Store) -> dict[str, tuple[float, float]]:
    """Least and largest input of each layer that can compute in eight bits, on the validation tiles of a store."""
    predictor = Predictor(checkpoint.for_bands(store.bands), InferenceConfig(device="cpu"))
    planes = [store.bands.index(band) for band in predictor.bands]
    count = store.count("validation")
    with predictor.measured_ranges() as ranges:
        for index in track(range(count), "measuring for eight bits", count):
            tile = store.read("validation", index)
            pixels = Pixels(tile.flux[planes], tile.error[planes], np.isfinite(tile.error[planes]))
            predictor.predict(pixels, dust=tile.dust)
    return ranges


@torch.no_grad()
def settle(detector: Detector, store: Store, taught: TrainingConfig) -> None:
    """Measure means and widths of the normalisation again, as they are for the last weights (Wu and Johnson 2021).

    In training they follow the last ten steps of changing weights, and a step sees two tiles.
    """
    tiles = StoreDataset(
        store, "train", seed=5, flips=taught.flips, band_dropout=taught.band_dropout,
        classes=detector.config.classes, bands_seen=taught.bands_seen,
    )  # fmt: skip
    detector.eval()
    for part in detector.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.reset_running_stats()
            part.momentum = None  # the mean of all steps
            part.train()
    order = torch.Generator().manual_seed(1)
    batches = DataLoader(tiles, 2, shuffle=True, generator=order, collate_fn=join_scenes)
    for scenes in track(islice(batches, _SETTLING_STEPS), "settling", _SETTLING_STEPS):
        detector.pyramid(detector.images(scenes.flux, scenes.error))
    detector.eval()


def without_folders(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a model learnt from, with lists of templates by their names alone."""
    told = dict(data or {})
    if "simulation" in told:
        spectra = {Path(name).name: share for name, share in told["simulation"]["spectra"].items()}
        told["simulation"] = {**told["simulation"], "spectra": spectra}
    return told


if __name__ == "__main__":
    main()
