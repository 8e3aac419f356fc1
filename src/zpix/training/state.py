"""What does an interrupted training need to go on exactly?"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from zpix.config import Section
from zpix.detector.tensor_file import read_tensors, write_tensors
from zpix.errors import TrainingError
from zpix.outputs import refuse_other_settings

_FORMAT = "zpix-training-1"


@dataclass(frozen=True)
class TrainingState:
    """Progress of a training.

    Attributes
    ----------
    epoch : int
        Epochs done.
    history : list of dict
        Rows of losses so far.
    seconds : float
        Time spent.
    best_epoch : int
        Number of the epoch, from 1, with the best validation score so far; 0 if none was validated.
    best_score : float
        That score, the less the better.
    """

    epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    best_epoch: int = 0
    best_score: float = math.inf


def save_state(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, config: Section, state: TrainingState
) -> None:
    """Write weights, optimizer and progress as one safetensors file.

    Parameters
    ----------
    path : Path
        The file.
    model : Module
        The weights.
    optimizer : Optimizer
        Its state.
    config : Section
        Settings of the training.
    state : TrainingState
        Progress.
    """
    tensors = {f"model.{name}": value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    packed = optimizer.state_dict()
    for row, values in packed["state"].items():
        for name, value in values.items():
            if value is not None:
                tensors[f"optimizer.{row}.{name}"] = torch.as_tensor(value).detach().cpu().contiguous()
    header = {
        "format": _FORMAT,
        "config": config.model_dump_json(),
        "groups": json.dumps(packed["param_groups"]),
        "state": json.dumps(asdict(state)),
    }
    write_tensors(path, tensors, header)


def load_state(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, config: Section) -> TrainingState:
    """Restore model and optimizer in place.

    Parameters
    ----------
    path : Path
        The file.
    model : Module
        Receives the weights.
    optimizer : Optimizer
        Receives its state.
    config : Section
        Settings of this training; it may have more epochs than the state's.

    Returns
    -------
    TrainingState
        Progress; a fresh one if there is no file.

    Raises
    ------
    OutputError
        If the state at `path` belongs to a training with other settings.
    TrainingError
        If it is not a state of a training, or of another network.
    """
    if not path.exists():
        return TrainingState()
    tensors, header = read_tensors(path)
    if header.get("format") != _FORMAT:
        raise TrainingError(f"{path}: not a zpix training state (format {header.get('format')!r})")
    theirs, ours = json.loads(header["config"]), config.model_dump(mode="json")
    # a state may be older than a setting, which then had its default, but not have more
    same = {name: theirs.get(name, type(config).model_fields[name].default) for name in ours}
    if same.get("epochs", 0) < ours.get("epochs", 0):
        same["epochs"] = ours["epochs"]  # a training can be extended
    refuse_other_settings(same, ours, f"{path}: belongs to a training with other settings")
    try:
        model.load_state_dict({n.removeprefix("model."): v for n, v in tensors.items() if n.startswith("model.")})
    except RuntimeError:
        raise TrainingError(f"{path}: belongs to a run with another network; choose another place") from None
    packed: dict[int, dict[str, Any]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, row, key = name.split(".", 2)
            packed.setdefault(int(row), {})[key] = value
    optimizer.load_state_dict({"state": packed, "param_groups": json.loads(header["groups"])})
    return TrainingState(**json.loads(header["state"]))
