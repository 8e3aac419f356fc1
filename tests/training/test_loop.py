import csv
from pathlib import Path

import pytest
import torch

from tests.detector.scenery import small_model
from tests.training.scenery import BANDS, blob_store
from zpix.config import PretrainingConfig, TrainingConfig
from zpix.detector import Detector, load_checkpoint, save_checkpoint
from zpix.errors import StoreError, TrainingError
from zpix.training.loop import LOSS_FILE, fit, learning_rate
from zpix.training.pretraining import CutoutExamples, cut_sources, fit_redshift_head

FAST = {"batch_size": 2, "learning_rate": 1e-3, "warmup_steps": 2, "precision": "fp32"}


def network() -> Detector:
    torch.manual_seed(0)
    return Detector(small_model(bands=BANDS))


def rows_of(path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def weights(path) -> dict[str, torch.Tensor]:
    return load_checkpoint(path).detector.state_dict()


@pytest.mark.slow
def test_a_killed_training_goes_on_exactly(tmp_path):
    store = blob_store(tmp_path / "store")
    config = TrainingConfig(epochs=3, **FAST)
    whole = weights(fit(store, tmp_path / "whole", detector=network(), config=config))

    class Killed(Exception):
        pass

    def kill(losses):
        if len(losses.read_text().splitlines()) == 1 + 2 * 2:  # header and two epochs of two splits
            raise Killed

    with pytest.raises(Killed):
        fit(store, tmp_path / "killed", detector=network(), config=config, on_epoch=kill)
    again = weights(fit(store, tmp_path / "killed", detector=network(), config=config))
    for name, value in whole.items():
        torch.testing.assert_close(again[name], value, rtol=0, atol=0)
    rows = rows_of(tmp_path / "killed" / LOSS_FILE)
    assert [(row["epoch"], row["split"]) for row in rows] == [
        (str(e), s) for e in (1, 2, 3) for s in ("train", "validation")
    ]
    assert rows == rows_of(tmp_path / "whole" / LOSS_FILE)


@pytest.mark.slow
def test_a_training_killed_while_it_writes_its_last_model_writes_it_again(tmp_path, monkeypatch):
    store = blob_store(tmp_path / "store")
    config = TrainingConfig(epochs=2, **FAST)
    whole = weights(fit(store, tmp_path / "whole", detector=network(), config=config))

    def full_disk(path, checkpoint, **options):
        if checkpoint.about["epochs"] == 2:
            raise OSError("no space left")
        save_checkpoint(path, checkpoint, **options)

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
        patch.setattr("zpix.training.loop.save_checkpoint", full_disk)
        fit(store, tmp_path / "killed", detector=network(), config=config)
    again = load_checkpoint(fit(store, tmp_path / "killed", detector=network(), config=config))
    assert again.about["epochs"] == 2
    for name, value in whole.items():
        torch.testing.assert_close(again.detector.state_dict()[name], value, rtol=0, atol=0)


def test_a_run_with_other_settings_is_not_overwritten(tmp_path):
    store = blob_store(tmp_path / "store")
    fit(store, tmp_path / "run", detector=network(), config=TrainingConfig(epochs=1, **FAST))
    with pytest.raises(TrainingError, match="epochs"):
        fit(store, tmp_path / "run", detector=network(), config=TrainingConfig(epochs=2, **FAST))


def test_the_redshift_head_alone_can_learn(tmp_path):
    store = blob_store(tmp_path / "store")
    before = network().state_dict()
    after = weights(
        fit(store, tmp_path / "run", detector=network(), config=TrainingConfig(epochs=2, learn="redshift_head", **FAST))
    )
    changed = {name for name, value in before.items() if not torch.equal(after[name], value)}
    assert changed and all(name.startswith("redshift_head.") for name in changed)
    assert "redshift_head.mixture.linear.weight" in changed


def test_a_loss_that_is_not_finite_stops_and_names_the_step(tmp_path):
    store, detector = blob_store(tmp_path / "store"), network()
    torch.nn.init.constant_(detector.box_head.classes.bias, float("nan"))
    with pytest.raises(TrainingError, match=r"epoch 0, step 0 .*class nan"):
        fit(store, tmp_path / "run", detector=detector, config=TrainingConfig(epochs=1, **FAST))
    assert not (tmp_path / "run" / "model.safetensors").exists()


def test_a_store_of_other_bands_is_refused(tmp_path):
    store = blob_store(tmp_path / "store")
    with pytest.raises(StoreError, match="A B C"):
        fit(store, tmp_path / "run", detector=Detector(small_model(bands=("A", "B"))), config=TrainingConfig(epochs=1))


def test_a_store_whose_tiles_a_transformer_was_not_built_for_is_refused(tmp_path):
    store = blob_store(tmp_path / "store")
    built_for_others = Detector(small_model(backbone="mvitv2_tiny", bands=BANDS, built_size_pix=2 * store.tile_size))
    with pytest.raises(StoreError, match=f"built_size_pix = {store.tile_size}"):
        fit(store, tmp_path / "run", detector=built_for_others, config=TrainingConfig(epochs=1))


def test_the_rate_warms_up_and_falls_in_steps():
    config = TrainingConfig(learning_rate=1.0, warmup_steps=10, milestones=(0.5, 0.8))
    rates = [learning_rate(step, 100, config) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[20] == 1.0
    assert rates[60] == pytest.approx(0.1) and rates[90] == pytest.approx(0.01)
    cosine = TrainingConfig(learning_rate=1.0, warmup_steps=0, schedule="cosine")
    assert learning_rate(100, 100, cosine) == pytest.approx(0, abs=1e-9)


def test_pretraining_learns_redshifts_from_colours_and_goes_on(tmp_path):
    store = blob_store(tmp_path / "store", train=12)
    config = PretrainingConfig(epochs=12, batch_size=8, learning_rate=3e-3)
    training = CutoutExamples(cut_sources(store, "train", size=32), network().config, config.band_dropout)

    def fit_head() -> Path:
        return fit_redshift_head(training, None, tmp_path / "run", detector=network(), config=config)

    path = fit_head()
    rows = [r for r in rows_of(tmp_path / "run" / LOSS_FILE) if r["split"] == "train"]
    assert float(rows[-1]["redshift"]) < float(rows[0]["redshift"]) - 0.3
    finished = weights(path)
    again = weights(fit_head())
    torch.testing.assert_close(again["redshift_head.trunk.2.weight"], finished["redshift_head.trunk.2.weight"])


def test_cutouts_are_centred_on_labelled_sources(tmp_path):
    store = blob_store(tmp_path / "store", train=2)
    cutouts = cut_sources(store, "train", size=32)
    assert len(cutouts) == 4 and cutouts.flux.shape[2:] == (34, 34)
    for row in range(len(cutouts)):
        assert cutouts.mask[row, 17, 17]
        assert cutouts.flux[row, :, 17, 17].mean() > cutouts.flux[row, :, :3, :3].mean()
