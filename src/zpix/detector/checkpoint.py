"""What must be remembered of a trained network, and how is it kept?

A safetensors file: tensors, and a header of JSON text with architecture, bands, pixel scale, training data, metrics and
code version. Nothing in it can run code. Beside it, `NAME.novelty.safetensors` may tell what ordinary sources look like
to the network, a few hundred kilobytes that can be renewed without the weights.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from zpix.config import ModelConfig, parse_section
from zpix.detector.detector import Detector
from zpix.errors import ConfigError, ModelError, OutputError
from zpix.outputs import whole_file

_FORMAT = "zpix-detector-1"
_NOVELTY_FORMAT = "zpix-novelty-1"


@dataclass(frozen=True)
class Checkpoint:
    """A network and what is known of it.

    Attributes
    ----------
    detector : Detector, in evaluation mode when loaded
    about : what the model has seen and how well it does: `training_data`, `metrics`, `code_version`, ...
    novelty : what ordinary sources look like to the network, the arrays of a `sources.Novelty`; empty if not known
    """

    detector: Detector
    about: dict[str, Any] = field(default_factory=dict)
    novelty: dict[str, Tensor] = field(default_factory=dict)

    @property
    def config(self) -> ModelConfig:
        return self.detector.config

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """What goes into each layer that can compute in eight bits, as calibration has seen it; empty if it has not."""
        return {name: (float(low), float(high)) for name, (low, high) in self.about.get("ranges", {}).items()}

    @property
    def bands(self) -> tuple[str, ...]:
        return self.config.bands


def save_checkpoint(path: str | Path, checkpoint: Checkpoint, *, half: bool = False) -> None:
    """Write a checkpoint; `half` keeps floating weights as float16. A file appears whole or not at all."""
    tensors = {
        name: value.detach().cpu().to(torch.float16 if half and value.is_floating_point() else value.dtype).contiguous()
        for name, value in checkpoint.detector.state_dict().items()
    }
    header = {
        "format": _FORMAT,
        "model": checkpoint.config.model_dump_json(),
        "about": json.dumps(checkpoint.about),
    }
    write_tensors(path, tensors, header)
    if checkpoint.novelty:
        own = {"format": _NOVELTY_FORMAT, "of": _fingerprint(checkpoint.detector)}
        write_tensors(novelty_path(path), checkpoint.novelty, own)
    else:
        novelty_path(path).unlink(missing_ok=True)  # that of other weights


def novelty_path(path: str | Path) -> Path:
    """Where the novelty of a checkpoint is kept: `model.safetensors` has `model.novelty.safetensors`."""
    return Path(path).with_suffix(".novelty.safetensors")


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint as an fp32 network in evaluation mode.

    Raises
    ------
    ModelError
        If the file is missing, damaged, not of zpix, or its tensors do not fit its architecture; if the novelty beside
        it is damaged or that of another model.
    """
    tensors, header = read_tensors(path)
    if header.get("format") != _FORMAT:
        raise ModelError(f"{path}: not a zpix model (format {header.get('format')!r}, expected {_FORMAT!r})")
    try:
        detector = Detector(parse_section(ModelConfig, json.loads(header["model"]), source=f"{path} (header)"))
    except (KeyError, json.JSONDecodeError, ConfigError) as error:
        raise ModelError(f"{path}: the model's header cannot be understood: {error}") from None
    try:
        detector.load_state_dict({name: value.float() if value.is_floating_point() else value
                                  for name, value in tensors.items()})  # fmt: skip
    except RuntimeError as error:  # a heading, then a line for each tensor
        what = " ".join(str(error).splitlines()[1:2]).strip()
        raise ModelError(f"{path}: tensors do not fit the architecture in the header: {what}") from None
    about = json.loads(header.get("about", "{}"))
    return Checkpoint(detector.eval(), about, _load_novelty(novelty_path(path), detector))


def _load_novelty(path: Path, detector: Detector) -> dict[str, Tensor]:
    """The novelty kept beside a checkpoint, or none."""
    if not path.is_file():
        return {}
    tensors, header = read_tensors(path)
    if header.get("format") != _NOVELTY_FORMAT or header.get("of") != _fingerprint(detector):
        raise ModelError(f"{path}: not of the model beside it: remove it, or put the model's own there")
    return tensors


def _fingerprint(detector: Detector) -> str:
    """Tells the weights of one training from those of another, in full and in half precision."""
    weight = detector.redshift_head.mixture.linear.weight.detach().cpu().to(torch.float16)
    return hashlib.sha256(bytes(weight.contiguous().view(torch.uint8).flatten().tolist())).hexdigest()[:16]


def write_tensors(path: str | Path, tensors: dict[str, Tensor], header: dict[str, str]) -> None:
    """Write named tensors and a text header; the file appears whole, readable as any other, or not at all."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as partial:
        partial.touch()
        mode = partial.stat().st_mode  # safetensors would keep the file to its owner
        try:
            save_file(tensors, str(partial), metadata=header)
        except SafetensorError as error:
            raise OutputError(f"{path}: cannot be written: {error}") from None
        partial.chmod(mode)


def read_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Named tensors and text header of a safetensors file, or a `ModelError` that names the file."""
    if not Path(path).is_file():
        raise ModelError(f"{path}: no such model file")
    try:
        with safe_open(str(path), framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: not a whole safetensors file: {error}") from None


def default_model() -> Path:
    """Path of the model that ships with zpix."""
    path = Path(str(files("zpix") / "models" / "default.safetensors"))
    if not path.is_file():
        raise ModelError(f"{path}: the shipped model is missing from this installation; name one with --model")
    return path
