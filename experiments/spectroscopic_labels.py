"""How good are redshifts trained on the few redshifts of a spectroscopic sample?

    python experiments/spectroscopic_labels.py --out spectroscopic

As in Merz et al. 2026, all sources are used to train the detection, and 2,145 of them have a redshift (those of 1,057
tiles): 70 % to train on, 10 % to validate, and those in fields of the area of the other 20 % to test. All networks have
the detector of one model, and only their redshift heads are trained:

* the paper's head on the pyramid, on spectra alone;
* the head that sees pixels, with photometry pretrained on cutouts of the same sources;
* the same, with photometry pretrained on the mock sky instead (`--pretrained`, or it is drawn here);
* the model as it is, trained on all sources of many tiles.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

import zpix
from zpix.config import Config, ModelConfig, override
from zpix.detector import About, Checkpoint, Detector, default_model, load_checkpoint, save_checkpoint
from zpix.training.about import store_counts
from zpix.training.store import Store

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.markdown import print_table
from experiments.paper.experiment import begin, keep_json, options
from experiments.paper.scores import SAMPLES, SCORES, redshift_cells, search, training_facts


def without_redshifts(source: Path, model: ModelConfig, out: Path, *, seed: int = 0) -> Path:
    """Write a checkpoint with the detector of another and a new redshift head; `model` differs in nothing else."""
    torch.manual_seed(seed)
    detector = Detector(model)
    kept = {
        n: v for n, v in load_checkpoint(source).detector.state_dict().items() if not n.startswith("redshift_head.")
    }
    detector.load_state_dict({**detector.state_dict(), **kept})
    save_checkpoint(out, Checkpoint(detector, About(name=f"{source.stem} without redshifts")))
    return out


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Pretrain, train and search in each way; return all rows and the training set as JSON values."""
    experiment = begin(asked)
    source = asked.model or default_model()
    shape = load_checkpoint(source).config
    store = asked.store or experiment.store("spectroscopic", tiles=asked.tiles, seed=asked.seed, labels="spectroscopic")
    fields = experiment.fields(asked.test_seeds, asked.test_size)

    def tuned(name: str, head: str, photometry: str | None) -> dict[str, Any]:
        """Scores of one way, measured unless they exist."""

        def make(place: Path) -> dict[str, Any]:
            """Pretrain, train the redshift head, search and score."""
            model = override(shape, redshift_head=head)
            learnt = None
            if photometry == "spectra":
                cutouts = override(experiment.config.pretraining, epochs=asked.cutout_epochs)
                learnt = zpix.pretrain(store, out=place / "photometry", config=Config(model=model, pretraining=cutouts))
            elif photometry == "mock":
                learnt = asked.pretrained or experiment.photometry(
                    place / "photometry", model=model, tiles=asked.mock_tiles, seed=asked.seed + 1
                )
            path = zpix.train(
                store, out=place / "run", redshift_head=learnt, name=name,
                config=Config(model=model, training=experiment.training(asked.epochs, learn="redshift_head")),
                init=without_redshifts(source, model, place / "detector.safetensors"),
            )  # fmt: skip
            found = search(path, fields, out=place, config=experiment.inference)
            return {"name": name, **training_facts(path), **found}

        return experiment.row(name, make)

    def as_it_is(place: Path) -> dict[str, Any]:
        """Search and score with the model as it is."""
        found = search(source, fields, out=place, config=experiment.inference)
        return {"name": "trained on everything", "epochs": 0, **found}

    rows = [
        tuned("fpn, spectra", "fpn", None),
        tuned("fpn+pixels, spectra", "fpn+pixels", "spectra"),
        tuned("fpn+pixels, mock then spectra", "fpn+pixels", "mock"),
        experiment.row("trained on everything", as_it_is),
    ]
    return {"learnt_from": store_counts(Store(store)), "test_seeds": asked.test_seeds, "rows": rows}


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, train, search, print and write."""
    parser = options(__doc__, tiles=846, seed=2145, epochs=4, test_seeds=(2201, 2202, 2203, 2204), test_size=3712)
    parser.add_argument("--model", type=Path, help="whose detector all begin with; the shipped model by default")
    parser.add_argument("--pretrained", type=Path, help="model of `zpix pretrain --mock`, instead of making one")
    parser.add_argument("--mock-tiles", type=int, default=300, help="that the mock's photometry learns from")
    parser.add_argument("--cutout-epochs", type=int, default=40, help="of photometry on the cutouts of few sources")
    asked = parser.parse_args(arguments)
    found = measure(asked)
    keep_json(asked.out / "spectroscopic_labels.json", found)
    counts = found["learnt_from"]
    print(
        f"{counts['train']['redshifts']} redshifts in {counts['train']['tiles']} tiles to learn from,"
        f" {counts['validation']['redshifts']} to validate.\n"
    )
    for name in SAMPLES:
        print(f"{name[0].upper()}{name[1:]}:\n")
        rows = [[row["name"], str(row["epochs"]), *redshift_cells(row["redshifts"][name])] for row in found["rows"]]
        print_table(("redshifts from", "epochs", "found", *SCORES.values()), rows)


if __name__ == "__main__":
    main()
