import json

import pytest
import torch
from safetensors.torch import save_file

from tests.detector.scenery import blobs, small_model
from tests.old_files import old_model
from zpix.detector import About, Checkpoint, Detector, load_checkpoint, save_checkpoint
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
    with pytest.raises(ModelError, match=r"m\.safetensors") as refusal:
        load_checkpoint(path)
    assert "\n" not in str(refusal.value)


def test_what_a_header_says_survives_the_file_unknown_entries_too(tmp_path):
    header = {
        "name": "test", "z_range": [0.1, 9.0], "ranges": {"pyramid.body.conv1": [-2.5, 6.0]}, "started_from": {},
        "of_another_version": {"kept": [1, 2]},
    }  # fmt: skip
    about = About.from_header(header)
    assert about.name == "test" and about.z_range == (0.1, 9.0) and about.epochs is None
    assert about.more == {"of_another_version": {"kept": [1, 2]}}
    assert json.loads(json.dumps(about.to_header())) == header
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, Checkpoint(Detector(small_model(bands=("A", "B"))), about))
    assert load_checkpoint(path).about == about


def test_a_model_of_an_older_version_predicts_as_it_did(tmp_path):
    checkpoint = load_checkpoint(old_model(tmp_path))
    assert checkpoint.about.name == "blobs-1" and checkpoint.about.counts["train"]["star"] == 2
    assert checkpoint.about.more == {"of_another_version": {"kept": [1, 2]}}
    assert checkpoint.config.classes == ("galaxy", "star") and checkpoint.bands == ("A", "B", "C")
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
