"""Parts of the network learn alone, and are carried into a detector."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.detector.scenery import small_model
from tests.surveys.scenery import write_galaxiesml
from tests.training.scenery import BANDS, blob_store
from zpix.config import Config, PretrainingConfig, TrainingConfig
from zpix.detector import load_checkpoint
from zpix.errors import ConfigError
from zpix.jobs.pretrain import pretrain
from zpix.jobs.train import train
from zpix.training.store import Store

FAST = TrainingConfig(epochs=1, batch_size=2, precision="fp32", seed=3)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return blob_store(tmp_path_factory.mktemp("store") / "blobs.zarr")


@pytest.mark.slow
def test_a_backbone_of_five_bands_is_carried_into_a_detector_of_three(tmp_path, store):
    (tmp_path / "hsc").mkdir()
    for split in ("training", "validation", "testing"):
        write_galaxiesml(tmp_path / "hsc" / f"5x64x64_{split}.hdf5", count=24)
    model, quick = small_model(bands=BANDS), PretrainingConfig(epochs=1, batch_size=12)
    learning = Config(model=model, pretraining=quick)
    path = pretrain(tmp_path / "hsc", out=tmp_path / "galaxies", part="backbone", config=learning)
    galaxies = load_checkpoint(path)
    assert galaxies.bands == ("HSC-G", "HSC-R", "HSC-I", "HSC-Z", "HSC-Y")
    assert galaxies.about.counts == {"validation": {"sources": 24}, "train": {"sources": 24}}
    assert galaxies.about.training_data["files"] == ["5x64x64_training.hdf5"]
    assert len((tmp_path / "galaxies" / "losses.csv").read_text().splitlines()) == 3

    mock = pretrain(store.path, out=tmp_path / "mock", part="backbone", config=learning, backbone=path)
    assert load_checkpoint(mock).config == model.model_copy(update={"built_size_pix": 64})
    trained = train(store.path, out=tmp_path / "run", config=Config(model=model, training=FAST), backbone=mock)
    about = load_checkpoint(trained).about
    assert about.started_from == {"backbone": "mock/model.safetensors"}
    assert all(np.isfinite(v) for row in about.losses for v in row.values() if isinstance(v, float))
    early = FAST.model_copy(update={"learning_rate": 1e-12, "warmup_steps": 0})
    still = train(store.path, out=tmp_path / "still", config=Config(model=model, training=early), backbone=mock)
    kept = load_checkpoint(still).detector.pyramid.body
    for name, value in load_checkpoint(mock).detector.pyramid.body.named_parameters():
        torch.testing.assert_close(kept.get_parameter(name), value)


def test_a_part_that_cannot_learn_alone_is_refused(tmp_path, store):
    with pytest.raises(ConfigError, match="part = 'masks': allowed are redshift-head, backbone"):
        pretrain(store.path, out=tmp_path / "out", part="masks")
