"""How much does pretraining on other galaxies help, if few sources have redshifts?

    python experiments/pretraining.py --out pretraining --galaxiesml galaxiesml

As in Merz et al. 2026, but on the mock sky: detectors are trained in the same way on the same tiles, in which few
sources have a redshift. They differ in their pretraining:

* none, with the paper's head on the pyramid, or with the head that sees pixels;
* a backbone pretrained on the redshifts of GalaxiesML or, without its files, on those of a stand-in: the mock sky in
  its five bluest bands;
* a backbone pretrained on redshifts of the mock sky in all bands;
* photometry of the head that sees pixels, pretrained there.

`--store` can be that of experiments/spectroscopic_labels.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
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

_STAND_IN_BANDS = 5  # as many as HSC has


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Pretrain, train and search in each way; return all rows and the training set as JSON values."""
    experiment = begin(asked)
    config = experiment.config
    store = asked.store or experiment.store("spectroscopic", tiles=asked.tiles, seed=asked.seed, labels="spectroscopic")
    fields = experiment.fields(asked.test_seeds, asked.test_size)

    def mock(bands: Sequence[str]) -> Path:
        """Galaxies for backbones: a sky with another seed than the store's, in some bands."""
        return experiment.store(
            f"galaxies-{len(bands)}", tiles=asked.mock_tiles, seed=asked.seed + 1, labels="all", bands=bands,
        )  # fmt: skip

    def galaxies(place: Path) -> Path:
        """Pretrain a backbone on GalaxiesML or its stand-in."""
        data = asked.galaxiesml or mock(config.model.bands[:_STAND_IN_BANDS])
        return zpix.pretrain(data, out=place, part="backbone", config=config)

    def mock_galaxies(place: Path) -> Path:
        """Pretrain a backbone on the mock sky in all bands."""
        data = mock(config.model.bands)
        return zpix.pretrain(data, out=place, part="backbone", config=config)

    def row(name: str, head: str, **brought: Callable[[Path], Path]) -> dict[str, Any]:
        """Scores of one way, measured unless they exist."""

        def make(place: Path) -> dict[str, Any]:
            """Pretrain, train, search and score."""
            begun = {part: learn(place / part) for part, learn in brought.items()}
            path = zpix.train(
                store, out=place / "run", name=name, **begun,
                config=Config(
                    model=override(config.model, redshift_head=head), training=experiment.training(asked.epochs)
                ),
            )  # fmt: skip
            found = search(path, fields, out=place, config=experiment.inference)
            learnt = [load_checkpoint(model).about.pretraining_seconds for model in begun.values()]
            return {"name": name, "head": head, "seconds_before": sum(learnt), **training_facts(path), **found}

        return experiment.row(name, make)

    def photometry(place: Path) -> Path:
        """Pretrain the photometry of the head that sees pixels."""
        model = override(config.model, redshift_head="fpn+pixels")
        return experiment.photometry(place, model=model, tiles=asked.photometry_tiles, seed=asked.seed + 1)

    stand_in = "GalaxiesML" if asked.galaxiesml else f"stand-in for GalaxiesML: mock sky in {_STAND_IN_BANDS} bands"
    rows = [
        row("nothing, fpn", "fpn"),
        row(f"backbone, {stand_in}", "fpn", backbone=galaxies),
        row("backbone, mock sky in all bands", "fpn", backbone=mock_galaxies),
        row("nothing, fpn+pixels", "fpn+pixels"),
        row("photometry, mock sky", "fpn+pixels", redshift_head=photometry),
    ]
    return {"learnt_from": store_counts(Store(store)), "test_seeds": asked.test_seeds, "rows": rows}


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, train, search, print and write."""
    parser = options(__doc__, tiles=320, seed=2145, epochs=3, test_seeds=(2201, 2202), test_size=3072)
    parser.add_argument("--galaxiesml", type=Path, nargs="+", help="HDF5 files of GalaxiesML, or their directory")
    parser.add_argument("--mock-tiles", type=int, default=100, help="tiles that backbones are pretrained on")
    parser.add_argument("--photometry-tiles", type=int, default=240, help="tiles that photometry is pretrained on")
    asked = parser.parse_args(arguments)
    found = measure(asked)
    keep_json(asked.out / "pretraining.json", found)
    counts = found["learnt_from"]["train"]
    print(f"{counts['tiles']} tiles with {counts['redshifts']} redshifts, {asked.epochs} epochs.\n")
    rows = [
        [row["name"], row["head"], str(row["seconds_before"]), *loss_cells(row), *detection_cells(row)]
        for row in found["rows"]
    ]
    print_table(
        ("brought", "head", "seconds before", "loss", "validation", "of redshifts", "completeness", "purity"), rows
    )
    for name in SAMPLES:
        print(f"{name[0].upper()}{name[1:]}:\n")
        rows = [[row["name"], row["head"], *redshift_cells(row["redshifts"][name])] for row in found["rows"]]
        print_table(("brought", "head", "found", *SCORES.values()), rows)


if __name__ == "__main__":
    main()
