"""How does a network, or a part of one, learn? One loop for all trainings: epochs, steps, validation, files.

After each epoch the directory of a training receives `losses.csv` and, last, `state.safetensors`, from which a training
that was killed goes on exactly as if it had not been, and one that is finished goes on when it is given more epochs.
`model.safetensors` is the model after the epoch with the best validation score; without validation, after the last.
What is particular to a training, a `Training` says: its batches, its losses and its scores.
"""

from __future__ import annotations

import csv
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zpix.config import Section, TrainingConfig
from zpix.detector import Checkpoint, save_checkpoint
from zpix.errors import TrainingError
from zpix.outputs import whole_file
from zpix.progress import progress_bar
from zpix.training.epoch_report import EpochReport, OnEpoch, nothing
from zpix.training.state import TrainingState, load_state, save_state

LOSS_FILE = "losses.csv"
MODEL_FILE = "model.safetensors"
STATE_FILE = "state.safetensors"

#: A row of the table of losses: the epoch, the split and the mean of each loss.
Row = dict[str, Any]


class Training(ABC):
    """What one training learns and from what; `learn` runs it.

    Attributes
    ----------
    network : Module
        Its weights are in the state file.
    optimizer : Optimizer
        Its parameters are those that learn.
    config : Section
        Settings that must not change when a training goes on.
    epochs : int
        Number of epochs.
    steps : int
        Batches of an epoch, as near as is known beforehand.
    schedule : TrainingConfig
        Learning rate, warm-up and schedule.
    clip_norm : float
        Gradient norm above which the gradient is scaled down.
    title : str
        What the progress bar says.
    reports_rate : bool
        Whether the table of losses has the learning rate.
    writes_files : bool
        False for all but one of several processes.
    """

    network: nn.Module
    optimizer: torch.optim.Optimizer
    config: Section
    epochs: int
    steps: int
    schedule: TrainingConfig
    clip_norm: float
    title: str = "training"
    reports_rate: bool = True
    writes_files: bool = True

    @abstractmethod
    def begin(self, epoch: int) -> None:
        """Prepare an epoch: seed the random numbers and put the layers that learn into training mode.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 0.
        """

    @abstractmethod
    def losses(self, epoch: int) -> Iterable[dict[str, Tensor]]:
        """Give the losses of each batch of an epoch, by name; the weights change from one to the next.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 0.

        Returns
        -------
        iterable of dict of str to Tensor, shape ()
            One entry per batch.
        """

    def total(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Add the losses of a batch up.

        Parameters
        ----------
        losses : mapping of str to Tensor, shape ()
            Losses by name.

        Returns
        -------
        Tensor, shape ()
            What is minimised; by default their sum.
        """
        return reduce(torch.add, losses.values())

    @abstractmethod
    def validate(self, epoch: int) -> dict[str, float] | None:
        """Score the network after an epoch.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 0.

        Returns
        -------
        dict of str to float, or None
            Scores by name; None if it is not validated.
        """

    def score(self, scores: Mapping[str, float]) -> float:
        """Judge a model by one number.

        Parameters
        ----------
        scores : mapping of str to float
            As `validate` gives them.

        Returns
        -------
        float
            The less the better; by default the sum of the scores.
        """
        return sum(scores.values())

    @abstractmethod
    def checkpoint(self, state: TrainingState, rows: list[Row]) -> Checkpoint:
        """Give the model after an epoch.

        Parameters
        ----------
        state : TrainingState
            Progress of the training.
        rows : list of dict
            Losses of the epoch, one row per split.

        Returns
        -------
        Checkpoint
            What is written as `model.safetensors`.
        """

    def save(self, path: Path, state: TrainingState, rows: list[Row]) -> None:
        """Write the model after an epoch.

        Parameters
        ----------
        path : Path
            The file.
        state : TrainingState
            Progress of the training.
        rows : list of dict
            Losses of the epoch, one row per split.
        """
        save_checkpoint(path, self.checkpoint(state, rows))


def learn(training: Training, out: Path, *, on_epoch: OnEpoch = nothing) -> Path:
    """Run a training, or what is left of it.

    Parameters
    ----------
    training : Training
        What to learn.
    out : Path
        Directory of the files. If it holds the state of a run with the same settings, or with fewer epochs, that run
        goes on.
    on_epoch : callable, optional
        Called with an `EpochReport` after each epoch, when `losses.csv` and the model are written.

    Returns
    -------
    Path
        The model's file.

    Raises
    ------
    OutputError
        If `out` holds a training with other settings.
    TrainingError
        If a loss is not finite, or `out` holds a training of another network.
    """
    state = load_state(out / STATE_FILE, training.network, training.optimizer, training.config)
    total_steps = training.epochs * training.steps
    with progress_bar(training.title, total_steps, done=state.epoch * training.steps) as bar:
        for epoch in range(state.epoch, training.epochs):
            started = time.monotonic()
            training.begin(epoch)
            means, rate = RunningMeans(), 0.0
            for number, losses in enumerate(training.losses(epoch)):
                loss = training.total(losses)
                _refuse_unless_finite(loss, losses, where=f"epoch {epoch}, step {number}")
                rate = learning_rate(epoch * training.steps + number, total_steps, training.schedule)
                take_step(loss, training.optimizer, rate=rate, clip_norm=training.clip_norm)
                means.add(losses)
                bar.advance(note=f"epoch {epoch + 1}/{training.epochs}  loss {means.total():.3f}")
            of_all = {"epoch": epoch + 1, "split": "train"} | ({"rate": rate} if training.reports_rate else {})
            rows: list[Row] = [{**of_all, **means.values()}]
            scores = training.validate(epoch)
            if scores is not None:
                rows.append({**of_all, "split": "validation", **scores})
            before, seconds = state.best_epoch, time.monotonic() - started
            state = _after(state, rows, training, scores, seconds=seconds)
            bar.line(_told(state, rows, training))
            if training.writes_files:
                if state.best_epoch > before or not state.best_epoch:
                    training.save(out / MODEL_FILE, state, rows)
                write_losses(out / LOSS_FILE, state.history)
                left = state.seconds / state.epoch * (training.epochs - state.epoch)
                report = EpochReport(
                    state.epoch, training.epochs, means.values(), scores or {}, rate, seconds, left, state.best_epoch,
                    out / LOSS_FILE,
                )  # fmt: skip
                on_epoch(report)
                # Last, so that everything else that it counts as done is there.
                save_state(out / STATE_FILE, training.network, training.optimizer, training.config, state)
    return out / MODEL_FILE


def _after(
    state: TrainingState, rows: list[Row], training: Training, scores: Mapping[str, float] | None, *, seconds: float
) -> TrainingState:
    """Progress after one more epoch, with the best one so far."""
    epoch, score = state.epoch + 1, math.inf if scores is None else training.score(scores)
    later = TrainingState(epoch, [*state.history, *rows], state.seconds + seconds, state.best_epoch, state.best_score)
    return replace(later, best_epoch=epoch, best_score=score) if score < state.best_score else later


def _told(state: TrainingState, rows: list[Row], training: Training) -> str:
    """What a line says of an epoch."""
    losses = {row["split"]: sum(v for k, v in row.items() if k not in ("epoch", "split", "rate")) for row in rows}
    told = f"epoch {state.epoch} of {training.epochs}, loss {losses['train']:.3f}"
    if "validation" in losses:
        told += f", best epoch so far {state.best_epoch}"
    return told


def take_step(loss: Tensor, optimizer: torch.optim.Optimizer, *, rate: float, clip_norm: float) -> None:
    """Change the weights once, down the gradient of a loss.

    Parameters
    ----------
    loss : Tensor, shape ()
        What is minimised.
    optimizer : Optimizer
        Its parameters learn.
    rate : float
        Learning rate.
    clip_norm : float
        Gradient norm above which the gradient is scaled down.
    """
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    learning = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    nn.utils.clip_grad_norm_(learning, clip_norm)
    optimizer.step()


def _refuse_unless_finite(loss: Tensor, losses: Mapping[str, Tensor], *, where: str) -> None:
    """Stop a training whose loss is not finite."""
    if not bool(torch.isfinite(loss)):
        values = ", ".join(f"{name} {float(value.detach()):.3g}" for name, value in losses.items())
        raise TrainingError(f"the loss of {where} is not finite ({values}); lower learning_rate or check that batch")


def learning_rate(step: int, total_steps: int, config: TrainingConfig) -> float:
    """Give the rate at a step: linear warm-up, then a stepped or cosine schedule.

    Parameters
    ----------
    step : int
        Steps done.
    total_steps : int
        Steps of the whole training.
    config : TrainingConfig
        Largest rate, warm-up and schedule.

    Returns
    -------
    float
        The learning rate.
    """
    warmup = min(1.0, (step + 1) / max(config.warmup_steps, 1))
    progress = step / max(total_steps, 1)
    if config.schedule == "cosine":
        return config.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * progress))
    return float(config.learning_rate * warmup * 0.1 ** sum(progress >= m for m in config.milestones))


def write_losses(path: Path, history: list[Row]) -> None:
    """Write all epochs so far as CSV, one row per epoch and split.

    Parameters
    ----------
    path : Path
        The file.
    history : list of dict
        Rows; columns are in the order in which they first appear.
    """
    columns = list(dict.fromkeys(name for row in history for name in row))
    with whole_file(path) as partial, partial.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(history)


class RunningMeans:
    """Means of named losses over steps."""

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._count = 0

    def add(self, losses: Mapping[str, Tensor]) -> None:
        """Count the losses of another step.

        Parameters
        ----------
        losses : mapping of str to Tensor, shape ()
            Losses by name.
        """
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value.detach())
        self._count += 1

    def values(self) -> dict[str, float]:
        """Give the means.

        Returns
        -------
        dict of str to float
            Rounded to five decimals.
        """
        return {name: round(value / max(self._count, 1), 5) for name, value in self._sums.items()}

    def total(self) -> float:
        """Give the sum of the means.

        Returns
        -------
        float
            Without the weights of losses.
        """
        return sum(self.values().values())
