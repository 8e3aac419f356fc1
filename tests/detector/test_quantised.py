"""A network whose wide layers compute in eight bits answers as the one that it was made from."""

import sys

import pytest
import torch
from timm.models import mvitv2
from torchvision.ops import box_iou

from tests.detector.scenery import blobs, small_model
from tests.detector.test_twin import BANDS, CPU, detect
from zpix.detector import Detector, fast_twin, measured_ranges, quantised_twin
from zpix.detector.device import computes_in_int8
from zpix.detector.normalisation import image_channels
from zpix.detector.quantised import _layers, _Quantised, _served
from zpix.errors import ConfigError, ModelError

pytest.importorskip("openvino", reason="eight bits need the extra 'int8'")


@pytest.fixture(scope="module")
def ranges(trained):
    with measured_ranges(trained) as measured:
        detect(trained)
    return measured


@pytest.fixture(scope="module")
def quantised(trained, ranges) -> Detector:
    return quantised_twin(trained, ranges, torch.float32)


def test_ranges_are_means_of_what_layers_were_given(trained, ranges):
    assert set(ranges) == {name for name, _ in _layers(trained)} and "mask_head.logit" not in ranges
    scenes = blobs(BANDS, seed=1000, images=2)
    channels = image_channels(scenes.flux, scenes.error)
    assert ranges["pyramid.body.conv1"] == (float(channels.min()), float(channels.max()))
    with measured_ranges(fast_twin(trained, CPU)) as of_another:
        detect(trained)
    assert not of_another
    with measured_ranges(trained) as twice:
        detect(trained)
        trained.detect(10 * scenes.flux, scenes.error, scenes.dust, score_threshold=0.3, nms_iou=0.3,
                       proposals_per_megapixel=4000)  # fmt: skip
    brighter = image_channels(10 * scenes.flux, scenes.error)
    assert twice["pyramid.body.conv1"] == pytest.approx(
        (float(channels.min() + brighter.min()) / 2, float(channels.max() + brighter.max()) / 2)
    )
    detect(trained)
    assert len(twice) == len(ranges)  # nobody measures any more


def test_that_a_band_is_there_is_not_rounded():
    layer = _Quantised(torch.nn.Conv2d(2, 1, 1), -2.9, 6.3, of_image=True)
    assert layer.scale == 1 / 20
    ones = torch.ones(1, 2, 3, 3)
    rounded = torch.fake_quantize_per_tensor_affine(ones, layer.scale, 0, *layer.steps)
    assert torch.equal(rounded, ones)


@pytest.mark.slow
def test_eight_bits_find_the_same_sources(trained, quantised):
    assert quantised.dtype == torch.float32
    for plain, rounded in zip(detect(trained), detect(quantised), strict=True):
        overlap, best = box_iou(plain.boxes, rounded.boxes).max(1)
        same = overlap > 0.8
        assert len(same) >= 3 and same.float().mean() >= 0.8
        assert (plain.masks[same] - rounded.masks[best[same]]).abs().mean() < (0.03 if computes_in_int8() else 0.045)
        assert not torch.equal(plain.masks[same], rounded.masks[best[same]])  # it really is another arithmetic
        torch.testing.assert_close(rounded.mixture.means[best[same]], plain.mixture.means[same], atol=0.05, rtol=0.05)
    assert all(len(found.boxes) == 0 for found in detect(quantised, score_threshold=1.0))


@pytest.mark.slow
def test_what_is_answered_of_a_source_does_not_depend_on_the_number_of_others(quantised):
    torch.manual_seed(0)
    pooled = torch.rand(40, quantised.config.pyramid_channels, 14, 14)
    together = quantised.mask_head(pooled)
    assert together.shape == (40, 28, 28)
    torch.testing.assert_close(quantised.mask_head(pooled[35:37]), together[35:37], atol=1e-5, rtol=1e-5)
    assert quantised.mask_head(pooled[:0]).shape == (0, 28, 28)


@pytest.mark.slow
def test_parts_are_ready_for_the_last_two_shapes():
    torch.manual_seed(0)
    part = _served(_Quantised(torch.nn.Conv2d(4, 4, 3, padding=1), 0.0, 3.0), "mask_head", torch.float32)
    given = {size: torch.rand(8, 4, size, size) for size in (4, 6, 8)}
    answers = {size: part(pooled) for size, pooled in given.items()}
    assert [shapes[0][2] for shapes in part._built] == [6, 8]
    for size in (6, 4):  # one that is still there, one that is built again
        assert torch.equal(part(given[size]), answers[size])
    assert [shapes[0][2] for shapes in part._built] == [6, 4]


@pytest.mark.slow
def test_in_bf16_everything_around_is_bf16(trained, ranges):
    twin = quantised_twin(trained, ranges, torch.bfloat16)
    assert twin.dtype == torch.bfloat16
    plain, found = pyramids(trained, twin)
    assert all(level.dtype == torch.bfloat16 for level in found)
    assert difference(plain, found) < 0.1


@pytest.mark.slow
def test_a_transformer_too_computes_in_eight_bits(monkeypatch):
    monkeypatch.setitem(mvitv2.model_cfgs, "mvitv2_tiny", mvitv2.MultiScaleVitCfg(depths=(1, 1, 1, 1)))  # of 10 blocks
    torch.manual_seed(0)
    detector = Detector(small_model(backbone="mvitv2_tiny", bands=BANDS)).eval()
    with measured_ranges(detector) as ranges:
        detect(detector, score_threshold=0.0)
    plain, found = pyramids(detector, quantised_twin(detector, ranges, torch.float32))
    assert 0 < difference(plain, found) < 0.5  # 0.27 without integer instructions; another image has 1.4


def pyramids(*detectors: Detector) -> list[list[torch.Tensor]]:
    """Levels of the pyramids of several networks for the same image: what else is in eight bits comes after it."""
    scenes = blobs(BANDS, seed=1000, images=2)
    with torch.no_grad():
        return [
            list(detector.pyramid(image_channels(scenes.flux, scenes.error, detector.dtype))) for detector in detectors
        ]


def difference(plain: list[torch.Tensor], found: list[torch.Tensor]) -> float:
    """Largest rms difference of a level, in units of the level's own scatter."""
    return max(float((a - b.float()).std() / a.std()) for a, b in zip(plain, found, strict=True))


def test_what_is_missing_is_named(trained, ranges, monkeypatch):
    some = {name: ends for name, ends in ranges.items() if name != "mask_head.upsample"}
    with pytest.raises(ModelError, match=r"mask_head\.upsample.*choose precision auto"):
        quantised_twin(trained, some, torch.float32)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ConfigError, match=r"pip install 'zpix\[int8\]'"):
        quantised_twin(trained, ranges, torch.float32)
