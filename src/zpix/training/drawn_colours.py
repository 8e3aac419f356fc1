"""What colours have the sources of many simulated skies, of which no pixel is kept?

The photometry of the redshift head learns from more labels than a store of images can hold: a tile of nine bands is
15 MB, what the head reads of its sources 0.3 MB. So scenes are drawn in several realisations of their noise and
measured, and their images are not kept. Light, neighbours and noise are kept apart, so that spectra can be drawn again
(`zpix.training.separate_sums`).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from zpix.config import ModelConfig, PretrainingConfig, SimulationConfig
from zpix.detector.tensor_file import read_tensors, write_tensors
from zpix.errors import StoreError
from zpix.outputs import refuse_other_settings, whole_file
from zpix.progress import in_order, progress_bar
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.bands_seen import draw_bands_seen
from zpix.training.found_sums import found_sums, outliner
from zpix.training.mock import MockTile, draw_again
from zpix.training.separate_sums import SeparateSums, separate_sums, together
from zpix.training.source_sums import SourceSums

_TILES = 20  # of a file, the last of which is for validation
_SPLITS = ("train", "validation")
_SETTINGS = "settings.json"
# Settings without which the sums of two directories do not mean the same.
_SHARED = ("cutout_size_pix", "gaussian_sigmas_pix", "elliptical_widths", "errors")


@dataclass(frozen=True)
class _Shard:
    """The tiles of one file, the index of the one for validation, and how they are measured."""

    path: Path
    tiles: tuple[MockTile, ...]
    validation: int | None
    model: ModelConfig
    config: PretrainingConfig
    detector: Path | None


def draw_colours(
    out: Path,
    *,
    tiles: int,
    seed: int,
    simulation: SimulationConfig,
    model: ModelConfig,
    config: PretrainingConfig,
    tile_size: int = 512,
    workers: int = 1,
    detector: Path | None = None,
) -> tuple[SeparateSums, SourceSums | None]:
    """Draw simulated tiles and measure what the redshift head reads of their galaxies.

    Every twentieth tile is for validation, without changes and in one realisation of its noise; of the others every
    realisation has its own shift, and errors of box and mask.

    Parameters
    ----------
    out : Path
        Directory of the files. Those that are there already are not drawn again, so that a killed call goes on and one
        for more tiles adds to them.
    tiles : int
        Number of tiles.
    seed : int
        From which the skies follow.
    simulation : SimulationConfig
        What the skies hold and how they are observed.
    model : ModelConfig
        Bands, and weights of the photometry.
    config : PretrainingConfig
        Realisations of each tile.
    tile_size : int, default 512, pixels
        Side of a tile.
    workers : int, default 1
        Processes; the files do not depend on their number.
    detector : Path, optional
        Model whose detector gives the galaxies their boxes and masks; by default they are the true ones.

    Returns
    -------
    training : SeparateSums
        Galaxies to learn from.
    validation : SourceSums or None
        Galaxies to score on; None if there are fewer than twenty tiles.

    Raises
    ------
    OutputError
        If `out` holds the colours of other skies.
    StoreError
        If no tile has a galaxy.
    """
    if detector is not None:
        outliner(detector, model)  # one that does not fit is told of before anything is drawn
    _check_settings(out / _SETTINGS, _what_decides(seed, tile_size, simulation, model, config, detector))
    shards = _shards(
        out, tiles, seed=seed, tile_size=tile_size, simulation=simulation, model=model, config=config,
        detector=detector,
    )  # fmt: skip
    missing = [shard for shard in shards if not shard.path.exists()]
    with progress_bar("drawing scenes", len(shards), done=len(shards) - len(missing)) as bar:
        for _ in _drawn(missing, workers):
            bar.advance()
    training, validation = read_colours([shard.path for shard in shards], model, model.bands)
    if training is None or not len(training.redshift):
        raise StoreError(f"the {tiles} simulated tiles have no galaxy to learn from; draw more, or with other settings")
    return training, validation


def read_colours(
    paths: Sequence[Path], model: ModelConfig, bands: Sequence[str]
) -> tuple[SeparateSums | None, SourceSums | None]:
    """Read files of `draw_colours`.

    Parameters
    ----------
    paths : sequence of Path
        Some of its files.
    model : ModelConfig
        Bands that are wanted, and weights of the photometry.
    bands : sequence of str
        Bands that were drawn, in order.

    Returns
    -------
    training : SeparateSums or None
        Galaxies to learn from; None if there are none.
    validation : SourceSums or None
        Galaxies to score on; None if there are none.

    Raises
    ------
    StoreError
        If an older version drew them.
    """
    parts: dict[str, list[SeparateSums]] = {split: [] for split in _SPLITS}
    wanted = torch.tensor([list(bands).index(band) for band in model.bands])
    for path in paths:
        tensors, _ = read_tensors(path)
        for split in _SPLITS:
            if f"{split}.response" in tensors:
                drawn = SeparateSums(*(tensors[f"{split}.{name}"] for name in SeparateSums._fields))
                parts[split].append(drawn.in_bands(wanted))
            elif f"{split}.sums" in tensors:
                raise StoreError(f"'{path}' is of an older zpix, whose colours cannot be drawn again: draw them anew")
    training, validation = (SeparateSums.concatenate(parts[split]) if parts[split] else None for split in _SPLITS)
    return training, None if validation is None else together(validation, model=model)


def holds_colours(path: Path) -> bool:
    """Say whether a directory is one of `draw_colours`.

    Parameters
    ----------
    path : Path
        The directory.

    Returns
    -------
    bool
        True if it says what its colours were drawn with.
    """
    return (path / _SETTINGS).is_file()


def join_colours(
    places: Sequence[Path], model: ModelConfig
) -> tuple[SeparateSums, SourceSums | None, list[dict[str, Any]]]:
    """Read the colours of several directories of `draw_colours`, drawn of different skies.

    Parameters
    ----------
    places : sequence of Path
        The directories.
    model : ModelConfig
        Bands, which all must have, and weights of the photometry, which must be those of all.

    Returns
    -------
    training : SeparateSums
        Galaxies to learn from.
    validation : SourceSums or None
        Galaxies to score on; None if there are none.
    settings : list of dict
        What each directory was drawn with.

    Raises
    ------
    StoreError
        If a directory lacks a band of the model or has other weights, or none has a galaxy.
    """
    settings = [json.loads((place / _SETTINGS).read_text(encoding="utf-8")) for place in places]
    wanted = json.loads(json.dumps({name: getattr(model, name) for name in _SHARED}))
    training_parts, validation_parts = [], []
    for place, own in zip(places, settings, strict=True):
        if lacking := [band for band in model.bands if band not in own["bands"]]:
            raise StoreError(f"'{place}' holds colours without {' '.join(lacking)}; it has {' '.join(own['bands'])}")
        for name, value in wanted.items():
            drawn = own.get(name, "image")  # colours of errors as images give them do not say so
            if drawn != value:
                raise StoreError(f"'{place}' holds colours with {name} = {drawn}; the model has {value}")
        to_learn, to_score = read_colours(sorted(place.glob("*.safetensors")), model, own["bands"])
        training_parts += [] if to_learn is None else [to_learn]
        validation_parts += [] if to_score is None else [to_score]
    training = SeparateSums.concatenate(training_parts) if training_parts else None
    validation = SourceSums.concatenate(validation_parts) if validation_parts else None
    if training is None or not len(training.redshift):
        raise StoreError(f"'{places[0]}' holds no colours of galaxies to learn from")
    return training, validation, settings


def _shards(
    out: Path,
    tiles: int,
    *,
    seed: int,
    tile_size: int,
    simulation: SimulationConfig,
    model: ModelConfig,
    config: PretrainingConfig,
    detector: Path | None,
) -> list[_Shard]:
    """The tiles of each file."""
    every = [MockTile(seed, index, tile_size, model.bands, simulation) for index in range(tiles)]
    shards = []
    for first in range(0, tiles, _TILES):
        part = tuple(every[first : first + _TILES])
        path = out / f"{first:06d}-{first + len(part) - 1:06d}.safetensors"
        shards.append(_Shard(path, part, part[-1].index if len(part) == _TILES else None, model, config, detector))
    return shards


def _drawn(shards: list[_Shard], workers: int) -> Iterator[None]:
    """Draw all, by this process or by several with one thread each."""
    if workers == 1:
        yield from map(_draw, shards)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        yield from in_order(pool, _draw, iter(shards), ahead=2 * workers)


def _draw(shard: _Shard) -> None:
    """Draw, measure and write the tiles of one file."""
    model, config = shard.model, shard.config
    parts: dict[str, list[SeparateSums]] = {split: [] for split in _SPLITS}
    for tile in shard.tiles:
        rng = np.random.default_rng([tile.seed, tile.index, 1])
        drawn = draw_again(tile, measured=model.errors == "measured", with_light=True)
        again = (seen.in_errors(model.errors) for seen in drawn)
        if tile.index == shard.validation:
            parts["validation"].append(_validation_sums(next(again), shard, rng))
            continue
        for seen in itertools.islice(again, config.realisations):
            parts["train"].append(_sums(seen, shard, draw_bands_seen(model.bands, config.bands_seen, rng), rng))
    tensors = {
        f"{split}.{name}": value.contiguous()
        for split, measured in parts.items()
        if measured
        for name, value in SeparateSums.concatenate(measured)._asdict().items()
    }
    write_tensors(shard.path, tensors, {})


def _sums(tile: AnnotatedTile, shard: _Shard, seen: NDArray[np.bool_], rng: np.random.Generator) -> SeparateSums:
    """Sums of a tile in changed true boxes and segments, or in those of a detector that sees some bands."""
    if shard.detector is None:
        return separate_sums(tile, model=shard.model, rng=rng)
    return found_sums(tile, outliner(shard.detector, shard.model), seen=seen, rng=rng)


def _validation_sums(tile: AnnotatedTile, shard: _Shard, rng: np.random.Generator) -> SeparateSums:
    """Sums of a tile as they are, in the bands in which it is seen."""
    seen = draw_bands_seen(shard.model.bands, shard.config.bands_seen, rng)
    as_they_are = shard.detector is None
    sums = separate_sums(tile, model=shard.model, rng=None) if as_they_are else _sums(tile, shard, seen, rng)
    observed = torch.from_numpy(seen).float()
    return sums._replace(sigma=sums.sigma * observed[:, None], coverage=sums.coverage * observed)


def _what_decides(
    seed: int,
    tile_size: int,
    simulation: SimulationConfig,
    model: ModelConfig,
    config: PretrainingConfig,
    detector: Path | None,
) -> dict[str, Any]:
    """Everything that the content of the files depends on."""
    return {
        "zpix": version("zpix"),
        "seed": seed,
        "tile_size": tile_size,
        "simulation": simulation.model_dump(mode="json"),
        "bands": model.bands,
        "cutout_size_pix": model.cutout_size_pix,
        "gaussian_sigmas_pix": model.gaussian_sigmas_pix,
        "elliptical_widths": model.elliptical_widths,
        "realisations": config.realisations,
        **({} if model.errors == "image" else {"errors": model.errors}),
        **({} if config.bands_seen == "all" else {"bands_seen": config.bands_seen}),
        **({} if detector is None else {"detector": hashlib.sha256(detector.read_bytes()).hexdigest()[:16]}),
    }


def _check_settings(path: Path, settings: dict[str, Any]) -> None:
    """Write down what the files are made with, or refuse those that were made with something else."""
    if path.exists():
        begun = json.loads(path.read_text(encoding="utf-8"))
        refuse_other_settings(begun, settings, f"'{path.parent}' holds the colours of skies with other settings")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        partial.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
