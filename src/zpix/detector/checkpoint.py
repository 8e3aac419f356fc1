"""What must be remembered of a trained network, and how is it kept?

A safetensors file: tensors, and a header of JSON text with the architecture and what the model says of itself: bands,
pixel scale, classes, training data, metrics and code version. Beside it, `NAME.novelty.safetensors` may describe what
ordinary sources look like to the network, a few hundred kilobytes that can be renewed without the weights, and
`NAME.fields.json` what the fields were like that it was taught on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from zpix.config import ModelConfig, parse_section
from zpix.detector.detector import Detector
from zpix.detector.tensor_file import read_tensors, write_tensors
from zpix.errors import ConfigError, ModelError

_FORMAT = "zpix-detector-1"
_NOVELTY_FORMAT = "zpix-novelty-1"


@dataclass(frozen=True)
class About:
    """What a checkpoint says of itself; None where it says nothing.

    Attributes
    ----------
    name : str or None
        How the model calls itself in catalogues.
    training_data : mapping or None
        Where the data came from: `kind`, and what belongs to it.
    counts : mapping of str to mapping of str to int, or None
        Tiles, sources of each class and redshifts, of each split.
    z_range : (float, float) or None
        Least and largest redshift it has learnt from.
    code_version : str or None
        Version of zpix.
    training : mapping or None
        Settings of the joint training.
    started_from : mapping of str to str, or None
        File and directory of the checkpoints that training began with, by part.
    epochs : int or None
        Epochs of the joint training.
    seconds : int or None
        What they took.
    losses : sequence of mapping or None
        Losses of the last epoch, one row per split.
    pretraining_epochs : int or None
        Epochs in which a part learnt alone.
    pretraining_seconds : int or None
        What they took.
    width_calibration : mapping or None
        Values of a `sources.WidthCalibration`.
    conformal : mapping or None
        Values of `sources.ConformalIntervals`.
    ranges : mapping of str to (float, float), or None
        Least and largest input of each layer that can compute in eight bits, as calibration measured it.
    metrics : sequence of mapping or None
        Scores on fields that it has not seen.
    flux_factors : mapping of str to float, or None
        What the fluxes of a field are divided by, by band; of a model that was adapted to it.
    adaptation : mapping or None
        To which field the model was adapted, with how many spectra, and how well it does there.
    more : mapping
        Entries of the header that this version of zpix does not know; they are kept.
    """

    name: str | None = None
    training_data: Mapping[str, Any] | None = None
    counts: Mapping[str, Mapping[str, int]] | None = None
    z_range: tuple[float, float] | None = None
    code_version: str | None = None
    training: Mapping[str, Any] | None = None
    started_from: Mapping[str, str] | None = None
    epochs: int | None = None
    seconds: int | None = None
    losses: Sequence[Mapping[str, Any]] | None = None
    pretraining_epochs: int | None = None
    pretraining_seconds: int | None = None
    width_calibration: Mapping[str, Any] | None = None
    conformal: Mapping[str, Any] | None = None
    ranges: Mapping[str, tuple[float, float]] | None = None
    metrics: Sequence[Mapping[str, Any]] | None = None
    flux_factors: Mapping[str, float] | None = None
    adaptation: Mapping[str, Any] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_header(cls, values: Mapping[str, Any]) -> About:
        """Read what a header says.

        Parameters
        ----------
        values : mapping of str to JSON values
            Entries of the header; unknown ones go to `more`.

        Returns
        -------
        About
            The same entries.
        """
        known = {own.name for own in fields(cls)} - {"more"}
        entries = {name: value for name, value in values.items() if name in known}
        if entries.get("z_range") is not None:
            low, high = entries["z_range"]
            entries["z_range"] = (float(low), float(high))
        if entries.get("ranges") is not None:
            entries["ranges"] = {name: (float(low), float(high)) for name, (low, high) in entries["ranges"].items()}
        return cls(**entries, more={name: value for name, value in values.items() if name not in known})

    def to_header(self) -> dict[str, Any]:
        """Give the entries for a header.

        Returns
        -------
        dict of str to JSON values
            What is not None, and what is in `more`.
        """
        known = {own.name: getattr(self, own.name) for own in fields(self) if own.name != "more"}
        return {**{name: value for name, value in known.items() if value is not None}, **self.more}


@dataclass(frozen=True)
class Checkpoint:
    """A network and what is known of it.

    Attributes
    ----------
    detector : Detector
        The network, in evaluation mode when loaded.
    about : About
        What the model has seen and how well it does.
    novelty : dict of str to Tensor
        What ordinary sources look like to the network, the arrays of a `sources.Novelty`; empty if not known.
    taught : mapping of str to JSON values
        What the fields were like that it was taught on, values of an `image.Taught`; empty if not known.
    """

    detector: Detector
    about: About = field(default_factory=About)
    novelty: dict[str, Tensor] = field(default_factory=dict)
    taught: Mapping[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> ModelConfig:
        """Shape of the network.

        Returns
        -------
        ModelConfig
            The detector's.
        """
        return self.detector.config

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands, in order.

        Returns
        -------
        tuple of str
            The detector's.
        """
        return self.config.bands


def save_checkpoint(path: str | Path, checkpoint: Checkpoint, *, half: bool = False) -> None:
    """Write a checkpoint, and its novelty beside it; each file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        The file.
    checkpoint : Checkpoint
        What to write. Without novelty or fields, those that lie beside the file are removed: they are of other weights.
    half : bool, default False
        Whether to keep floating-point weights as float16.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    tensors = {
        name: value.detach().cpu().to(torch.float16 if half and value.is_floating_point() else value.dtype).contiguous()
        for name, value in checkpoint.detector.state_dict().items()
    }
    header = {
        "format": _FORMAT,
        "model": checkpoint.config.model_dump_json(),
        "about": json.dumps(checkpoint.about.to_header()),
    }
    write_tensors(path, tensors, header)
    if checkpoint.novelty:
        own = {"format": _NOVELTY_FORMAT, "of": _fingerprint(checkpoint.detector)}
        write_tensors(novelty_path(path), checkpoint.novelty, own)
    else:
        novelty_path(path).unlink(missing_ok=True)
    if checkpoint.taught:
        taught_path(path).write_text(json.dumps(checkpoint.taught, indent=1) + "\n", encoding="utf-8")
    else:
        taught_path(path).unlink(missing_ok=True)


def novelty_path(path: str | Path) -> Path:
    """Say where the novelty of a checkpoint is kept.

    Parameters
    ----------
    path : str or Path
        The checkpoint, such as `model.safetensors`.

    Returns
    -------
    Path
        Beside it, such as `model.novelty.safetensors`.
    """
    return Path(path).with_suffix(".novelty.safetensors")


def taught_path(path: str | Path) -> Path:
    """Say where it is kept what the fields were like that a checkpoint was taught on.

    Parameters
    ----------
    path : str or Path
        The checkpoint, such as `model.safetensors`.

    Returns
    -------
    Path
        Beside it, such as `model.fields.json`.
    """
    return Path(path).with_suffix(".fields.json")


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint as an fp32 network in evaluation mode.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Checkpoint
        The network and what is known of it.

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
        with _WithoutRandomWeights():
            detector = Detector(parse_section(ModelConfig, json.loads(header["model"]), source=f"{path} (header)"))
    except (KeyError, json.JSONDecodeError, ConfigError) as error:
        raise ModelError(f"{path}: the model's header cannot be understood: {error}") from None
    try:
        detector.load_state_dict({name: value.float() if value.is_floating_point() else value
                                  for name, value in tensors.items()})  # fmt: skip
    except RuntimeError as error:  # a heading, then a line for each tensor
        what = " ".join(str(error).splitlines()[1:2]).strip()
        raise ModelError(f"{path}: tensors do not fit the architecture in the header: {what}") from None
    about = About.from_header(json.loads(header.get("about", "{}")))
    novelty = _load_novelty(novelty_path(path), detector)
    return Checkpoint(detector.eval(), about, novelty, load_taught(path))


class _WithoutRandomWeights(TorchFunctionMode):
    """Leave new weights as the memory was: drawing them takes as long as reading the ones that replace them."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (Tensor.normal_, Tensor.uniform_):
            return args[0]
        return func(*args, **(kwargs or {}))


def load_taught(path: str | Path) -> dict[str, Any]:
    """Read what the fields were like that a checkpoint was taught on, without its weights.

    Parameters
    ----------
    path : str or Path
        The checkpoint.

    Returns
    -------
    dict of str to JSON values
        Empty if nothing is kept beside it.

    Raises
    ------
    ModelError
        If what is kept there is not JSON.
    """
    place = taught_path(path)
    if not place.is_file():
        return {}
    try:
        return dict(json.loads(place.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ModelError(f"{place}: cannot be read: {error}") from None


def _load_novelty(path: Path, detector: Detector) -> dict[str, Tensor]:
    """The novelty kept beside a checkpoint; empty if there is none."""
    if not path.is_file():
        return {}
    tensors, header = read_tensors(path)
    if header.get("format") != _NOVELTY_FORMAT or header.get("of") != _fingerprint(detector):
        raise ModelError(f"{path}: not of the model beside it: remove it, or put the model's own there")
    return tensors


def _fingerprint(detector: Detector) -> str:
    """Hash that differs between the weights of two trainings, the same in full and in half precision."""
    weight = detector.redshift_head.mixture.linear.weight.detach().cpu().to(torch.float16)
    return hashlib.sha256(bytes(weight.contiguous().view(torch.uint8).flatten().tolist())).hexdigest()[:16]


def default_model() -> Path:
    """Find the model that ships with zpix.

    Returns
    -------
    Path
        Its file.

    Raises
    ------
    ModelError
        If it is missing from this installation.
    """
    path = Path(str(files("zpix") / "models" / "default.safetensors"))
    if not path.is_file():
        raise ModelError(f"{path}: the shipped model is missing from this installation; name one with --model")
    return path
