"""How does a part of the network learn alone, epoch by epoch, so that it can be interrupted?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from zpix.config import PretrainingConfig, TrainingConfig
from zpix.detector import Checkpoint, Detector, save_checkpoint
from zpix.errors import TrainingError
from zpix.progress import progress_bar
from zpix.training.loop import LOSS_FILE, MODEL_FILE, STATE_FILE, learning_rate, write_losses
from zpix.training.state import TrainingState, load_state, save_state

_WARMUP_STEPS = 100


def learn_part(
    part: nn.Module,
    out: Path,
    *,
    losses: Callable[[np.random.Generator], Iterator[Tensor]],
    steps: int,
    validate: Callable[[], dict[str, float] | None],
    detector: Detector,
    config: PretrainingConfig,
    parameters: list[nn.Parameter] | None = None,
    about: dict[str, Any] | None = None,
    on_epoch: Callable[[Path], None] = lambda losses: None,
) -> Path:
    """Train `part` of `detector`, which is on its device already; returns the path of the model.

    Every random choice of an epoch is seeded by (seed, epoch), and the state is kept after each, so that training goes
    on exactly after an interruption: `out` holds the same files as a joint training.

    Parameters
    ----------
    losses : gives the loss of each batch of one epoch; the weights change from one to the next
    steps : batches of an epoch, as near as is known beforehand
    validate : scores after an epoch, or None without a validation split
    parameters : what learns; by default all of `part`

    Raises
    ------
    OutputError
        If `out` holds a training with other settings.
    TrainingError
        If a loss is not finite, or `out` holds a training of another network.
    """
    learning = list(part.parameters()) if parameters is None else parameters
    optimizer = torch.optim.AdamW(learning, config.learning_rate, weight_decay=config.weight_decay)
    state = load_state(out / STATE_FILE, part, optimizer, config)
    schedule = TrainingConfig(learning_rate=config.learning_rate, schedule="cosine", warmup_steps=_WARMUP_STEPS)
    with progress_bar("pretraining", config.epochs * steps, done=state.epoch * steps) as bar:
        for epoch in range(state.epoch, config.epochs):
            started = time.monotonic()
            torch.manual_seed(config.seed * 1_000_003 + epoch)
            part.train()
            total, number = 0.0, 0
            for number, loss in enumerate(losses(np.random.default_rng([config.seed, epoch])), 1):
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate(epoch * steps + number - 1, config.epochs * steps, schedule)
                if not bool(torch.isfinite(loss)):
                    raise TrainingError(
                        f"the loss of epoch {epoch}, step {number - 1} is not finite; lower learning_rate"
                    )
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(learning, config.clip_norm)
                optimizer.step()
                total += float(loss.detach())
                bar.advance(note=f"epoch {epoch + 1}/{config.epochs}  loss {float(loss.detach()):.3f}")
            rows: list[dict[str, Any]] = [
                {"epoch": epoch + 1, "split": "train", "redshift": round(total / max(number, 1), 5)}
            ]
            part.eval()
            scores = validate()
            if scores is not None:
                rows.append({"epoch": epoch + 1, "split": "validation", **scores})
            state = TrainingState(epoch + 1, [*state.history, *rows], state.seconds + time.monotonic() - started)
            trained = {"pretraining_epochs": state.epoch, "pretraining_seconds": round(state.seconds)}
            save_checkpoint(out / MODEL_FILE, Checkpoint(detector, {**(about or {}), **trained}))
            write_losses(out / LOSS_FILE, state.history)
            on_epoch(out / LOSS_FILE)
            save_state(out / STATE_FILE, part, optimizer, config, state)  # last: what it counts as done is there
    return out / MODEL_FILE
