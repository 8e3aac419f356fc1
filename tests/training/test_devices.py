"""Training on several devices, as torchrun starts it; two processes on one processor stand for them."""

import csv
import os
import subprocess
import sys

import pytest

from tests.detector.scenery import small_model
from tests.training.scenery import BANDS, blob_store
from zpix.config import TrainingConfig, write_config
from zpix.detector import load_checkpoint


@pytest.mark.slow
def test_two_processes_train_one_model_and_go_on(tmp_path):
    blob_store(tmp_path / "store")
    settings = {"batch_size": 1, "learning_rate": 1e-3, "warmup_steps": 2, "precision": "fp32"}
    write_config(tmp_path / "tiny.toml", model=small_model(bands=BANDS), training=TrainingConfig(epochs=2, **settings))

    def train_with_two_processes() -> None:
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
        command = ["-m", "zpix", "train", "store", "--config", "tiny.toml", "--out", "run", "--device", "cpu"]
        done = subprocess.run(
            [*launcher, *command],
            cwd=tmp_path,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr[-3000:]

    train_with_two_processes()
    losses = (tmp_path / "run" / "losses.csv").read_text()
    rows = list(csv.DictReader(losses.splitlines()))
    assert [(row["epoch"], row["split"]) for row in rows] == [
        ("1", "train"), ("1", "validation"), ("2", "train"), ("2", "validation"),
    ]  # fmt: skip
    assert load_checkpoint(tmp_path / "run" / "model.safetensors").about["epochs"] == 2

    train_with_two_processes()  # nothing is left to do
    assert (tmp_path / "run" / "losses.csv").read_text() == losses
