"""Which backbone is best when trained on few images: ResNet50, an MViTv2, or the small ResNet18?

    python experiments/backbones.py --out backbones

As in Merz et al. 2026, but on the mock sky: all have the same tiles, epochs and redshift head (`fpn+pixels`), and start
from random weights. A transformer accepts only images of the size it was built for, so all search fields in tiles of
that size. Seconds are those of the training alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import zpix
from zpix.config import Config, override
from zpix.detector import load_checkpoint
from zpix.training.about import store_counts
from zpix.training.store import Store

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import print_table
from experiments.paper.experiment import begin, keep_json, options
from experiments.paper.scores import (
    SAMPLES,
    SCORES,
    detection_cells,
    loss_cells,
    redshift_cells,
    search,
    training_facts,
)

BACKBONES = ("resnet18", "resnet50", "mvitv2_tiny")
BRIGHT = list(SAMPLES)[-1]


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Train and search with each backbone; return all rows and the training set as JSON values."""
    experiment = begin(asked)
    store = asked.store or experiment.store("tiles", tiles=asked.tiles, seed=asked.seed, labels="all")
    fields = experiment.fields(asked.test_seeds, asked.test_size)
    side = experiment.tile_size
    inference = override(experiment.inference, tile_size=side, margin=64)

    def row(backbone: str) -> dict[str, Any]:
        """Scores of one backbone, measured unless they exist."""

        def make(place: Path) -> dict[str, Any]:
            """Train, search and score."""
            model = override(
                experiment.config.model, backbone=backbone, built_size_pix=side, redshift_head="fpn+pixels"
            )
            path = zpix.train(
                store, out=place / "run", name=backbone,
                config=Config(model=model, training=experiment.training(asked.epochs)),
            )  # fmt: skip
            weights = load_checkpoint(path).detector.parameters()
            return {
                "name": backbone,
                "parameters": sum(weight.numel() for weight in weights),
                **training_facts(path),
                **search(path, fields, out=place, config=inference),
            }

        return experiment.row(backbone, make)

    rows = [row(backbone) for backbone in asked.backbones]
    return {"learnt_from": store_counts(Store(store)), "test_seeds": asked.test_seeds, "rows": rows}


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, train, search, print and write."""
    parser = options(__doc__, tiles=160, seed=1600, epochs=5, test_seeds=(777, 778), test_size=1536)
    parser.add_argument("--backbones", nargs="+", default=list(BACKBONES), choices=[*BACKBONES, "mvitv2_base"])
    asked = parser.parse_args(arguments)
    found = measure(asked)
    keep_json(asked.out / "backbones.json", found)
    counts = found["learnt_from"]["train"]
    print(f"{counts['tiles']} tiles with {counts['redshifts']} redshifts, {asked.epochs} epochs.\n")
    rows = [
        [row["name"], f"{row['parameters'] / 1e6:.1f}", str(row["seconds"]), *loss_cells(row), *detection_cells(row)]
        for row in found["rows"]
    ]
    print_table(
        ("backbone", "million weights", "seconds", "loss", "validation", "of redshifts", "completeness", "purity"), rows
    )
    print(f"{BRIGHT[0].upper()}{BRIGHT[1:]}:\n")
    rows = [[row["name"], *redshift_cells(row["redshifts"][BRIGHT])] for row in found["rows"]]
    print_table(("backbone", "found", *SCORES.values()), rows)


if __name__ == "__main__":
    main()
