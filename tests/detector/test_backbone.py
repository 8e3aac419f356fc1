import pytest
import torch

from tests.detector.scenery import small_model
from zpix.detector import BACKBONES, TimmBackbone, built_for_pix
from zpix.detector.backbone import STRIDES, Pyramid
from zpix.errors import ConfigError


def test_maps_have_the_strides_of_the_pyramid():
    pyramid = Pyramid(small_model(bands=("A", "B")))
    maps = pyramid(torch.zeros(1, 4, 128, 128))
    assert [tuple(own.shape) for own in maps] == [(1, 16, 128 // stride, 128 // stride) for stride in STRIDES]


def test_a_transformer_is_built_for_one_size_and_a_resnet_for_all():
    assert built_for_pix(small_model(backbone="mvitv2_tiny", built_size_pix=128)) == 128
    assert built_for_pix(small_model(backbone="resnet50")) is None


def test_a_backbone_from_outside_is_chosen_by_its_name(monkeypatch):
    monkeypatch.setattr(BACKBONES, "_entries", {**BACKBONES, "resnet10": TimmBackbone("resnet10t", (1, 2, 3, 4))})
    maps = Pyramid(small_model(backbone="resnet10", bands=("A", "B")))(torch.zeros(1, 4, 64, 64))
    assert [own.shape[-1] for own in maps] == [64 // stride for stride in STRIDES]


def test_an_unknown_backbone_is_one_sentence():
    with pytest.raises(ConfigError, match=r"^backbone 'vgg' is unknown; known are mvitv2_base.*resnet50$"):
        Pyramid(small_model(backbone="vgg"))
