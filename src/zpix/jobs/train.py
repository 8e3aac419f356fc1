"""How does a detector learn from a store?"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import replace
from pathlib import Path

import torch

from zpix.config import (
    ModelConfig,
    TrainingConfig,
)
from zpix.detector import (
    Detector,
    load_checkpoint,
)
from zpix.detector.carrying import take_backbone, take_weights
from zpix.jobs.calibrate import calibrate
from zpix.training.about import about_store, name_of
from zpix.training.directory import training_directory
from zpix.training.joint import fit
from zpix.training.store import Store

log = logging.getLogger(__name__)


def train(
    store: str | Path,
    *,
    out: str | Path,
    model: ModelConfig | None = None,
    config: TrainingConfig | None = None,
    init: str | Path | None = None,
    backbone: str | Path | None = None,
    redshift_head: str | Path | None = None,
    device: str = "auto",
    name: str | None = None,
) -> Path:
    """Train a detector on a store; returns the path of the model. The same command goes on after an interruption.

    Parameters
    ----------
    init : checkpoint of the same architecture to start from; its redshift head may be another if `redshift_head` is
        given
    backbone : checkpoint whose backbone to start from, such as one made by `pretrain_backbone`, of whatever bands; or
        "imagenet" for timm's weights, which are downloaded if they are not in its cache
    redshift_head : checkpoint whose redshift head to start from, such as one made by `pretrain`
    name : how the model calls itself in catalogues; default the name of `out`
    """
    data, config, model = Store(store), config or TrainingConfig(), model or ModelConfig()
    torch.manual_seed(config.seed)
    detector = Detector(model)
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
        training=json.loads(config.model_dump_json()),
        started_from={part: name_of(source) for part, source in begun.items() if source is not None},
    )
    with training_directory(out, model=model, training=config) as place:
        path = fit(data, place, detector=detector, config=config, device=device, about=about, on_epoch=draw_losses)
    if os.environ.get("RANK", "0") == "0":  # of several processes one
        calibrate(path, data, device=device)
    return path


def draw_losses(losses: Path) -> None:
    from zpix.plots import loss_figure  # matplotlib is slow to import, and only this line needs it

    loss_figure(losses).savefig(losses.with_suffix(".png"), dpi=120)
