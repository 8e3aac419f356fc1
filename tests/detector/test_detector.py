import pytest
import torch
from torchvision.ops import box_iou

from tests.detector.scenery import FIVE_BANDS, blobs, small_model
from zpix.config import ModelConfig
from zpix.detector import About, Checkpoint, Detector, load_checkpoint, save_checkpoint

SETTINGS = {"score_threshold": 0.0, "nms_iou": 0.5, "proposals_per_megapixel": 2000}


def build(config: ModelConfig) -> Detector:
    torch.manual_seed(0)
    return Detector(config)


def detect(detector: Detector, scenes):
    torch.manual_seed(1)
    return detector.eval().detect(scenes.flux, scenes.error, scenes.dust, **SETTINGS)


@pytest.mark.parametrize(
    ("backbone", "head", "bands", "widths"),
    [
        ("resnet18", "fpn+pixels", ModelConfig().bands, {}),
        ("resnet10", "bands", ModelConfig().bands, {"proposal_channels": 8, "mask_channels": 12, "mask_layers": 2}),
        pytest.param("resnet50", "fpn", FIVE_BANDS, {}, marks=pytest.mark.slow),
        pytest.param("mvitv2_tiny", "fpn+pixels", FIVE_BANDS, {}, marks=pytest.mark.slow),
    ],
    ids=["nine bands", "narrow heads", "resnet50", "transformer"],
)
def test_a_step_reaches_every_parameter_and_the_model_survives_its_file(backbone, head, bands, widths, tmp_path):
    detector = build(small_model(backbone=backbone, redshift_head=head, bands=bands, **widths))
    scenes = blobs(bands)
    optimizer = torch.optim.SGD(detector.parameters(), 1e-3)
    losses = detector.train().losses(scenes, box_jitter=0.05)
    assert set(losses) == {"rpn_objectness", "rpn_box", "class", "box", "mask", "redshift"}
    sum(losses.values()).backward()
    without = [name for name, p in detector.named_parameters() if p.grad is None]
    assert not without
    optimizer.step()

    save_checkpoint(tmp_path / "model.safetensors", Checkpoint(detector, About(name="test")))
    again = load_checkpoint(tmp_path / "model.safetensors")
    assert again.bands == bands and again.about == About(name="test")
    for before, after in zip(detect(detector, scenes), detect(again.detector, scenes), strict=True):
        assert len(before.boxes) > 0
        torch.testing.assert_close(before.boxes, after.boxes)
        torch.testing.assert_close(before.mixture.means, after.mixture.means)


def test_training_a_little_finds_the_blobs(trained):
    unseen = blobs(("A", "B", "C"), seed=1000, images=1)
    found = trained.detect(
        unseen.flux, unseen.error, unseen.dust, score_threshold=0.5, nms_iou=0.3, proposals_per_megapixel=4000
    )[0]
    overlap = box_iou(unseen.boxes[0], found.boxes)
    assert (overlap.max(1).values > 0.4).float().mean() >= 0.8


def test_an_image_without_sources_trains_and_runs():
    bands = ("A", "B", "C")
    detector = build(small_model(bands=bands)).train()
    scenes = blobs(bands, count=0, images=1)
    scenes.boxes[0] = torch.zeros(0, 4)
    losses = detector.losses(scenes, box_jitter=0.05)
    assert all(torch.isfinite(v) for v in losses.values())
    sum(losses.values()).backward()
    settings = {**SETTINGS, "score_threshold": 1.0}
    found = detector.eval().detect(scenes.flux, scenes.error, scenes.dust, **settings)[0]
    assert len(found.boxes) == 0 and found.mixture.means.shape == (0, detector.config.mixture_components)


def test_a_missing_band_is_a_mask_whatever_its_pixels_hold():
    bands = ("A", "B", "C")
    detector = build(small_model(bands=bands)).eval()
    scenes = blobs(bands, images=1)
    scenes.error[:, 1] = float("inf")
    first = detect(detector, scenes)[0]
    scenes.flux[:, 1] = float("nan")
    second = detect(detector, scenes)[0]
    torch.testing.assert_close(first.boxes, second.boxes)
    assert torch.isfinite(second.mixture.means).all()


def test_dust_changes_the_redshifts_and_nothing_else():
    bands = ("A", "B", "C")
    detector = build(small_model(bands=bands)).eval()
    scenes = blobs(bands, images=1)
    clear = detect(detector, scenes)[0]
    scenes.dust[:] = 0.3
    dusty = detect(detector, scenes)[0]
    torch.testing.assert_close(clear.boxes, dusty.boxes)
    assert not torch.allclose(clear.mixture.means, dusty.mixture.means)
