import pytest
import torch
from torch import nn
from torchvision.ops import box_iou

from tests.detector.scenery import blobs, small_model
from zpix.config import ModelConfig
from zpix.detector import Detector, fast_twin
from zpix.detector import detector as two_stages
from zpix.speed.clock import remember_answers

BANDS = ("A", "B", "C")
SETTINGS = {"score_threshold": 0.3, "nms_iou": 0.3, "proposals_per_megapixel": 4000}
CPU = torch.device("cpu")


def detect(detector: Detector, **changes):
    scenes = blobs(BANDS, seed=1000, images=2)
    return detector.detect(scenes.flux, scenes.error, scenes.dust, **{**SETTINGS, **changes})


def test_the_twin_in_fp32_answers_as_the_network_it_was_made_from(trained):
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    twin = fast_twin(trained, CPU)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in twin.modules())
    for plain, fast in zip(detect(trained), detect(twin), strict=True):
        assert len(plain.boxes) >= 3
        torch.testing.assert_close(fast.boxes, plain.boxes, atol=1e-2, rtol=1e-3)
        torch.testing.assert_close(fast.masks, plain.masks, atol=1e-3, rtol=1e-3)
        torch.testing.assert_close(fast.mixture.means, plain.mixture.means, atol=1e-3, rtol=1e-3)
    assert all(torch.equal(before[name], value) for name, value in trained.state_dict().items())


def test_the_twin_in_bf16_finds_the_same_sources(trained):
    twin = fast_twin(trained, CPU, torch.bfloat16)
    assert twin.dtype == torch.bfloat16
    for plain, fast in zip(detect(trained), detect(twin), strict=True):
        overlap, best = box_iou(plain.boxes, fast.boxes).max(1)
        assert len(overlap) >= 3 and (overlap > 0.5).float().mean() >= 0.8
        same = overlap > 0.95  # of two boxes that are equally good, rounding may choose the other one
        assert same.sum() >= 2
        torch.testing.assert_close(fast.mixture.means[best[same]], plain.mixture.means[same], atol=0.05, rtol=0.05)


def test_convolutions_in_a_row_take_the_normalisation_behind_them():
    torch.manual_seed(0)
    detector = Detector(small_model(backbone="resnet10", bands=BANDS)).eval()
    for module in detector.modules():
        if isinstance(module, nn.BatchNorm2d):  # as training leaves them: neither zero nor one
            module.running_mean.normal_(), module.running_var.uniform_(0.5, 2)
    twin = fast_twin(detector, CPU)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in twin.modules())
    scenes = blobs(BANDS, images=1)
    images = detector.images(scenes.flux, scenes.error)
    for plain, fast in zip(detector.pyramid(images), twin.pyramid(images), strict=True):
        torch.testing.assert_close(fast, plain, atol=1e-4, rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("backbone", "head"), [("resnet50", "fpn"), ("mvitv2_tiny", "fpn+pixels")])
def test_every_network_has_a_twin(backbone, head):
    torch.manual_seed(0)
    detector = Detector(small_model(backbone=backbone, redshift_head=head, bands=BANDS)).eval()
    twin = fast_twin(detector, CPU, torch.bfloat16)
    for found in detect(twin, score_threshold=0.0):
        assert len(found.boxes) and torch.isfinite(found.mixture.means).all()


def test_from_fluxes_to_redshifts_nothing_is_rounded():
    detector = Detector(ModelConfig())
    twin = fast_twin(detector, CPU, torch.bfloat16)
    for part, original in zip(twin.fp32_parts(), detector.fp32_parts(), strict=True):
        for own, exact in zip(part.parameters(), original.parameters(), strict=True):
            assert own.dtype == torch.float32 and torch.equal(own, exact)


def test_a_part_of_an_image_gives_its_own_sources_and_no_others(trained):
    whole = detect(trained)
    part = detect(trained, within=[(0, 0, 64, 128), None])
    centre = 0.5 * (whole[0].boxes[:, 0] + whole[0].boxes[:, 2])
    assert 0 < (centre < 64).sum() < len(centre)
    torch.testing.assert_close(part[0].boxes, whole[0].boxes[centre < 64])
    torch.testing.assert_close(part[0].mixture.means, whole[0].mixture.means[centre < 64])
    torch.testing.assert_close(part[1].boxes, whole[1].boxes)


def test_how_many_boxes_are_described_at_once_changes_nothing(trained, monkeypatch):
    whole = detect(trained)
    monkeypatch.setattr(two_stages, "_BOXES_AT_ONCE", 7)
    monkeypatch.setattr(two_stages, "_MASKS_AT_ONCE", 2)
    for few, all_ in zip(detect(trained), whole, strict=True):
        assert len(few.boxes) >= 3
        torch.testing.assert_close(few.boxes, all_.boxes)
        torch.testing.assert_close(few.masks, all_.masks, atol=1e-5, rtol=1e-5)


def test_only_proposals_near_what_is_wanted_are_described(trained, monkeypatch):
    monkeypatch.setattr(trained, "classify", trained.classify)  # to be put back
    described = remember_answers(trained, "classify")
    detect(trained)
    detect(trained, within=[(0, 0, 24, 24), (0, 0, 24, 24)])
    every, near = (len(logits) for logits, _ in described)
    assert 0 < near < 0.7 * every
