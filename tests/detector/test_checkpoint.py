import json
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from tests.detector.scenery import small_model
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
