"""What lies beside the file of a model, and can be renewed without its weights?

For `NAME.safetensors`: `NAME.novelty.safetensors`, what ordinary sources look like to the network; `NAME.fields.json`,
what the fields were like that it was taught on; `NAME.surveys.json`, how good it is in the bands of which surveys.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zpix.detector.detector import Detector
from zpix.detector.measured_surveys import MeasuredSurveys
from zpix.detector.tensor_file import read_tensors, write_tensors
from zpix.errors import ModelError
from zpix.outputs import write_json

_NOVELTY_FORMAT = "zpix-novelty-1"


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


def surveys_path(path: str | Path) -> Path:
    """Say where it is kept how good a checkpoint is in the bands of which surveys.

    Parameters
    ----------
    path : str or Path
        The checkpoint, such as `model.safetensors`.

    Returns
    -------
    Path
        Beside it, such as `model.surveys.json`.
    """
    return Path(path).with_suffix(".surveys.json")


def save_beside(
    path: str | Path,
    detector: Detector,
    *,
    novelty: dict[str, Tensor],
    novelty_bands: tuple[str, ...],
    taught: Mapping[str, Any],
    surveys: MeasuredSurveys,
) -> None:
    """Write what lies beside a checkpoint; what is empty is removed there, as it is of other weights.

    Parameters
    ----------
    path : str or Path
        The checkpoint.
    detector : Detector
        Its network.
    novelty : dict of str to Tensor
        What ordinary sources look like.
    novelty_bands : tuple of str
        Bands that it describes; empty for those of the model.
    taught : mapping of str to JSON values
        What the fields were like.
    surveys : MeasuredSurveys
        How good it is in which bands.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    if novelty:
        header = {"format": _NOVELTY_FORMAT, "of": _fingerprint(detector)}
        write_tensors(
            novelty_path(path), novelty, header | ({"bands": " ".join(novelty_bands)} if novelty_bands else {})
        )
    else:
        novelty_path(path).unlink(missing_ok=True)
    if taught:
        taught_path(path).write_text(json.dumps(taught, indent=1) + "\n", encoding="utf-8")
    else:
        taught_path(path).unlink(missing_ok=True)
    if surveys.sets:
        write_json(surveys_path(path), surveys.to_saved())
    else:
        surveys_path(path).unlink(missing_ok=True)


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
    return _read_json(taught_path(path))


def load_surveys(path: str | Path) -> MeasuredSurveys:
    """Read how good a checkpoint is in the bands of which surveys, without its weights.

    Parameters
    ----------
    path : str or Path
        The checkpoint.

    Returns
    -------
    MeasuredSurveys
        Empty if nothing is kept beside it.

    Raises
    ------
    ModelError
        If what is kept there cannot be understood.
    """
    place = surveys_path(path)
    try:
        return MeasuredSurveys.from_saved(_read_json(place))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{place}: is no table of surveys ({type(error).__name__}: {error})") from None


def _read_json(place: Path) -> dict[str, Any]:
    """What a JSON file holds; empty if there is none."""
    if not place.is_file():
        return {}
    try:
        return dict(json.loads(place.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ModelError(f"{place}: cannot be read: {error}") from None


def load_novelty(path: str | Path, detector: Detector) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Read what ordinary sources look like to a network, and in which bands.

    Parameters
    ----------
    path : str or Path
        The checkpoint.
    detector : Detector
        Its network.

    Returns
    -------
    novelty : dict of str to Tensor
        Empty if nothing is kept beside it.
    bands : tuple of str
        Bands that it describes; empty for those of the model.

    Raises
    ------
    ModelError
        If what is kept there is damaged or that of another model.
    """
    place = novelty_path(path)
    if not place.is_file():
        return {}, ()
    tensors, header = read_tensors(place)
    if header.get("format") != _NOVELTY_FORMAT or header.get("of") != _fingerprint(detector):
        raise ModelError(f"{place}: not of the model beside it: remove it, or put the model's own there")
    return tensors, tuple(header.get("bands", "").split())


def _fingerprint(detector: Detector) -> str:
    """Hash that differs between the weights of two trainings, the same in full and in half precision."""
    weight = detector.redshift_head.mixture.linear.weight.detach().cpu().to(torch.float16)
    return hashlib.sha256(bytes(weight.contiguous().view(torch.uint8).flatten().tolist())).hexdigest()[:16]
