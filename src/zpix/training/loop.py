"""How does the detector learn? One reader-friendly loop: epochs, steps, validation, checkpoint, log.

Several devices: start the same program with torchrun; each process takes its share of every batch and gradients are
averaged by DistributedDataParallel. Every random choice of an epoch is seeded by (seed, epoch, rank), and the state is
kept after each epoch, so a training that was killed goes on exactly as if it had not been.
"""

from __future__ import annotations

import csv
import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler

from zpix.config import ModelConfig, TrainingConfig
from zpix.detector import Checkpoint, Detector, Scenes, save_checkpoint
from zpix.detector.device import choose_device, choose_precision, keep_freed_memory, mixed_precision
from zpix.errors import StoreError, TrainingError
from zpix.outputs import whole_file
from zpix.progress import progress_bar
from zpix.training.batches import StoreDataset, join_scenes
from zpix.training.state import TrainingState, load_state, save_state
from zpix.training.store import Split, Store

LOSS_FILE = "losses.csv"
MODEL_FILE = "model.safetensors"
STATE_FILE = "state.safetensors"


def fit(
    store: Store,
    out: Path,
    *,
    detector: Detector,
    config: TrainingConfig,
    device: str = "auto",
    about: dict | None = None,
    on_epoch: Callable[[Path], None] = lambda losses: None,
) -> Path:
    """Train `detector` on a store; returns the path of the finished model.

    `out` receives `state.safetensors` (to go on from), `model.safetensors` and `losses.csv` after every epoch. If
    `out` holds the state of an interrupted run with the same settings, that run goes on.

    Raises
    ------
    StoreError
        If the store's bands or pixel scale are not the model's, or a split that is needed is empty.
    OutputError
        If `out` holds a training with other settings.
    TrainingError
        If a loss is not finite, or `out` holds a training of another network.
    """
    check_store(store, detector.config)
    rank, local_rank, world = _join_process_group()
    place = choose_device(device if world == 1 or not torch.cuda.is_available() else f"cuda:{local_rank}")
    dtype = choose_precision(config.precision, place)
    keep_freed_memory()
    detector = detector.to(place).to(memory_format=torch.channels_last)
    learner = detector if config.learn == "all" else detector.redshift_head
    for parameter in detector.parameters():
        parameter.requires_grad_(False)
    for parameter in learner.parameters():
        parameter.requires_grad_(True)
    optimizer = _optimizer(detector, config)
    state = load_state(out / STATE_FILE, detector, optimizer, config)
    losses_of = _SummedLosses(detector, config)
    model = DistributedDataParallel(losses_of) if world > 1 else losses_of

    data = StoreDataset(store, "train", seed=config.seed, flips=config.flips, band_dropout=config.band_dropout)
    sampler: DistributedSampler = DistributedSampler(data, world, rank, shuffle=True, seed=config.seed)
    loader = DataLoader(
        data, config.batch_size, sampler=sampler, num_workers=config.workers, collate_fn=join_scenes,
        pin_memory=place.type == "cuda",
    )  # fmt: skip
    total_steps = config.epochs * len(loader)
    with progress_bar("training", total_steps, done=state.epoch * len(loader)) as bar:
        for epoch in range(state.epoch, config.epochs):
            started = time.monotonic()
            torch.manual_seed(_mix(config.seed, epoch, rank))
            sampler.set_epoch(epoch)
            data.epoch = epoch
            detector.eval()
            learner.train()
            means = _RunningMeans()
            for number, scenes in enumerate(loader):
                rate = learning_rate(epoch * len(loader) + number, total_steps, config)
                parts = _step(
                    model,
                    optimizer,
                    scenes.to(place),
                    rate,
                    config,
                    dtype,
                    where=f"epoch {epoch}, step {number}",
                )
                means.add(parts)
                bar.advance(note=f"epoch {epoch + 1}/{config.epochs}  loss {means.total():.3f}")
            rows = [{"epoch": epoch + 1, "split": "train", "rate": rate, **means.values()}]
            if (epoch + 1) % config.validate_every == 0 and store.count("validation"):
                rows.append({"epoch": epoch + 1, "split": "validation", "rate": rate,
                             **validation_losses(detector, store, config, place, dtype)})  # fmt: skip
            state = TrainingState(epoch + 1, [*state.history, *rows], state.seconds + time.monotonic() - started)
            if rank == 0:
                trained = {
                    **(about or {}),
                    "epochs": state.epoch,
                    "seconds": round(state.seconds),
                    "losses": rows,
                }
                save_checkpoint(out / MODEL_FILE, Checkpoint(detector, trained), half=False)
                write_losses(out / LOSS_FILE, state.history)
                on_epoch(out / LOSS_FILE)
                # Last, so that what it counts as done is there.
                save_state(out / STATE_FILE, detector, optimizer, config, state)
    if world > 1:
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
    return out / MODEL_FILE


def check_store(store: Store, model: ModelConfig, *, needs: Split = "train") -> None:
    """Refuse a store whose tiles the model cannot read, or that has none in a split that is needed."""
    if store.bands != model.bands:
        raise StoreError(f"{store.path}: has bands {' '.join(store.bands)}, the model wants {' '.join(model.bands)}")
    if abs(store.pixel_scale_arcsec / model.pixel_scale_arcsec - 1) > 0.05:
        raise StoreError(
            f"{store.path}: pixels of {store.pixel_scale_arcsec} arcsec, the model wants {model.pixel_scale_arcsec}"
        )
    if model.built_for_pix not in (None, store.tile_size):
        raise StoreError(
            f"{store.path}: has tiles of {store.tile_size} pixels, the {model.backbone} is built for "
            f"{model.built_for_pix}: set built_size_pix = {store.tile_size} in [model], or prepare other tiles"
        )
    if store.count(needs) == 0:
        raise StoreError(f"{store.path}: the {needs} split is empty; prepare a larger field or other split fractions")


def learning_rate(step: int, total_steps: int, config: TrainingConfig) -> float:
    """Rate at a step: linear warm-up, then a stepped or cosine schedule."""
    warmup = min(1.0, (step + 1) / max(config.warmup_steps, 1))
    progress = step / max(total_steps, 1)
    if config.schedule == "cosine":
        return config.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * progress))
    return config.learning_rate * warmup * 0.1 ** sum(progress >= m for m in config.milestones)


@torch.no_grad()
def validation_losses(
    detector: Detector, store: Store, config: TrainingConfig, device: torch.device, dtype: torch.dtype
) -> dict[str, float]:
    """Mean of every loss over the validation split, without augmentation; leaves the detector in evaluation mode."""
    detector.eval()
    split: Split = "validation"
    data = StoreDataset(store, split, seed=0, flips=False, band_dropout=0.0)
    means = _RunningMeans()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for scenes in DataLoader(data, config.batch_size, num_workers=config.workers, collate_fn=join_scenes):
            with mixed_precision(device, dtype):
                means.add(detector.losses(scenes.to(device), box_jitter=config.box_jitter))
    return means.values()


def write_losses(path: Path, history: list[dict]) -> None:
    """All epochs so far as CSV, one row per epoch and split."""
    columns = list(dict.fromkeys(name for row in history for name in row))
    with whole_file(path) as partial, partial.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(history)


class _SummedLosses(nn.Module):
    """The detector's losses behind `forward`, which is what DistributedDataParallel wraps."""

    def __init__(self, detector: Detector, config: TrainingConfig) -> None:
        super().__init__()
        self.detector, self.box_jitter = detector, config.box_jitter

    def forward(self, scenes: Scenes) -> dict[str, Tensor]:
        return self.detector.losses(scenes, box_jitter=self.box_jitter)


def _step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    scenes: Scenes,
    rate: float,
    config: TrainingConfig,
    dtype: torch.dtype,
    *,
    where: str,
) -> dict[str, Tensor]:
    for group in optimizer.param_groups:
        group["lr"] = rate
    with mixed_precision(scenes.flux.device, dtype):
        parts = model(scenes)
    loss = sum(config.redshift_weight * v if name == "redshift" else v for name, v in parts.items())
    assert isinstance(loss, Tensor)
    if not bool(torch.isfinite(loss)):
        values = ", ".join(f"{name} {float(value.detach()):.3g}" for name, value in parts.items())
        raise TrainingError(f"the loss of {where} is not finite ({values}); lower learning_rate or check that batch")
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
    optimizer.step()
    return parts


def _optimizer(detector: Detector, config: TrainingConfig) -> torch.optim.Optimizer:
    parameters = [parameter for parameter in detector.parameters() if parameter.requires_grad]
    if config.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, config.learning_rate, momentum=config.momentum, weight_decay=config.weight_decay
        )
    return torch.optim.AdamW(parameters, config.learning_rate, weight_decay=config.weight_decay)


def _join_process_group() -> tuple[int, int, int]:
    """Rank, rank on this machine and number of processes, as torchrun sets them; (0, 0, 1) without it."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return 0, 0, 1
    torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return int(os.environ["RANK"]), int(os.environ["LOCAL_RANK"]), world


def _mix(*numbers: int) -> int:
    """One 63-bit seed from several numbers."""
    seed = 0
    for number in numbers:
        seed = (seed * 1_000_003 + number + 1) % (2**63 - 1)
    return seed


class _RunningMeans:
    """Means of named losses over steps."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._count = 0

    def add(self, parts: dict[str, Tensor]) -> None:
        for name, value in parts.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value.detach())
        self._count += 1

    def values(self) -> dict[str, float]:
        return {name: round(value / max(self._count, 1), 5) for name, value in self._sums.items()}

    def total(self) -> float:
        return sum(self.values().values())
