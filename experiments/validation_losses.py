"""How wrong is the detector of each model on the validation tiles of a store?

    python experiments/validation_losses.py STORE MODEL ... --config recipes/detector.toml

The losses are those of `zpix train` with the settings of `--config`: the same tiles, sets of bands and samples for all
models, so that they can be compared. Redshifts are left out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

import zpix
from zpix.config import override
from zpix.detector import load_checkpoint
from zpix.training.joint import validation_losses
from zpix.training.store import Store

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import print_table


def main() -> None:
    """Load each model in the bands of the store, and print its losses and what they add up to."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("store", type=Path, help="training store with validation tiles")
    options.add_argument("models", type=Path, nargs="+", help="checkpoints")
    options.add_argument("--config", type=Path, required=True, help="TOML file: batch size, sets of bands, moved boxes")
    asked = options.parse_args()
    how = override(zpix.load_config(asked.config).training, learn="detection")
    rows = [[str(model), *losses(model, asked.store, how)] for model in asked.models]
    print_table(["model", "objectness", "proposed boxes", "class", "boxes", "masks", "sum"], rows)


def losses(model: Path, store: Path, how: zpix.TrainingConfig) -> list[str]:
    """The losses of a model and their sum, as they are printed."""
    checkpoint = load_checkpoint(model)
    tiles = Store(store, errors=checkpoint.config.errors)
    detector = checkpoint.for_bands(tiles.bands).detector
    found = validation_losses(detector, tiles, how, torch.device("cpu"), torch.float32)
    values = [found[name] for name in ("rpn_objectness", "rpn_box", "class", "box", "mask")]
    return [f"{value:.3f}" for value in (*values, sum(values))]


if __name__ == "__main__":
    main()
