"""How does a detector learn from a store?"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from zpix.config import Config, ModelConfig, TrainingConfig, as_config
from zpix.detector import Detector, load_checkpoint, taught_path
from zpix.detector.carrying import take_backbone, take_weights
from zpix.jobs.calibrate import calibrate, can_calibrate
from zpix.outputs import write_json
from zpix.plots import draw_losses
from zpix.training.about import about_store, name_of
from zpix.training.directory import training_directory
from zpix.training.epoch_report import EpochReport, OnEpoch
from zpix.training.joint import fit
from zpix.training.store import Store
from zpix.training.taught_tiles import examine_store


def train(
    store: str | Path,
    *,
    out: str | Path,
    config: str | Path | Config | TrainingConfig | ModelConfig | None = None,
    init: str | Path | None = None,
    backbone: str | Path | None = None,
    redshift_head: str | Path | None = None,
    device: str = "auto",
    name: str | None = None,
    on_epoch: OnEpoch | None = None,
) -> Path:
    """Train a detector on a store, and calibrate it.

    An interrupted call goes on exactly where it stopped. On several devices, start the program with torchrun.

    Parameters
    ----------
    store : str or Path
        Training store of `prepare`.
    out : str or Path
        Directory for `model.safetensors`, `losses.csv`, `losses.png`, `config.toml` and the state to go on from. They
        are written after every epoch, and at the end `model.fields.json`: sky, noise, depth and sharpness of the tiles,
        with which `run` and `check` compare mosaics.
    config : str, Path, Config, TrainingConfig or ModelConfig, optional
        Settings: the path of a TOML file with `[model]` and `[training]`, or the settings themselves.
    init : str or Path, optional
        Checkpoint of the same architecture to start from; its redshift head may be another if `redshift_head` is given.
    backbone : str or Path, optional
        Checkpoint whose backbone to start from, of any bands, such as `pretrain` makes them; or "imagenet" for timm's
        weights, which are downloaded if they are not in its cache.
    redshift_head : str or Path, optional
        Checkpoint whose redshift head to start from, such as `pretrain` makes them.
    device : str, default: "auto"
        "auto", "cpu", "cuda" or "cuda:N".
    name : str, optional
        Name of the model, written into catalogues; that of `out` by default.
    on_epoch : callable, optional
        Called after each epoch with a `zpix.training.epoch_report.EpochReport`: losses, validation scores, learning
        rate, time left. For TensorBoard or any logger; of several processes the first calls it. What it raises ends
        the training, which goes on from there when it is called again.

    Returns
    -------
    Path
        The model. It is calibrated if the store has 200 validation redshifts or more.

    Raises
    ------
    StoreError
        If the store is not of the model's bands and pixel scale, or has nothing to learn from.
    ModelError
        If a checkpoint to start from does not fit.
    OutputError
        If `out` holds a training with other settings.
    TrainingError
        If a loss is not finite, or `out` holds a training of another network.

    Examples
    --------
    >>> zpix.train("store.zarr", out="trained", redshift_head="redshift/model.safetensors")  # doctest: +SKIP
    """
    settings = as_config(config, "training", "model")
    data = Store(store, errors=settings.model.errors)
    torch.manual_seed(settings.training.seed)
    detector = Detector(settings.model)
    if init is not None:
        other = "" if redshift_head is None else "redshift_head."
        take_weights(detector, load_checkpoint(init), init, without=other)
    if backbone is not None:
        take_backbone(detector, backbone)
    if redshift_head is not None:
        take_weights(detector, load_checkpoint(redshift_head), redshift_head, part="redshift_head.")
    begun = {"init": init, "backbone": backbone, "redshift_head": redshift_head}
    about = replace(
        about_store(data),
        name=name or Path(out).name,
        training=settings.training.model_dump(mode="json"),
        started_from={part: name_of(source) for part, source in begun.items() if source is not None},
    )
    with training_directory(out, model=settings.model, training=settings.training) as place:
        path = fit(
            data, place, detector=detector, config=settings.training, device=device, about=about,
            on_epoch=partial(_after_epoch, on_epoch),
        )  # fmt: skip
    if os.environ.get("RANK", "0") == "0":  # RANK is set by torchrun; the first process does what is done once
        _finish(path, data, device=device)
    return path


def _after_epoch(on_epoch: OnEpoch | None, report: EpochReport) -> None:
    """Renew the picture of the losses, and tell whoever asked."""
    draw_losses(report.losses_file, title=report.told())
    if on_epoch is not None:
        on_epoch(report)


def _finish(model: Path, store: Store, *, device: str) -> None:
    """Keep beside a trained model what the tiles were like, and calibrate it."""
    taught = examine_store(store)
    if taught.is_known:
        write_json(taught_path(model), taught.to_saved())
    if can_calibrate(store):
        calibrate(model, store.path, device=device)
