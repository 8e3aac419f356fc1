"""What must be remembered of a trained network, and how is it kept?

A safetensors file: tensors, and a header of JSON text with the architecture and what the model says of itself: bands,
pixel scale, classes, training data, metrics and code version. Beside it, `NAME.novelty.safetensors` may describe what
ordinary sources look like to the network, a few hundred kilobytes that can be renewed without the weights,
`NAME.fields.json` what the fields were like that it was taught on, and `NAME.surveys.json` how good it is in which
bands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from zpix.config import ModelConfig, parse_section
from zpix.detector.any_bands import detector_for_bands, serves_any_bands
from zpix.detector.beside_checkpoint import load_novelty, load_surveys, load_taught, save_beside
from zpix.detector.detector import Detector
from zpix.detector.measured_surveys import MeasuredSurveys
from zpix.detector.tensor_file import read_tensors, write_tensors
from zpix.errors import ConfigError, ModelError
from zpix.image.bands import in_wavelength_order

_FORMAT = "zpix-detector-1"


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
    surveys : MeasuredSurveys
        How good its redshifts are in the bands of which surveys; empty if not measured.
    novelty_bands : tuple of str
        Bands that `novelty` describes; empty for those that the model was taught.
    narrowed_from : tuple of str
        Bands that the model was taught, if those of the detector are others; see `for_bands`.
    """

    detector: Detector
    about: About = field(default_factory=About)
    novelty: dict[str, Tensor] = field(default_factory=dict)
    taught: Mapping[str, Any] = field(default_factory=dict)
    surveys: MeasuredSurveys = field(default_factory=MeasuredSurveys)
    novelty_bands: tuple[str, ...] = ()
    narrowed_from: tuple[str, ...] = ()

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

    @property
    def taught_bands(self) -> tuple[str, ...]:
        """Names of the bands that the model was taught.

        Returns
        -------
        tuple of str
            Those of the detector, unless `for_bands` has given it others.
        """
        return self.narrowed_from or self.bands

    @property
    def described_bands(self) -> tuple[str, ...]:
        """Names of the bands in which `novelty` describes ordinary sources.

        Returns
        -------
        tuple of str
            `novelty_bands`, or those that were taught.
        """
        return self.novelty_bands or self.taught_bands

    @property
    def serves_any_bands(self) -> bool:
        """Say whether the weights know no band, so that any set of bands of known wavelengths can be searched.

        Returns
        -------
        bool
            True if the redshift head and the detector's input both say so.
        """
        return serves_any_bands(self.detector)

    def for_bands(self, bands: Sequence[str]) -> Checkpoint:
        """Give the same model for another set of bands, without a copy of its weights.

        Parameters
        ----------
        bands : sequence of str
            Bands, in any order.

        Returns
        -------
        Checkpoint
            Whose bands are these, by pivot wavelength; the same checkpoint if they are its own, or if it does not serve
            any bands.

        Raises
        ------
        BandError
            If the wavelengths of a band are not known.
        """
        wanted = tuple(in_wavelength_order(bands))
        if not self.serves_any_bands or wanted == self.bands:
            return self
        with _WithoutRandomWeights():
            detector = detector_for_bands(self.detector, wanted)
        return replace(self, detector=detector, narrowed_from=self.taught_bands)


def save_checkpoint(path: str | Path, checkpoint: Checkpoint, *, half: bool = False) -> None:
    """Write a checkpoint, and what lies beside it; each file appears whole or not at all.

    A model that `for_bands` has narrowed is written with the bands that it was taught.

    Parameters
    ----------
    path : str or Path
        The file.
    checkpoint : Checkpoint
        What to write. Without novelty, fields or surveys, those that lie beside the file are removed: they are of
        other weights.
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
        "model": checkpoint.config.model_copy(update={"bands": checkpoint.taught_bands}).model_dump_json(),
        "about": json.dumps(checkpoint.about.to_header()),
    }
    write_tensors(path, tensors, header)
    save_beside(
        path,
        checkpoint.detector,
        novelty=checkpoint.novelty,
        novelty_bands=checkpoint.novelty_bands,
        taught=checkpoint.taught,
        surveys=checkpoint.surveys,
    )


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
        it is damaged or that of another model, or another file beside it cannot be read.
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
    novelty, described = load_novelty(path, detector)
    return Checkpoint(detector.eval(), about, novelty, load_taught(path), load_surveys(path), described)


class _WithoutRandomWeights(TorchFunctionMode):
    """Leave new weights as the memory was: drawing them takes as long as reading the ones that replace them."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (Tensor.normal_, Tensor.uniform_):
            return args[0]
        return func(*args, **(kwargs or {}))


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
