"""Training by one call: what its directory holds, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from tests.detector.scenery import small_model
from tests.surveys.scenery import write_galaxiesml
from tests.training.scenery import BANDS, blob_store
from zpix.config import Config, PretrainingConfig, SimulationConfig, TrainingConfig, load_config
from zpix.detector import Checkpoint, Detector, default_model, load_checkpoint, save_checkpoint
from zpix.errors import ModelError, OutputError, StoreError, TrainingError
from zpix.jobs.calibrate import calibrate
from zpix.jobs.prepare import prepare
from zpix.jobs.pretrain import pretrain
from zpix.jobs.train import train
from zpix.sources import ConformalIntervals, WidthCalibration
from zpix.training.mock import draw_tile
from zpix.training.store import Store

FAST = TrainingConfig(epochs=1, batch_size=2, precision="fp32", seed=3)


def test_a_mock_tile_labels_all_sources_or_those_with_spectra():
    pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")
    config = SimulationConfig(limit_mag=28.0, psf_angle_deg=0.0, star_density=0, brown_dwarf_per_arcmin2=0)
    every, some = (draw_tile((3, 9, 384, ("F444W",), config, labels)) for labels in ("all", "spectroscopic"))
    assert np.isfinite(every.redshift).all() and len(every.redshift) == len(some.redshift)
    measured = np.isfinite(some.redshift)
    assert 0 < measured.sum() < len(measured)
    np.testing.assert_array_equal(some.redshift[measured], every.redshift[measured])
    np.testing.assert_array_equal(some.flux, every.flux)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return blob_store(tmp_path_factory.mktemp("store") / "blobs.zarr")


def test_pretraining_and_training_leave_models_settings_and_losses(tmp_path, store):
    model = small_model(bands=BANDS)
    head = pretrain(
        store.path, out=tmp_path / "head", config=Config(model=model, pretraining=PretrainingConfig(epochs=2))
    )
    path = train(
        store.path, out=tmp_path / "run", config=Config(model=model, training=FAST), redshift_head=head, name="blobs-1"
    )
    assert {item.name for item in (tmp_path / "run").iterdir()} == {
        "config.toml", "losses.csv", "losses.png", "model.safetensors", "state.safetensors",
    }  # fmt: skip
    assert load_config(tmp_path / "run" / "config.toml").training == FAST
    checkpoint = load_checkpoint(path)
    assert checkpoint.config == model
    assert checkpoint.about["name"] == "blobs-1"
    assert checkpoint.about["counts"]["train"]["tiles"] == store.count("train")
    low, high = checkpoint.about["z_range"]
    assert 0 <= low < high <= 15
    again = train(store.path, out=tmp_path / "more", config=Config(model=model, training=FAST), init=path)
    assert load_checkpoint(again).about["name"] == "more"


@pytest.mark.slow
def test_a_redshift_head_of_another_shape_joins_a_trained_detector(tmp_path, store):
    detector = train(store.path, out=tmp_path / "run", config=Config(model=small_model(bands=BANDS), training=FAST))
    model = small_model(bands=BANDS, elliptical_widths=(1.0,))
    config = FAST.model_copy(update={"learn": "redshift_head"})
    with pytest.raises(ModelError, match=r"'redshift_head\.photometry\.0\.weight' does not fit"):
        train(store.path, out=tmp_path / "more", config=Config(model=model, training=config), init=detector)
    head = pretrain(
        store.path, out=tmp_path / "head", config=Config(model=model, pretraining=PretrainingConfig(epochs=1))
    )
    path = train(
        store.path,
        out=tmp_path / "more",
        config=Config(model=model, training=config),
        init=detector,
        redshift_head=head,
    )
    before, after = (load_checkpoint(p).detector.state_dict() for p in (detector, path))
    for name in (n for n in before if not n.startswith("redshift_head.")):
        torch.testing.assert_close(after[name], before[name])


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
    assert galaxies.about["counts"] == {"validation": {"sources": 24}, "train": {"sources": 24}}
    assert galaxies.about["training_data"]["files"] == ["5x64x64_training.hdf5"]
    assert len((tmp_path / "galaxies" / "losses.csv").read_text().splitlines()) == 3

    mock = pretrain(store.path, out=tmp_path / "mock", part="backbone", config=learning, backbone=path)
    assert load_checkpoint(mock).config == model.model_copy(update={"built_size_pix": 64})
    trained = train(store.path, out=tmp_path / "run", config=Config(model=model, training=FAST), backbone=mock)
    about = load_checkpoint(trained).about
    assert about["started_from"] == {"backbone": "mock/model.safetensors"}
    assert all(np.isfinite(v) for row in about["losses"] for v in row.values() if isinstance(v, float))
    early = FAST.model_copy(update={"learning_rate": 1e-12, "warmup_steps": 0})
    still = train(store.path, out=tmp_path / "still", config=Config(model=model, training=early), backbone=mock)
    kept = load_checkpoint(still).detector.pyramid.body
    for name, value in load_checkpoint(mock).detector.pyramid.body.named_parameters():
        torch.testing.assert_close(kept.get_parameter(name), value)


def test_a_refused_training_changes_nothing(tmp_path, store):
    out = tmp_path / "run"
    train(store.path, out=out, config=Config(model=small_model(bands=BANDS), training=FAST))
    before = {item.name: item.read_bytes() for item in out.iterdir()}
    other = FAST.model_copy(update={"learning_rate": 1e-4})
    with pytest.raises(OutputError, match=r"learning_rate is 0\.01 there and 0\.0001 here; choose another place"):
        train(store.path, out=out, config=Config(model=small_model(bands=BANDS), training=other))
    with pytest.raises(TrainingError, match="another network; choose another place"):
        train(store.path, out=out, config=Config(model=small_model(bands=BANDS, box_hidden=64), training=FAST))
    with pytest.raises(StoreError):
        train(store.path, out=out, config=Config(model=small_model(bands=("A", "B")), training=FAST))
    with pytest.raises(ModelError):
        train(
            store.path,
            out=out,
            config=Config(model=small_model(bands=BANDS), training=FAST),
            init=tmp_path / "none.safetensors",
        )
    assert {item.name: item.read_bytes() for item in out.iterdir()} == before


@pytest.mark.slow
def test_widths_are_calibrated_on_validation_tiles_and_kept_with_the_model(tmp_path):
    pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")
    prepare(out=tmp_path / "sky.zarr", mock=3, seed=20260210, fractions=(0, 1, 0))
    shipped = load_checkpoint(default_model())
    fitted = ("width_calibration", "conformal", "ranges")
    about = {name: value for name, value in shipped.about.items() if name not in fitted}
    model = tmp_path / "model.safetensors"
    save_checkpoint(model, Checkpoint(shipped.detector, about))
    calibration = calibrate(model, tmp_path / "sky.zarr")
    assert any(calibration.log_factor)
    kept = load_checkpoint(model).about
    assert WidthCalibration.from_about(kept) == calibration
    conformal = ConformalIntervals.from_about(kept)
    assert min(conformal.count) >= 50 and len(json.dumps(kept["conformal"])) < 500
    assert all(0.3 < reach_68 < reach_95 for reach_68, reach_95 in conformal.reach)
    ranges, of_shipped = load_checkpoint(model).ranges, shipped.ranges
    assert ranges.keys() == of_shipped.keys()
    assert ranges["pyramid.body.conv1"] == pytest.approx(of_shipped["pyramid.body.conv1"], rel=0.3)
    assert {**about, **{name: kept[name] for name in fitted}} == kept
    assert load_checkpoint(model).novelty.keys() == shipped.novelty.keys()


def test_few_redshifts_calibrate_nothing(tmp_path, store):
    model = tmp_path / "model.safetensors"
    save_checkpoint(model, Checkpoint(Detector(small_model(bands=BANDS)), {"name": "blobs"}))
    before = model.read_bytes()
    with pytest.raises(StoreError, match=r"blobs\.zarr: has \d+ validation redshifts: .* needs 200 or more"):
        calibrate(model, store.path)
    assert model.read_bytes() == before
