"""A backbone of other bands: what it answered before, it answers in the detector."""

import pytest
import timm
import torch

from tests.detector.scenery import FIVE_BANDS, blobs, small_model
from zpix.config import ModelConfig
from zpix.detector import (
    BackboneWeights,
    Checkpoint,
    Detector,
    carry_backbone,
    imagenet_backbone,
    load_checkpoint,
    save_checkpoint,
    stored_backbone,
)
from zpix.detector.carrying import spread_bands, take_weights
from zpix.detector.normalisation import image_channels
from zpix.errors import ModelError
from zpix.image import JADES_BANDS

LARGER = ("resnet50", "mvitv2_tiny")


def stored(path, **model) -> BackboneWeights:
    torch.manual_seed(1)
    save_checkpoint(path, Checkpoint(Detector(small_model(**model))))
    return stored_backbone(path)


def grey(bands: int, size: int = 128) -> tuple[torch.Tensor, torch.Tensor]:
    """An image that is equally significant in all bands, and its errors."""
    significance = 5 * torch.randn(1, 1, size, size, generator=torch.Generator().manual_seed(0))
    return significance.expand(1, bands, size, size), torch.ones(1, bands, size, size)


@pytest.mark.parametrize(("old", "new"), [(5, 9), (3, 9), (9, 5), (9, 9), (1, 4), (4, 1)])
def test_each_band_hands_on_all_of_its_weight_in_order(old, new):
    share = spread_bands(tuple(f"A{n}" for n in range(old)), onto=tuple(f"B{n}" for n in range(new)))
    assert share.shape == (new, old) and bool((share >= 0).all())
    torch.testing.assert_close(share.sum(0), torch.ones(old))
    torch.testing.assert_close(share.sum(1), torch.full((new,), old / new))
    centre = (share * torch.arange(old)).sum(1) / share.sum(1)
    assert bool((centre.diff() >= 0).all())


def test_bands_of_the_same_names_keep_their_weights():
    share = spread_bands(("B", "A", "C"), onto=("A", "B", "C"))
    assert share.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize("name", ["resnet10", "resnet18", pytest.param("mvitv2_tiny", marks=pytest.mark.slow)])
def test_a_grey_image_gets_the_same_features_in_nine_bands_as_in_five(tmp_path, name):
    backbone = stored(tmp_path / "five.safetensors", backbone=name, bands=FIVE_BANDS)
    detector = Detector(small_model(backbone=name)).eval()
    five = Detector(small_model(backbone=name, bands=FIVE_BANDS)).eval()
    five.pyramid.body.load_state_dict(backbone.weights)
    carry_backbone(detector, backbone)
    with torch.no_grad():
        expected = five.pyramid.body(image_channels(*grey(5)))
        found = detector.pyramid.body(image_channels(*grey(9)))
    for own, other in zip(found, expected, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "name", ["resnet10", "resnet18", *(pytest.param(name, marks=pytest.mark.slow) for name in LARGER)]
)
def test_a_carried_backbone_is_in_the_detector_and_learns_on(tmp_path, name):
    backbone = stored(tmp_path / "five.safetensors", backbone=name, bands=FIVE_BANDS, built_size_pix=64)
    detector = Detector(small_model(backbone=name))
    before = {n: v.clone() for n, v in detector.state_dict().items()}
    carry_backbone(detector, backbone)
    changed = {n for n, v in detector.state_dict().items() if not torch.equal(v, before[n])}
    assert changed and all(n.startswith("pyramid.body.") for n in changed)
    deep = [n for n, v in backbone.weights.items() if v.ndim == 4][-1]
    torch.testing.assert_close(detector.pyramid.body.state_dict()[deep], backbone.weights[deep])
    loss = torch.stack(list(detector.losses(blobs(JADES_BANDS), box_jitter=0.05).values())).sum()
    assert bool(torch.isfinite(loss))
    loss.backward()
    first = next(p for p in detector.pyramid.body.parameters() if p.ndim == 4)
    assert first.grad is not None and bool((first.grad.abs().sum((0, 2, 3)) > 0).all())


def test_offsets_keep_their_entries_when_a_transformer_is_built_for_larger_images(tmp_path):
    backbone = stored(tmp_path / "small.safetensors", backbone="mvitv2_tiny", built_size_pix=64)
    detector = Detector(small_model(backbone="mvitv2_tiny", built_size_pix=128))
    carry_backbone(detector, backbone)
    name = next(n for n in backbone.weights if n.endswith("rel_pos_h"))
    small, large = backbone.weights[name], detector.pyramid.body.state_dict()[name]
    edge = (len(large) - len(small)) // 2
    assert edge > 0
    torch.testing.assert_close(large[edge : edge + len(small)], small)
    torch.testing.assert_close(large[:edge], small[:1].expand(edge, -1))


def test_photographs_teach_no_validity_and_their_blue_goes_to_the_blue(monkeypatch):
    torch.manual_seed(2)
    body = timm.create_model("resnet18", features_only=True)
    monkeypatch.setattr("zpix.detector.carrying.pretrained_body", lambda name: body)
    backbone = imagenet_backbone("resnet18")
    detector = Detector(small_model())
    carry_backbone(detector, backbone)
    first = detector.pyramid.body.state_dict()["conv1.weight"]
    assert not first[:, 9:].any()
    red, _, blue = body.state_dict()["conv1.weight"].unbind(1)
    torch.testing.assert_close(first[:, :3], (blue / 3)[:, None].expand(-1, 3, -1, -1))
    torch.testing.assert_close(first[:, 6:9], (red / 3)[:, None].expand(-1, 3, -1, -1))


def test_weights_out_of_reach_and_other_architectures_are_told(tmp_path, monkeypatch):
    def unreachable(name):
        raise FileNotFoundError("Please check your connection\nand try again")

    monkeypatch.setattr("zpix.detector.carrying.pretrained_body", unreachable)
    with pytest.raises(ModelError, match=r"resnet50.*cannot be downloaded") as raised:
        imagenet_backbone("resnet50")
    assert "\n" not in str(raised.value)
    backbone = stored(tmp_path / "a.safetensors")
    with pytest.raises(ModelError, match=r"is a resnet18, .*mvitv2_tiny"):
        carry_backbone(Detector(ModelConfig(backbone="mvitv2_tiny", built_size_pix=64)), backbone)


def test_weights_that_learnt_other_errors_are_remarked_on(tmp_path, caplog):
    path = tmp_path / "a.safetensors"
    stored(path)
    known = load_checkpoint(path)
    same, other = (Detector(known.config.model_copy(update={"errors": errors})) for errors in ("image", "measured"))
    take_weights(same, known, path)
    assert not caplog.records
    take_weights(other, known, path)
    assert f"{path}: was trained with errors = 'image' and is now given errors = 'measured'" in caplog.text
