"""What is a model, what was it trained on, and how well does it do?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zpix.detector import default_model, load_checkpoint


def info(model: str | Path | None = None) -> dict[str, Any]:
    """Tell what a model is.

    Parameters
    ----------
    model : str or Path, optional
        Checkpoint; the shipped model by default.

    Returns
    -------
    dict of str to object
        Its `path`, its settings as `model`, and everything that its file says of it: name, training data, counts,
        range of redshifts, scores and more.

    Raises
    ------
    ModelError
        If the checkpoint cannot be used.

    Examples
    --------
    >>> zpix.info()["model"]["backbone"]  # doctest: +SKIP
    'resnet18'
    """
    path = default_model() if model is None else Path(model)
    checkpoint = load_checkpoint(path)
    return {"path": str(path), "model": checkpoint.config.model_dump(), **checkpoint.about.to_header()}
