import json

import pytest
import torch
from safetensors.torch import save_file

from tests.detector.scenery import small_model
from zpix.detector import Checkpoint, Detector, load_checkpoint, save_checkpoint
from zpix.errors import ModelError


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
    with pytest.raises(ModelError, match=r"m\.safetensors"):
        load_checkpoint(path)
