import csv
import subprocess

import pytest
import torch

from tests.detector.scenery import small_model
from tests.old_files import old_model, old_store
from tests.training.scenery import BANDS, blob_store
from zpix.config import TrainingConfig, write_config
from zpix.detector import Detector, load_checkpoint, save_checkpoint
from zpix.errors import OutputError, StoreError, TrainingError
from zpix.training.batches import StoreDataset
from zpix.training.joint import fit
from zpix.training.loop import LOSS_FILE
from zpix.training.store import Store

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

    class KilledError(Exception):
        pass

    def kill(report):
        if len(report.losses_file.read_text().splitlines()) == 1 + 2 * 2:  # header and two epochs of two splits
            raise KilledError

    with pytest.raises(KilledError):
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
    store = blob_store(tmp_path / "store", validation=0)  # so that the last epoch is the result
    config = TrainingConfig(epochs=2, **FAST)
    whole = weights(fit(store, tmp_path / "whole", detector=network(), config=config))

    def full_disk(path, checkpoint, **options):
        if checkpoint.about.epochs == 2:
            raise OSError("no space left")
        save_checkpoint(path, checkpoint, **options)

    with monkeypatch.context() as patch:
        patch.setattr("zpix.training.loop.save_checkpoint", full_disk)
        with pytest.raises(OSError, match="no space"):
            fit(store, tmp_path / "killed", detector=network(), config=config)
    again = load_checkpoint(fit(store, tmp_path / "killed", detector=network(), config=config))
    assert again.about.epochs == 2
    for name, value in whole.items():
        torch.testing.assert_close(again.detector.state_dict()[name], value, rtol=0, atol=0)


def test_a_run_with_other_settings_is_not_overwritten(tmp_path):
    store = blob_store(tmp_path / "store")
    fit(store, tmp_path / "run", detector=network(), config=TrainingConfig(epochs=1, **FAST))
    with pytest.raises(OutputError, match="flips is true there and false here"):
        fit(store, tmp_path / "run", detector=network(), config=TrainingConfig(epochs=1, flips=False, **FAST))


def test_a_model_and_a_store_of_an_older_version_train(tmp_path):
    detector = load_checkpoint(old_model(tmp_path)).detector
    before = {name: value.clone() for name, value in detector.named_parameters()}
    path = fit(Store(old_store(tmp_path)), tmp_path / "run", detector=detector, config=TrainingConfig(epochs=1, **FAST))
    after = dict(load_checkpoint(path).detector.named_parameters())
    changed = [name for name, value in before.items() if not torch.equal(after[name], value)]
    assert len(changed) > 0.9 * len(before) and all(bool(torch.isfinite(value).all()) for value in after.values())
    assert [row["split"] for row in rows_of(tmp_path / "run" / LOSS_FILE)] == ["train", "validation"]


def test_a_model_learns_a_third_class(tmp_path, qso):
    store = blob_store(tmp_path / "store", classes=("galaxy", "qso"))
    assert store.classes == ("galaxy", "star", "qso")
    with pytest.raises(StoreError, match="sources of the class qso, the model tells apart galaxy star; set classes"):
        fit(store, tmp_path / "run", detector=network(), config=TrainingConfig(epochs=1, **FAST))
    detector = Detector(small_model(bands=BANDS, classes=("star", "galaxy", "qso")))
    data = StoreDataset(store, "train", seed=0, flips=False, band_dropout=0, classes=detector.config.classes)
    assert data[0].labels[0].tolist() == [2, 3, 2, 3]
    path = fit(store, tmp_path / "run", detector=detector, config=TrainingConfig(epochs=1, **FAST))
    learnt = load_checkpoint(path)
    assert learnt.config.classes == ("star", "galaxy", "qso") and learnt.detector.box_head.classes.out_features == 4


def test_the_redshift_head_alone_can_learn(tmp_path):
    store = blob_store(tmp_path / "store")
    before = network().state_dict()
    after = weights(
        fit(store, tmp_path / "run", detector=network(), config=TrainingConfig(epochs=2, learn="redshift_head", **FAST))
    )
    changed = {name for name, value in before.items() if not torch.equal(after[name], value)}
    assert changed and all(name.startswith("redshift_head.") for name in changed)
    assert "redshift_head.mixture.linear.weight" in changed


def test_all_but_the_redshift_head_can_learn_and_it_is_not_asked(tmp_path, monkeypatch):
    store = blob_store(tmp_path / "store")
    detector = network()
    before = {name: value.clone() for name, value in detector.state_dict().items()}
    monkeypatch.setattr(detector.redshift_head, "forward", None)
    settings = TrainingConfig(epochs=2, learn="detection", **FAST)
    after = weights(fit(store, tmp_path / "run", detector=detector, config=settings))
    changed = {name.split(".")[0] for name, value in before.items() if not torch.equal(after[name], value)}
    assert changed == {"pyramid", "proposals", "box_head", "mask_head"}
    losses = rows_of(tmp_path / "run" / "losses.csv")
    assert "redshift" not in losses[0] and "mask" in losses[0]


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


@pytest.mark.slow
def test_two_processes_train_one_model_and_go_on(tmp_path, quick_programs):
    blob_store(tmp_path / "store")
    settings = {"batch_size": 1, "learning_rate": 1e-3, "warmup_steps": 2, "precision": "fp32"}
    write_config(tmp_path / "tiny.toml", model=small_model(bands=BANDS), training=TrainingConfig(epochs=2, **settings))

    def train_with_two_processes() -> None:
        launcher = ["python", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
        command = ["-m", "zpix", "train", "store", "--config", "tiny.toml", "--out", "run", "--device", "cpu"]
        done = subprocess.run(
            [*launcher, *command],
            cwd=tmp_path,
            env={**quick_programs, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr[-3000:]

    train_with_two_processes()
    losses = (tmp_path / "run" / "losses.csv").read_text()
    rows = list(csv.DictReader(losses.splitlines()))
    assert [(row["epoch"], row["split"]) for row in rows] == [
        ("1", "train"), ("1", "validation"), ("2", "train"), ("2", "validation"),
    ]  # fmt: skip
    assert load_checkpoint(tmp_path / "run" / "model.safetensors").about.epochs == 2

    train_with_two_processes()  # nothing is left to do
    assert (tmp_path / "run" / "losses.csv").read_text() == losses
