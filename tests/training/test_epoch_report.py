"""Whoever watches a training is told of each epoch."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.detector.scenery import small_model
from tests.training.scenery import BANDS, blob_store
from zpix.config import Config, TrainingConfig
from zpix.jobs.train import train
from zpix.training.epoch_report import EpochReport


@pytest.mark.parametrize(
    ("epoch", "best", "told"),
    [
        (5, 4, "epoch 5 of 60, learning rate 0.0002, 40 s an epoch, 37 min left, best epoch 4"),
        (60, 0, "epoch 60 of 60, learning rate 0.0002, 40 s an epoch, finished"),
    ],
)
def test_a_line_says_how_far_it_is(epoch, best, told):
    report = EpochReport(epoch, 60, {"mask": 1.0}, {}, 2e-4, 40.0, 2200.0, best, Path("losses.csv"))
    assert report.told() == told


@pytest.mark.slow
def test_a_program_watches_a_training(tmp_path):
    blob_store(tmp_path / "store", train=2, validation=1)
    pictures, seen = [], []

    def watch(report: EpochReport) -> None:
        seen.append(report)
        pictures.append(report.losses_file.with_suffix(".png").read_bytes())

    config = Config(model=small_model(bands=BANDS), training=TrainingConfig(epochs=2, batch_size=2))
    train(tmp_path / "store", out=tmp_path / "model", config=config, device="cpu", on_epoch=watch)
    assert [(report.epoch, report.epochs) for report in seen] == [(1, 2), (2, 2)]
    first, last = seen
    assert set(first.losses) >= {"class", "box", "mask", "redshift"} and first.scores and first.rate > 0
    assert first.seconds_left > 0 and last.seconds_left == 0 and last.losses_file.is_file()
    assert pictures[0] != pictures[1]  # renewed, with its title
