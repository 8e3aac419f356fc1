import json
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from tests.detector.scenery import blobs, small_model
from tests.old_files import old_model
from zpix.detector import Checkpoint, Detector, checkpoint, load_checkpoint, save_checkpoint
from zpix.errors import ModelError, OutputError


def test_half_precision_keeps_the_weights_to_a_part_in_two_hundred(tmp_path):
    detector = Detector(small_model(bands=("A", "B")))
    save_checkpoint(tmp_path / "m.safetensors", Checkpoint(detector), half=True)
    again = load_checkpoint(tmp_path / "m.safetensors").detector.state_dict()
    for name, value in detector.state_dict().items():
        torch.testing.assert_close(again[name], value, rtol=5e-3, atol=1e-6)


@pytest.mark.parametrize("damage", ["missing", "truncated", "not ours", "other tensors", "bad header"])
def test_unusable_files_are_refused_by_name(damage, tmp_path):
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, Checkpoint(Detector(small_model(bands=("A", "B")))))
    good = {"format": "zpix-detector-1", "model": small_model(bands=("A", "B")).model_dump_json(), "about": "{}"}
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "not ours":
        save_file({"a": torch.zeros(2)}, str(path))
    elif damage == "other tensors":
        save_file({"a": torch.zeros(2)}, str(path), metadata=good)
    else:
        save_file({"a": torch.zeros(2)}, str(path), metadata={**good, "model": json.dumps({"backbone": "vgg"})})
    with pytest.raises(ModelError, match=r"m\.safetensors") as refusal:
        load_checkpoint(path)
    assert "\n" not in str(refusal.value)


def test_a_full_disk_is_one_sentence_and_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    path.write_text("before")

    def fill_the_disk(tensors, name, metadata):
        Path(name).write_text("half")
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(checkpoint, "save_file", fill_the_disk)
    with pytest.raises(OutputError, match=r"m\.safetensors: cannot be written: .*No space left"):
        save_checkpoint(path, Checkpoint(Detector(small_model(bands=("A", "B")))))
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]
    assert path.read_text() == "before"


def test_weights_are_as_readable_as_other_files(tmp_path):
    save_checkpoint(tmp_path / "m.safetensors", Checkpoint(Detector(small_model(bands=("A", "B")))))
    (tmp_path / "other").touch()
    assert (tmp_path / "m.safetensors").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_model_of_an_older_version_predicts_as_it_did(tmp_path):
    checkpoint = load_checkpoint(old_model(tmp_path))
    assert checkpoint.bands == ("A", "B", "C") and checkpoint.config.redshift_head == "fpn+pixels"
    scenes = blobs(checkpoint.bands, images=1, count=4, size=64, seed=1)
    flux, error = (scenes.flux * 4).round() / 4, scenes.error.clone()
    error[:, 1, :8, :8] = float("inf")
    (found,) = checkpoint.detector.detect(
        flux, error, scenes.dust, score_threshold=0.0, nms_iou=0.5, proposals_per_megapixel=2000
    )
    # what the older version answered
    assert len(found.boxes) == pytest.approx(60, abs=2)
    near = {"atol": 1e-2, "rtol": 1e-2}
    torch.testing.assert_close(found.boxes[0], torch.tensor([0.0, 0.0, 31.1092, 16.5048]), **near)
    torch.testing.assert_close(found.score[0], torch.tensor(0.6484), **near)
    torch.testing.assert_close(found.class_probability[0, 1], torch.tensor(0.4347), **near)
    torch.testing.assert_close(found.mixture.means[0], torch.tensor([0.0978, 2.4214, 10.3547]), **near)
    torch.testing.assert_close(found.mixture.widths[0], torch.tensor([0.2161, 0.6927, 2.0416]), **near)
