"""How does a whole detector learn, from a store?

On several devices the same program is started with torchrun; each process takes its share of every batch and gradients
are averaged by DistributedDataParallel. Every random choice of an epoch is seeded by (seed, epoch, rank).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler

from zpix.config import ModelConfig, TrainingConfig
from zpix.detector import About, Checkpoint, Detector, Scenes, built_for_pix
from zpix.detector.device import choose_device, choose_precision, keep_freed_memory, mixed_precision
from zpix.errors import StoreError
from zpix.sources.classes import class_names
from zpix.training.batches import StoreDataset, join_scenes
from zpix.training.epoch_report import OnEpoch, nothing
from zpix.training.loop import Row, RunningMeans, Training, learn
from zpix.training.state import TrainingState
from zpix.training.store import SPLITS, Split, Store


def fit(
    store: Store,
    out: Path,
    *,
    detector: Detector,
    config: TrainingConfig,
    device: str = "auto",
    about: About | None = None,
    on_epoch: OnEpoch = nothing,
) -> Path:
    """Train a detector on a store.

    Parameters
    ----------
    store : Store
        What to learn from.
    out : Path
        Directory of the files; see `learn`. If it holds the state of an interrupted run with the same settings, that
        run goes on.
    detector : Detector
        The network; its weights are changed.
    config : TrainingConfig
        How to learn.
    device : str, default "auto"
        As `choose_device` has it.
    about : About, optional
        What the model says of itself, apart from the progress of the training.
    on_epoch : callable, optional
        Called with an `EpochReport` after each epoch.

    Returns
    -------
    Path
        The model's file.

    Raises
    ------
    StoreError
        If the model cannot learn from the store; see `check_store`.
    OutputError, TrainingError
        As in `learn`.
    """
    check_store(store, detector.config)
    rank, local_rank, world = _join_process_group()
    place = choose_device(device if world == 1 or not torch.cuda.is_available() else f"cuda:{local_rank}")
    keep_freed_memory()
    training = JointTraining(store, detector, config, device=place, about=about or About(), rank=rank, world=world)
    path = learn(training, out, on_epoch=on_epoch)
    if world > 1:
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
    return path


@final
class JointTraining(Training):
    """All parts of a detector on the tiles of a store.

    Parameters
    ----------
    store : Store
        What to learn from.
    detector : Detector
        The network, or what of it `config.learn` says, learns.
    config : TrainingConfig
        How to learn.
    device : torch.device
        Where.
    about : About
        What the model says of itself, apart from the progress of the training.
    rank, world : int, default 0 and 1
        Which of how many processes this is.
    """

    def __init__(
        self,
        store: Store,
        detector: Detector,
        config: TrainingConfig,
        *,
        device: torch.device,
        about: About,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.store, self.config, self.schedule, self.about = store, config, config, about
        self._settings, self._device, self._rank = config, device, rank
        self._dtype = choose_precision(config.precision, device)
        self.network = self._detector = detector.to(device).to(memory_format=torch.channels_last)
        self._learners = learners(detector, config)
        detector.requires_grad_(False)
        for part in self._learners:
            part.requires_grad_(True)
        self.optimizer = make_optimizer(detector, config)
        losses = SummedLosses(detector, config)
        self._losses = DistributedDataParallel(losses) if world > 1 else losses
        self._data = StoreDataset(
            store, "train", seed=config.seed, flips=config.flips, band_dropout=config.band_dropout,
            classes=detector.config.classes, bands_seen=config.bands_seen, star_side_pix=config.star_side_pix,
        )  # fmt: skip
        self._sampler: DistributedSampler[Scenes] = DistributedSampler(
            self._data, world, rank, shuffle=True, seed=config.seed
        )
        self._loader = DataLoader(
            self._data, config.batch_size, sampler=self._sampler, num_workers=config.workers, collate_fn=join_scenes,
            pin_memory=device.type == "cuda",
        )  # fmt: skip
        self.epochs, self.steps, self.clip_norm = config.epochs, len(self._loader), config.clip_norm
        self.writes_files = rank == 0

    def begin(self, epoch: int) -> None:
        """Prepare an epoch; see `Training.begin`."""
        torch.manual_seed(_mix(self._settings.seed, epoch, self._rank))
        self._sampler.set_epoch(epoch)
        self._data.epoch = epoch
        self._detector.eval()
        for part in self._learners:
            part.train()

    def losses(self, epoch: int) -> Iterator[dict[str, Tensor]]:
        """Give the losses of each batch of an epoch; see `Training.losses`."""
        for scenes in self._loader:
            with mixed_precision(self._device, self._dtype):
                losses: dict[str, Tensor] = self._losses(scenes.to(self._device))
            yield losses

    def total(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Add the losses up, that of redshifts with its weight; see `Training.total`."""
        return super().total(weighted(losses, self._settings))

    def validate(self, epoch: int) -> dict[str, float] | None:
        """Give the losses of the validation split, if it is time or the end; see `Training.validate`."""
        is_time = (epoch + 1) % self._settings.validate_every == 0 or epoch + 1 == self.epochs
        if not is_time or not self.store.count("validation"):
            return None
        return validation_losses(self._detector, self.store, self._settings, self._device, self._dtype)

    def score(self, scores: Mapping[str, float]) -> float:
        """Judge the network by its losses, that of redshifts with its weight; see `Training.score`."""
        weight = self._settings.redshift_weight
        return sum(weight * loss if name == "redshift" else loss for name, loss in scores.items())

    def checkpoint(self, state: TrainingState, rows: list[Row]) -> Checkpoint:
        """Give the model after an epoch; see `Training.checkpoint`."""
        about = replace(self.about, epochs=state.epoch, seconds=round(state.seconds), losses=rows)
        return Checkpoint(self._detector, about)


class SummedLosses(nn.Module):
    """The detector's losses behind `forward`, which is what DistributedDataParallel wraps.

    Parameters
    ----------
    detector : Detector
        The network.
    config : TrainingConfig
        What learns, and how boxes are moved.
    """

    def __init__(self, detector: Detector, config: TrainingConfig) -> None:
        super().__init__()
        self.detector, self.config = detector, config

    def forward(self, scenes: Scenes) -> dict[str, Tensor]:
        """Give the loss of every part on a batch.

        Parameters
        ----------
        scenes : Scenes
            The batch.

        Returns
        -------
        dict of str to Tensor, shape ()
            As `Detector.losses` gives them.
        """
        return self.detector.losses(
            scenes, box_jitter=self.config.box_jitter, of_redshifts=self.config.learn != "detection"
        )


def learners(detector: Detector, config: TrainingConfig) -> list[nn.Module]:
    """List the parts of a detector that learn.

    Parameters
    ----------
    detector : Detector
        The network.
    config : TrainingConfig
        Its setting `learn`.

    Returns
    -------
    list of Module
        Parts of the network.
    """
    if config.learn == "all":
        return [detector]
    if config.learn == "redshift_head":
        return [detector.redshift_head]
    return [part for part in detector.children() if part is not detector.redshift_head]


def weighted(losses: Mapping[str, Tensor], config: TrainingConfig) -> dict[str, Tensor]:
    """Give losses their weights.

    Parameters
    ----------
    losses : mapping of str to Tensor, shape ()
        As `Detector.losses` gives them.
    config : TrainingConfig
        The weight of the redshift loss.

    Returns
    -------
    dict of str to Tensor, shape ()
        To be summed.
    """
    return {name: config.redshift_weight * loss if name == "redshift" else loss for name, loss in losses.items()}


def make_optimizer(detector: Detector, config: TrainingConfig) -> torch.optim.Optimizer:
    """Make the optimizer of all parameters that have a gradient.

    Parameters
    ----------
    detector : Detector
        The network.
    config : TrainingConfig
        Which optimizer, with which settings.

    Returns
    -------
    Optimizer
        Of torch.
    """
    parameters = [parameter for parameter in detector.parameters() if parameter.requires_grad]
    if config.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, config.learning_rate, momentum=config.momentum, weight_decay=config.weight_decay
        )
    return torch.optim.AdamW(parameters, config.learning_rate, weight_decay=config.weight_decay)


def check_store(store: Store, model: ModelConfig, *, needs: Split = "train") -> None:
    """Refuse a store whose tiles a model cannot read, or that has none in a split that is needed.

    Parameters
    ----------
    store : Store
        The data.
    model : ModelConfig
        Shape of the network.
    needs : {"train", "validation", "test"}, default "train"
        The split that must not be empty.

    Raises
    ------
    StoreError
        If its bands, pixel scale, tile size or errors are not the model's, it has sources of classes that the model
        does not tell apart, or the split is empty.
    """
    if store.bands != model.bands:
        raise StoreError(f"{store.path}: has bands {' '.join(store.bands)}, the model has {' '.join(model.bands)}")
    if abs(store.pixel_scale_arcsec / model.pixel_scale_arcsec - 1) > 0.05:
        raise StoreError(
            f"{store.path}: pixels of {store.pixel_scale_arcsec} arcsec, the model has {model.pixel_scale_arcsec}"
        )
    if store.errors != model.errors:
        raise StoreError(f"{store.path}: is read with errors = {store.errors}, the model has errors = {model.errors}")
    built = built_for_pix(model)
    if built not in (None, store.tile_size):
        raise StoreError(
            f"{store.path}: has tiles of {store.tile_size} pixels, the {model.backbone} is built for "
            f"{built}: set built_size_pix = {store.tile_size} in [model], or prepare other tiles"
        )
    held = {name for split in SPLITS for name in class_names(np.unique(store.sources(split)["label"]))}
    if further := sorted(held - set(model.classes)):
        raise StoreError(
            f"{store.path}: has sources of the class {further[0]}, the model tells apart "
            f"{' '.join(model.classes)}; set classes in [model]"
        )
    if store.count(needs) == 0:
        raise StoreError(f"{store.path}: the {needs} split is empty; prepare a larger field or other split fractions")


@torch.no_grad()
def validation_losses(
    detector: Detector, store: Store, config: TrainingConfig, device: torch.device, dtype: torch.dtype
) -> dict[str, float]:
    """Give the mean of every loss over the validation split, without augmentation.

    Parameters
    ----------
    detector : Detector
        The network; it is left in evaluation mode.
    store : Store
        The data.
    config : TrainingConfig
        Batch size, number of reading processes, and the random shifts of boxes.
    device : torch.device
        Where the network is.
    dtype : torch.dtype
        Arithmetic of the convolutions.

    Returns
    -------
    dict of str to float
        Means by name.
    """
    detector.eval()
    data = StoreDataset(
        store, "validation", seed=0, flips=False, band_dropout=0.0, classes=detector.config.classes,
        bands_seen=config.bands_seen, star_side_pix=config.star_side_pix,
    )  # fmt: skip
    losses, means = SummedLosses(detector, config), RunningMeans()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for scenes in DataLoader(data, config.batch_size, num_workers=config.workers, collate_fn=join_scenes):
            with mixed_precision(device, dtype):
                means.add(losses(scenes.to(device)))
    return means.values()


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
