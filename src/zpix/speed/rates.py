"""How fast do the other parts of zpix work: training, drawing simulated tiles, reading windows of mosaics?

Each rate is what a process does for some seconds, after a first time that does not count.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch.nn.parallel import DistributedDataParallel

from zpix.config import ModelConfig, TrainingConfig
from zpix.detector import Detector
from zpix.detector.device import choose_device, choose_precision, keep_freed_memory
from zpix.image import JADES_BANDS, MosaicWriter, Pixels, Region, open_mosaic, tangent_wcs
from zpix.progress import ProgressBar
from zpix.speed.load import noise_load, scenes_to_learn_from
from zpix.speed.turns import Crew
from zpix.training import loop

_SHORTEST_TURN_S = 3.0
_IMAGES_PER_STEP = 2
_MOSAIC_PIX = 2048
_PIXEL_SCALE_ARCSEC = 0.03


def training_rate(
    model: ModelConfig, *, size: int, rounds: int, processes: int, threads: int, device: str, bar: ProgressBar
) -> float:
    """Images per second of `size` pixels a side: forward, backward, clipping and step, gradients averaged."""
    with tempfile.TemporaryDirectory() as folder:
        job = (model, size, processes, f"file://{folder}/meet", device)
        with Crew(train_steps, job, processes=processes, threads=threads) as crew:
            crew.ready()
            return _median_rate(crew, rounds, bar)


def simulation_rate(*, size: int, rounds: int, processes: int, bar: ProgressBar) -> float:
    """Simulated tiles per second of `size` pixels a side."""
    with Crew(draw_tiles, (size,), processes=processes) as crew:
        crew.ready()
        return _median_rate(crew, rounds, bar)


def reading_rate(*, size: int, rounds: int, bar: ProgressBar) -> float:
    """Windows per second of nine bands and their errors, from FITS files in the system's cache, at random places."""
    rng = np.random.default_rng(0)
    side = max(_MOSAIC_PIX, 2 * size)
    times = []
    with tempfile.TemporaryDirectory() as folder:
        _write_mosaic(folder, side)
        with open_mosaic(folder) as mosaic:
            for _ in range(rounds):
                for x, y in rng.integers(0, side - size, (10, 2)).tolist():
                    start = time.perf_counter()
                    mosaic.read(Region(x, y, x + size, y + size))
                    times.append(time.perf_counter() - start)
                bar.advance()
    return 1 / median(times)


def train_steps(
    model: ModelConfig, size: int, world: int, meeting_place: str, device: str, rank: int
) -> Callable[[], float]:
    """A turn of one training process, in images per second."""
    config = TrainingConfig(batch_size=_IMAGES_PER_STEP)
    place = choose_device(device)
    dtype = choose_precision(config.precision, place)
    keep_freed_memory()
    torch.manual_seed(rank)
    detector = Detector(model).to(place).to(memory_format=torch.channels_last).train()
    optimizer = loop._optimizer(detector, config)
    losses: torch.nn.Module = loop._SummedLosses(detector, config)
    if world > 1:
        backend = "nccl" if place.type == "cuda" else "gloo"
        torch.distributed.init_process_group(backend, init_method=meeting_place, rank=rank, world_size=world)
        losses = DistributedDataParallel(losses)
    scenes = scenes_to_learn_from(noise_load(len(model.bands), size, seed=rank), _IMAGES_PER_STEP).to(place)

    def step() -> None:
        loop._step(losses, optimizer, scenes, 1e-4, config, dtype, where="the benchmark")

    # Steps are taken together: each process takes as many.
    return lambda: _IMAGES_PER_STEP * _rate(step, together=world > 1)


def draw_tiles(size: int, member: int) -> Callable[[], float]:
    """A turn of one process of the simulator, in tiles per second; every tile is a sky of its own."""
    from zpix.scenes import draw_scene

    seeds = iter(range(1_000 * (member + 1), 1_000_000))
    draw_scene(next(seeds), shape=(size, size))
    return lambda: _rate(lambda: draw_scene(next(seeds), shape=(size, size)))


def _rate(work: Callable[[], object], *, together: bool = False) -> float:
    """How often per second the work is done; `together`, twice, whatever the time."""
    work()
    start, count = time.perf_counter(), 0
    while count < 2 or (not together and time.perf_counter() - start < _SHORTEST_TURN_S):
        work()
        count += 1
    return count / (time.perf_counter() - start)


def _median_rate(crew: Crew[float], rounds: int, bar: ProgressBar) -> float:
    """Of all processes together."""
    rates = []
    for _ in range(rounds):
        rates.append(sum(crew.turn()))
        bar.advance()
    return median(rates)


def _write_mosaic(folder: str | Path, side: int) -> None:
    flux = np.random.default_rng(0).normal(size=(len(JADES_BANDS), side, side)).astype(np.float32)
    pixels = Pixels(flux, np.ones_like(flux), np.ones(flux.shape, bool))
    wcs = tangent_wcs(53.16, -27.79, (side, side), _PIXEL_SCALE_ARCSEC)
    with MosaicWriter(folder, bands=JADES_BANDS, shape=(side, side), wcs=wcs) as writer:
        writer.write(Region.whole((side, side)), pixels)
