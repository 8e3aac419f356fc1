"""Which skies does an experiment draw, what has it made so far, and how are its options read?

Everything is kept in one directory with the settings that it was made with, and what is there is not made again.
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
from zpix.outputs import refuse_other_settings, whole_file
from zpix.training.store import Labels, Store

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "paper-experiments.toml"
#: Shares of train, validation and test among the tiles of a store; tests are made on fields of other skies.
FRACTIONS = (7 / 8, 1 / 8, 0.0)
_NOT_SETTINGS = ("out", "workers")  # nothing depends on them


@dataclass(frozen=True)
class Experiment:
    """Where an experiment is kept and what all of its parts have in common; made by `begin`."""

    out: Path
    config: Config
    tile_size: int
    workers: int

    def store(self, name: str, *, tiles: int, seed: int, labels: Labels, bands: Sequence[str] | None = None) -> Path:
        """A store of simulated tiles, drawn unless it is there; `bands` are those of `[model]` by default."""
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
        """Fields to test on, of `size` pixels a side, each drawn unless it is there."""
        places = [self.out / "fields" / str(seed) for seed in seeds]
        for place, seed in zip(places, seeds, strict=True):
            if not (place / "truth.fits").is_file():
                zpix.simulate(
                    place, size_pix=size, seed=seed, bands=self.config.model.bands, config=self.config.simulation,
                    workers=self.workers,
                )  # fmt: skip
        return places

    def photometry(self, out: Path, *, model: ModelConfig, tiles: int, seed: int) -> Path:
        """A redshift head whose photometry has learnt on tiles of the mock sky."""
        config = self.config.model_copy(update={"model": model})
        return zpix.pretrain(
            out=out, mock=tiles, seed=seed, config=config, tile_size_pix=self.tile_size, workers=self.workers
        )

    def training(self, epochs: int, *, learn: str | None = None) -> TrainingConfig:
        """`[training]` for so many epochs, with validation losses after the last; of all that it says, or of a part."""
        return override(self.config.training, epochs=epochs, validate_every=epochs, learn=learn)

    @property
    def inference(self) -> InferenceConfig:
        return override(self.config.inference, workers=self.workers)

    def row(self, name: str, make: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
        """A row of the experiment as JSON values: `make` is called with its directory unless it was finished before."""
        kept = self.out / name.replace(",", "").replace(" ", "-") / "row.json"
        if not kept.is_file():
            write_json(kept, make(kept.parent))
        return json.loads(kept.read_text("utf-8"))


def begin(asked: argparse.Namespace) -> Experiment:
    """The experiment in `asked.out`, new or begun before with the same settings.

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
    """Note what everything in a directory is made with, or see that what is there was made with the same.

    Raises
    ------
    OutputError
        If it was begun with other settings.
    """
    settings = json.loads(json.dumps(settings, default=str))
    kept = out / "settings.json"
    if not kept.is_file():
        write_json(kept, settings)
    refuse_other_settings(json.loads(kept.read_text("utf-8")), settings, f"{out}: was begun with other settings")


def options(
    description: str | None, *, tiles: int, seed: int, epochs: int, test_seeds: Sequence[int], test_size: int
) -> argparse.ArgumentParser:
    """The options that all experiments have, with defaults of their own."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--out", type=Path, required=True, help="directory of everything that is made")
    add("--config", type=Path, default=RECIPE, help="TOML file of all settings that are not options")
    add("--store", type=Path, help="store to learn from, instead of drawing one")
    add("--tiles", type=int, default=tiles, help="of the store: seven to learn from for one to validate")
    add("--tile-size", type=int, default=512, help="side of a tile in pixels")
    add("--seed", type=int, default=seed, help="of the store; skies to learn from before have the next")
    add("--epochs", type=int, default=epochs, help="of the joint training")
    add("--test-seeds", type=int, nargs="+", default=list(test_seeds), help="of the fields to test on")
    add("--test-size", type=int, default=test_size, help="side of a field to test on in pixels")
    add("--workers", type=int, default=2, help="processes that draw and search")
    return parser


def write_json(path: Path, values: Any) -> None:
    """Write JSON values; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
