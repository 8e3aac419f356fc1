"""A backbone learns redshifts from cutouts, of GalaxiesML or of a store, and goes on after an interruption."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.detector.scenery import FIVE_BANDS, small_model
from tests.surveys.scenery import write_galaxiesml
from tests.training.scenery import BANDS, blob_store
from zpix.config import PretrainingConfig
from zpix.detector import BACKBONES, Detector, TimmBackbone, load_checkpoint
from zpix.errors import TrainingError
from zpix.surveys import GalaxiesML
from zpix.training.backbone_pretraining import LabelledImages, StoreImages, fit_backbone
from zpix.training.loop import LOSS_FILE, MODEL_FILE, STATE_FILE


def network(bands=FIVE_BANDS, backbone="resnet18") -> Detector:
    torch.manual_seed(0)
    return Detector(small_model(bands=bands, backbone=backbone, built_size_pix=64))


@pytest.fixture
def small_network(monkeypatch) -> Callable[..., Detector]:
    """Networks of half a million weights in place of twelve."""
    monkeypatch.setattr(BACKBONES, "_entries", {**BACKBONES, "small": TimmBackbone("test_resnet", (1, 2, 3, 4))})
    return partial(network, backbone="small")


def losses(out: Path, split: str = "train") -> list[float]:
    rows = csv.DictReader((out / LOSS_FILE).read_text().splitlines())
    return [float(row["redshift"]) for row in rows if row["split"] == split]


@pytest.mark.slow
def test_the_loss_falls_on_galaxies_whose_colours_know_their_redshift(tmp_path, small_network):
    training = GalaxiesML([write_galaxiesml(tmp_path / "training.hdf5", count=256)], size=64)
    validation = GalaxiesML([write_galaxiesml(tmp_path / "validation.hdf5", count=48, seed=1)], size=64)
    config = PretrainingConfig(epochs=4, batch_size=8, learning_rate=1e-2)
    fit_backbone(training, validation, tmp_path / "run", detector=small_network(), config=config, device="cpu")
    assert losses(tmp_path / "run")[-1] < losses(tmp_path / "run")[0] - 0.3
    unseen = losses(tmp_path / "run", "validation")
    # what knows the distribution of redshifts (uniform between 0.05 and 3), and no colour, cannot do better
    assert unseen[-1] < np.log(2.95) - 0.2


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["resnet50", "mvitv2_tiny"])
def test_the_papers_backbones_learn(tmp_path, backbone):
    training = GalaxiesML([write_galaxiesml(tmp_path / "a.hdf5", count=32)], size=64)
    detector = network(backbone=backbone)
    before = {name: value.clone() for name, value in detector.named_parameters()}
    config = PretrainingConfig(epochs=1, batch_size=16)
    path = fit_backbone(training, None, tmp_path / "run", detector=detector, config=config, device="cpu")
    after = load_checkpoint(path).detector.named_parameters()
    learnt = {name for name, value in after if not torch.equal(value, before[name])}
    assert learnt == {name for name in before if name.startswith("pyramid.body.")}


KILLED = """
import os, signal
from pathlib import Path
from tests.training.test_backbone_pretraining import network
from zpix.config import PretrainingConfig
from zpix.surveys import GalaxiesML
from zpix.training.backbone_pretraining import fit_backbone

def stop(report):
    if len(report.losses_file.read_text().splitlines()) == 3:
        os.kill(os.getpid(), signal.SIGKILL)

fit_backbone(GalaxiesML(["a.hdf5"], size=64), None, Path("killed"), detector=network(),
             config=PretrainingConfig(epochs=2, batch_size=16), device="cpu", on_epoch=stop)
"""


@pytest.mark.slow
def test_what_was_killed_goes_on_to_the_same_bytes(tmp_path, quick_programs):
    training = GalaxiesML([write_galaxiesml(tmp_path / "a.hdf5", count=32)], size=64)
    root = Path(__file__).parents[2]
    environment = {**quick_programs, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root)])}
    killed = subprocess.run(["python", "-c", KILLED], cwd=tmp_path, env=environment, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert len(losses(tmp_path / "killed")) == 2
    config = PretrainingConfig(epochs=2, batch_size=16)
    for name in ("killed", "whole"):
        fit_backbone(training, None, tmp_path / name, detector=network(), config=config, device="cpu")
    weights = [load_checkpoint(tmp_path / name / MODEL_FILE).detector.state_dict() for name in ("killed", "whole")]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    assert (tmp_path / "killed" / LOSS_FILE).read_bytes() == (tmp_path / "whole" / LOSS_FILE).read_bytes()


def test_another_network_does_not_go_on_with_it(tmp_path):
    training = GalaxiesML([write_galaxiesml(tmp_path / "a.hdf5", count=16)], size=64)
    config = PretrainingConfig(epochs=1, batch_size=16)
    fit_backbone(training, None, tmp_path / "run", detector=network(), config=config, device="cpu")
    before = (tmp_path / "run" / STATE_FILE).read_bytes()
    with pytest.raises(TrainingError, match="another network"):
        fit_backbone(
            training, None, tmp_path / "run", detector=network(backbone="resnet50"), config=config, device="cpu"
        )
    assert (tmp_path / "run" / STATE_FILE).read_bytes() == before


def test_every_labelled_source_of_a_store_is_cut_once(tmp_path):
    store = blob_store(tmp_path / "store", train=5)
    images: LabelledImages = StoreImages(store, "train", size=64)
    assert images.bands == BANDS and len(images) == 10  # two of the four in each tile have a redshift
    for rng in (None, np.random.default_rng(0)):
        batches = list(images.batches(4, rng))
        assert [len(batch[2]) for batch in batches] == [4, 4, 2]
        flux, error, redshift = (np.concatenate(column) for column in zip(*batches, strict=True))
        assert flux.shape == error.shape == (10, 3, 64, 64)
        assert sorted(redshift) == [1.0] * 5 + [3.0] * 5
        assert np.isfinite(error[:, :, 32, 32]).all() and not np.isfinite(error).all()  # beyond the tile's edge
        assert (flux[:, :, 31:33, 31:33].mean((1, 2, 3)) > flux[:, :, :8, :8].mean((1, 2, 3))).all()


@pytest.mark.slow
def test_a_backbone_learns_from_a_store(tmp_path, small_network):
    store = blob_store(tmp_path / "store", train=32)
    config = PretrainingConfig(epochs=4, batch_size=8, learning_rate=1e-2)
    images = [StoreImages(store, split, size=64) for split in ("train", "validation")]
    fit_backbone(*images, tmp_path / "run", detector=small_network(BANDS), config=config, device="cpu")
    assert losses(tmp_path / "run")[-1] < losses(tmp_path / "run")[0] - 0.3
