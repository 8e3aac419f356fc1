"""Training by one call: what its directory holds, and what it refuses."""

from __future__ import annotations

import pytest
import torch

from tests.detector.scenery import small_model
from tests.training.scenery import BANDS, blob_store
from tests.training.test_taught_tiles import noise_store
from zpix.config import Config, PretrainingConfig, TrainingConfig, load_config
from zpix.detector import Checkpoint, load_checkpoint, save_checkpoint, taught_path
from zpix.errors import ModelError, OutputError, StoreError, TrainingError
from zpix.image import Taught
from zpix.jobs.pretrain import pretrain
from zpix.jobs.train import train
from zpix.training.store import Store

FAST = TrainingConfig(epochs=1, batch_size=2, precision="fp32", seed=3)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return blob_store(tmp_path_factory.mktemp("store") / "blobs.zarr")


@pytest.mark.slow
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
    assert checkpoint.about.name == "blobs-1"
    assert checkpoint.about.counts["train"]["tiles"] == store.count("train")
    low, high = checkpoint.about.z_range
    assert 0 <= low < high <= 15
    again = train(store.path, out=tmp_path / "more", config=Config(model=model, training=FAST), init=path)
    assert load_checkpoint(again).about.name == "more"


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


def test_what_the_tiles_are_like_is_kept_beside_the_model(tmp_path, monkeypatch):
    def fit_nothing(data, place, *, detector, about, **_):
        save_checkpoint(place / "model.safetensors", Checkpoint(detector, about))
        return place / "model.safetensors"

    monkeypatch.setattr("zpix.jobs.train.fit", fit_nothing)
    tiles = noise_store(tmp_path / "tiles.zarr", tiles=4, size=256)
    model = train(tiles.path, out=tmp_path / "run", config=Config(model=small_model(bands=tiles.bands)))
    assert taught_path(model).name == "model.fields.json"
    assert set(Taught.from_saved(load_checkpoint(model).taught).bands) == set(tiles.bands)


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
