"""Training by one call: what its directory holds, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.detector.scenery import small_model
from tests.surveys.scenery import write_galaxiesml
from tests.training.scenery import BANDS, blob_store
from zpix.config import PretrainingConfig, TrainingConfig, load_config
from zpix.detector import About, Checkpoint, Detector, default_model, load_checkpoint, save_checkpoint
from zpix.errors import ModelError, OutputError, StoreError, TrainingError
from zpix.jobs.calibrate import calibrate
from zpix.jobs.prepare import prepare_mock
from zpix.jobs.pretrain import pretrain, pretrain_backbone
from zpix.jobs.train import train
from zpix.sources import ConformalIntervals, WidthCalibration
from zpix.training.store import Store

FAST = TrainingConfig(epochs=1, batch_size=2, precision="fp32", seed=3)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return blob_store(tmp_path_factory.mktemp("store") / "blobs.zarr")


def test_pretraining_and_training_leave_models_settings_and_losses(tmp_path, store):
    model = small_model(bands=BANDS)
    head = pretrain(store.path, out=tmp_path / "head", model=model, config=PretrainingConfig(epochs=2))
    path = train(store.path, out=tmp_path / "run", model=model, config=FAST, redshift_head=head, name="blobs-1")
    assert {item.name for item in (tmp_path / "run").iterdir()} == {
        "config.toml", "losses.csv", "losses.png", "model.safetensors", "state.safetensors",
    }  # fmt: skip
    assert load_config(tmp_path / "run" / "config.toml").training == FAST
    checkpoint = load_checkpoint(path)
    assert checkpoint.config == model
    assert checkpoint.about.name == "blobs-1"
    assert checkpoint.about.counts["train"]["tiles"] == store.count("train")
    low, high = checkpoint.about.z_range
    assert 0 <= low < high <= 15
    again = train(store.path, out=tmp_path / "more", model=model, config=FAST, init=path)
    assert load_checkpoint(again).about.name == "more"


@pytest.mark.slow
def test_a_redshift_head_of_another_shape_joins_a_trained_detector(tmp_path, store):
    detector = train(store.path, out=tmp_path / "run", model=small_model(bands=BANDS), config=FAST)
    model = small_model(bands=BANDS, elliptical_widths=(1.0,))
    config = FAST.model_copy(update={"learn": "redshift_head"})
    with pytest.raises(ModelError, match=r"'redshift_head\.photometry\.0\.weight' does not fit"):
        train(store.path, out=tmp_path / "more", model=model, config=config, init=detector)
    head = pretrain(store.path, out=tmp_path / "head", model=model, config=PretrainingConfig(epochs=1))
    path = train(store.path, out=tmp_path / "more", model=model, config=config, init=detector, redshift_head=head)
    before, after = (load_checkpoint(p).detector.state_dict() for p in (detector, path))
    for name in (n for n in before if not n.startswith("redshift_head.")):
        torch.testing.assert_close(after[name], before[name])


@pytest.mark.slow
def test_a_backbone_of_five_bands_is_carried_into_a_detector_of_three(tmp_path, store):
    (tmp_path / "hsc").mkdir()
    for split in ("training", "validation", "testing"):
        write_galaxiesml(tmp_path / "hsc" / f"5x64x64_{split}.hdf5", count=24)
    model, quick = small_model(bands=BANDS), PretrainingConfig(epochs=1, batch_size=12)
    path = pretrain_backbone(tmp_path / "hsc", out=tmp_path / "galaxies", model=model, config=quick)
    galaxies = load_checkpoint(path)
    assert galaxies.bands == ("HSC-G", "HSC-R", "HSC-I", "HSC-Z", "HSC-Y")
    assert galaxies.about.counts == {"validation": {"sources": 24}, "train": {"sources": 24}}
    assert galaxies.about.training_data["files"] == ["5x64x64_training.hdf5"]
    assert len((tmp_path / "galaxies" / "losses.csv").read_text().splitlines()) == 3

    mock = pretrain_backbone(store.path, out=tmp_path / "mock", model=model, config=quick, backbone=path)
    assert load_checkpoint(mock).config == model.model_copy(update={"built_size_pix": 64})
    trained = train(store.path, out=tmp_path / "run", model=model, config=FAST, backbone=mock)
    about = load_checkpoint(trained).about
    assert about.started_from == {"backbone": "mock/model.safetensors"}
    assert all(np.isfinite(v) for row in about.losses for v in row.values() if isinstance(v, float))
    early = FAST.model_copy(update={"learning_rate": 1e-12, "warmup_steps": 0})
    still = train(store.path, out=tmp_path / "still", model=model, config=early, backbone=mock)
    kept = load_checkpoint(still).detector.pyramid.body
    for name, value in load_checkpoint(mock).detector.pyramid.body.named_parameters():
        torch.testing.assert_close(kept.get_parameter(name), value)


def test_a_refused_training_changes_nothing(tmp_path, store):
    out = tmp_path / "run"
    train(store.path, out=out, model=small_model(bands=BANDS), config=FAST)
    before = {item.name: item.read_bytes() for item in out.iterdir()}
    other = FAST.model_copy(update={"learning_rate": 1e-4})
    with pytest.raises(OutputError, match=r"learning_rate is 0\.01 there and 0\.0001 here; choose another place"):
        train(store.path, out=out, model=small_model(bands=BANDS), config=other)
    with pytest.raises(TrainingError, match="another network; choose another place"):
        train(store.path, out=out, model=small_model(bands=BANDS, box_hidden=64), config=FAST)
    with pytest.raises(StoreError):
        train(store.path, out=out, model=small_model(bands=("A", "B")), config=FAST)
    with pytest.raises(ModelError):
        train(store.path, out=out, model=small_model(bands=BANDS), config=FAST, init=tmp_path / "none.safetensors")
    assert {item.name: item.read_bytes() for item in out.iterdir()} == before


@pytest.mark.slow
def test_widths_are_calibrated_on_validation_tiles_and_kept_with_the_model(tmp_path):
    pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")
    prepare_mock(tmp_path / "sky.zarr", tiles=3, seed=20260210, fractions={"train": 0, "validation": 1, "test": 0})
    shipped = load_checkpoint(default_model())
    about = replace(shipped.about, width_calibration=None, conformal=None, ranges=None)
    model = tmp_path / "model.safetensors"
    save_checkpoint(model, Checkpoint(shipped.detector, about))
    calibration = calibrate(model, Store(tmp_path / "sky.zarr"))
    assert any(calibration.log_factor)
    kept = load_checkpoint(model).about
    assert WidthCalibration.from_saved(kept.width_calibration) == calibration
    conformal = ConformalIntervals.from_saved(kept.conformal)
    assert min(conformal.count) >= 50 and len(json.dumps(kept.conformal)) < 500
    assert all(0.3 < reach_68 < reach_95 for reach_68, reach_95 in conformal.reach)
    ranges, of_shipped = kept.ranges, shipped.about.ranges
    assert ranges.keys() == of_shipped.keys()
    assert ranges["pyramid.body.conv1"] == pytest.approx(of_shipped["pyramid.body.conv1"], rel=0.3)
    fitted = {name: getattr(kept, name) for name in ("width_calibration", "conformal", "ranges")}
    assert replace(about, **fitted) == kept
    assert load_checkpoint(model).novelty.keys() == shipped.novelty.keys()


def test_few_redshifts_calibrate_nothing(tmp_path, store):
    model = tmp_path / "model.safetensors"
    save_checkpoint(model, Checkpoint(Detector(small_model(bands=BANDS)), About(name="blobs")))
    before = model.read_bytes()
    assert calibrate(model, store) == WidthCalibration()
    assert model.read_bytes() == before
