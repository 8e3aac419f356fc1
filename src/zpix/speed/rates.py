"""How fast are training, the drawing of simulated tiles, and the reading of mosaics?

The first step of each is not counted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch.nn.parallel import DistributedDataParallel

from zpix.config import ModelConfig, TrainingConfig
from zpix.detector import Detector
from zpix.detector.device import choose_device, choose_precision, keep_freed_memory, mixed_precision
from zpix.image import JADES_BANDS, MosaicWriter, Pixels, Region, open_mosaic, tangent_wcs
from zpix.progress import ProgressBar
from zpix.speed.load import noise_load, scenes_to_learn_from
from zpix.speed.turns import Cost, Crew, cost_of
from zpix.training.joint import SummedLosses, make_optimizer, weighted
from zpix.training.loop import take_step

_SHORTEST_TURN_S = 3.0
_IMAGES_PER_STEP, _STEPS = 2, 2
_MOSAIC_PIX = 2048
_PIXEL_SCALE_ARCSEC = 0.03


@dataclass(frozen=True)
class Rate:
    """Speed of some work.

    Attributes
    ----------
    per_second : float
        Pieces per second of all processes.
    computed : float
        Processor time of one piece in seconds.
    """

    per_second: float
    computed: float


def training_rate(
    model: ModelConfig, *, size: int, rounds: int, processes: int, threads: int, device: str, bar: ProgressBar
) -> Rate:
    """Measure training: forward, backward, clipping and step, with gradients averaged over processes.

    Parameters
    ----------
    model : ModelConfig
        Shape of the network.
    size : int, pixels
        Side of an image.
    rounds : int
        Number of rounds; the median counts.
    processes, threads : int
        Number of processes, and threads of each.
    device : str
        "auto", "cpu", "cuda" or "cuda:N".
    bar : ProgressBar
        Shows the rounds.

    Returns
    -------
    Rate
        Images per second.
    """
    with tempfile.TemporaryDirectory() as folder:
        job = (model, size, processes, f"file://{folder}/meet", device)
        with Crew(train_steps, job, processes=processes, threads=threads) as crew:
            return _rate_of(crew, rounds, bar)


def simulation_rate(*, size: int, rounds: int, processes: int, bar: ProgressBar) -> Rate:
    """Measure the drawing of simulated tiles.

    Parameters
    ----------
    size : int, pixels
        Side of a tile.
    rounds : int
        Number of rounds; the median counts.
    processes : int
        Number of processes.
    bar : ProgressBar
        Shows the rounds.

    Returns
    -------
    Rate
        Tiles per second.
    """
    with Crew(draw_tiles, (size,), processes=processes) as crew:
        return _rate_of(crew, rounds, bar)


def reading_rate(*, size: int, rounds: int, bar: ProgressBar) -> Rate:
    """Measure the reading of windows of nine bands and their errors, from FITS files in the system's cache.

    Parameters
    ----------
    size : int, pixels
        Side of a window; positions are random.
    rounds : int
        Number of rounds of ten windows.
    bar : ProgressBar
        Shows the rounds.

    Returns
    -------
    Rate
        Windows per second.
    """
    rng = np.random.default_rng(0)
    side = max(_MOSAIC_PIX, 2 * size)
    costs = []
    with tempfile.TemporaryDirectory() as folder:
        _write_mosaic(folder, side)
        with open_mosaic(folder) as mosaic:
            for _ in range(rounds):
                for x, y in rng.integers(0, side - size, (10, 2)).tolist():
                    window = Region(x, y, x + size, y + size)
                    costs.append(cost_of(partial(mosaic.read, window)))
                bar.advance()
    return Rate(1 / median(c.passed for c in costs), median(c.computed for c in costs))


def train_steps(
    model: ModelConfig, size: int, world: int, meeting_place: str, device: str, rank: int
) -> Callable[[], Cost]:
    """Build a training process that takes turns.

    Parameters
    ----------
    model : ModelConfig
        Shape of the network.
    size : int, pixels
        Side of an image.
    world : int
        Number of processes.
    meeting_place : str
        URL of the file by which processes find each other.
    device : str
        "auto", "cpu", "cuda" or "cuda:N".
    rank : int
        Number of the process.

    Returns
    -------
    callable
        Returns the cost of an image.
    """
    config = TrainingConfig(batch_size=_IMAGES_PER_STEP)
    place = choose_device(device)
    dtype = choose_precision(config.precision, place)
    keep_freed_memory()
    torch.manual_seed(rank)
    detector = Detector(model).to(place).to(memory_format=torch.channels_last).train()
    optimizer = make_optimizer(detector, config)
    losses: torch.nn.Module = SummedLosses(detector, config)
    if world > 1:
        backend = "nccl" if place.type == "cuda" else "gloo"
        torch.distributed.init_process_group(backend, init_method=meeting_place, rank=rank, world_size=world)
        losses = DistributedDataParallel(losses)
    scenes = scenes_to_learn_from(noise_load(len(model.bands), size, seed=rank), _IMAGES_PER_STEP).to(place)

    def step() -> None:
        """One step of the training."""
        with mixed_precision(place, dtype):
            parts = losses(scenes)
        take_step(
            torch.stack(list(weighted(parts, config).values())).sum(), optimizer, rate=1e-4, clip_norm=config.clip_norm
        )

    step()  # the first is slower
    return lambda: cost_of(step, times=_STEPS) / _IMAGES_PER_STEP  # the same number in all processes


def draw_tiles(size: int, member: int) -> Callable[[], Cost]:
    """Build a process of the simulator that takes turns.

    Parameters
    ----------
    size : int, pixels
        Side of a tile; each has its own seed.
    member : int
        Number of the process.

    Returns
    -------
    callable
        Returns the cost of a tile.
    """
    from zpix.scenes import draw_scene

    seeds = iter(range(1_000 * (member + 1), 1_000_000))
    draw_scene(next(seeds), shape=(size, size))
    return lambda: cost_of(lambda: draw_scene(next(seeds), shape=(size, size)), at_least_s=_SHORTEST_TURN_S)


def _rate_of(crew: Crew[Cost], rounds: int, bar: ProgressBar) -> Rate:
    """Median of the rounds, of all processes together."""
    crew.ready()
    rates, computed = [], []
    for _ in range(rounds):
        costs = crew.turn()
        rates.append(sum(1 / cost.passed for cost in costs))
        computed.append(sum(cost.computed for cost in costs) / len(costs))
        bar.advance()
    return Rate(median(rates), median(computed))


def _write_mosaic(folder: str | Path, side: int) -> None:
    """Write a mosaic of noise in nine bands."""
    flux = np.random.default_rng(0).normal(size=(len(JADES_BANDS), side, side)).astype(np.float32)
    pixels = Pixels(flux, np.ones_like(flux), np.ones(flux.shape, bool))
    wcs = tangent_wcs(53.16, -27.79, (side, side), _PIXEL_SCALE_ARCSEC)
    with MosaicWriter(folder, bands=JADES_BANDS, shape=(side, side), wcs=wcs) as writer:
        writer.write(Region.whole((side, side)), pixels)
