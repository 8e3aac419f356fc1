"""Which skies does an experiment draw, which of its results exist, and which options does it have?

All results are kept in one directory with their settings, and existing results are not made again.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zpix
from zpix.config import Config, InferenceConfig, ModelConfig, TrainingConfig, load_config, override
from zpix.errors import StoreError
from zpix.outputs import refuse_other_settings, write_json
from zpix.training.store import Labels, Store

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "paper-experiments.toml"
#: Shares of train, validation and test among the tiles of a store; tests are made on fields of other skies.
FRACTIONS = (7 / 8, 1 / 8, 0.0)
_NOT_SETTINGS = ("out", "workers")  # results do not depend on them


@dataclass(frozen=True)
class Experiment:
    """Directory and common settings of an experiment; made by `begin`.

    Attributes
    ----------
    out : Path
        Directory of all results.
    config : Config
        All settings.
    tile_size : int, pixels
        Side of a tile.
    workers : int
        Number of processes.
    """

    out: Path
    config: Config
    tile_size: int
    workers: int

    def store(self, name: str, *, tiles: int, seed: int, labels: Labels, bands: Sequence[str] | None = None) -> Path:
        """Return a store of simulated tiles, drawn unless it exists; `bands` are those of `[model]` by default."""
        path = self.out / f"{name}.zarr"
        try:
            Store(path)
        except StoreError:  # not there, or not whole
            zpix.prepare(
                out=path, mock=tiles, seed=seed, config=self.config, bands=bands or self.config.model.bands,
                tile_size_pix=self.tile_size, fractions=FRACTIONS, workers=self.workers, labels=labels,
            )  # fmt: skip
        return path

    def fields(self, seeds: Sequence[int], size: int) -> list[Path]:
        """Return fields to test on, of `size` pixels a side, each drawn unless it exists."""
        places = [self.out / "fields" / str(seed) for seed in seeds]
        for place, seed in zip(places, seeds, strict=True):
            if not (place / "truth.fits").is_file():
                zpix.simulate(
                    place, size_pix=size, seed=seed, bands=self.config.model.bands, config=self.config.simulation,
                    workers=self.workers,
                )  # fmt: skip
        return places

    def photometry(self, out: Path, *, model: ModelConfig, tiles: int, seed: int) -> Path:
        """Pretrain the photometry of a redshift head on tiles of the mock sky."""
        config = self.config.model_copy(update={"model": model})
        return zpix.pretrain(
            out=out, mock=tiles, seed=seed, config=config, tile_size_pix=self.tile_size, workers=self.workers
        )

    def training(self, epochs: int, *, learn: str | None = None) -> TrainingConfig:
        """Return `[training]` for so many epochs, with validation losses after the last, of all parts or of one."""
        return override(self.config.training, epochs=epochs, validate_every=epochs, learn=learn)

    @property
    def inference(self) -> InferenceConfig:
        """Settings of the search."""
        return override(self.config.inference, workers=self.workers)

    def row(self, name: str, make: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
        """Return a row of the experiment as JSON values; `make` is called with its directory unless the row exists."""
        kept = self.out / name.replace(",", "").replace(" ", "-") / "row.json"
        if not kept.is_file():
            keep_json(kept, make(kept.parent))
        return json.loads(kept.read_text("utf-8"))


def begin(asked: argparse.Namespace) -> Experiment:
    """Begin the experiment in `asked.out`, or go on with one of the same settings.

    Raises
    ------
    OutputError
        If it was begun with other settings.
    """
    config = load_config(asked.config)
    own = {name: value for name, value in vars(asked).items() if name not in (*_NOT_SETTINGS, "config")}
    keep_settings(asked.out, {**own, "config": config.model_dump(mode="json")})
    return Experiment(asked.out, config, asked.tile_size, asked.workers)


def keep_settings(out: Path, settings: dict[str, Any]) -> None:
    """Write the settings of a directory, or check that existing ones are the same.

    Raises
    ------
    OutputError
        If it was begun with other settings.
    """
    settings = json.loads(json.dumps(settings, default=str))
    kept = out / "settings.json"
    if not kept.is_file():
        keep_json(kept, settings)
    refuse_other_settings(json.loads(kept.read_text("utf-8")), settings, f"{out}: was begun with other settings")


def options(
    description: str | None, *, tiles: int, seed: int, epochs: int, test_seeds: Sequence[int], test_size: int
) -> argparse.ArgumentParser:
    """Return a parser with the options that all experiments have, and the defaults of one."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--out", type=Path, required=True, help="directory of all results")
    add("--config", type=Path, default=RECIPE, help="TOML file of all other settings")
    add("--store", type=Path, help="store to train on, instead of drawing one")
    add("--tiles", type=int, default=tiles, help="of the store: seven to train on for one to validate")
    add("--tile-size", type=int, default=512, help="side of a tile in pixels")
    add("--seed", type=int, default=seed, help="of the store; skies for pretraining have the next")
    add("--epochs", type=int, default=epochs, help="of the joint training")
    add("--test-seeds", type=int, nargs="+", default=list(test_seeds), help="of the fields to test on")
    add("--test-size", type=int, default=test_size, help="side of a field to test on in pixels")
    add("--workers", type=int, default=2, help="processes that draw and search")
    return parser


def keep_json(path: Path, values: Any) -> None:
    """Write JSON values, and make their directory if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, values)
