"""Detectors that see ranges of wavelength know no band by name."""

from __future__ import annotations

import math

import pytest
import torch

from tests.detector.scenery import small_model
from zpix.config import ModelConfig
from zpix.detector import About, Checkpoint, Detector, save_checkpoint
from zpix.detector.carrying import carry_backbone, stored_backbone
from zpix.detector.normalisation import image_channels
from zpix.detector.shared_bands import for_bands_of
from zpix.detector.wavelength_ranges import bands_of_ranges
from zpix.errors import BandError
from zpix.image import JADES_BANDS

NINE = bands_of_ranges(JADES_BANDS)


def model(channels: str, bands: tuple[str, ...]) -> ModelConfig:
    return small_model().model_copy(update={"bands": bands, "image_channels": channels})


def test_the_bands_of_jades_fill_seven_ranges():
    assert NINE == ((0,), (1,), (2,), (3,), (4,), (5, 6), (7, 8))
    with pytest.raises(BandError, match="'Z': its wavelengths are not known; known are F435W"):
        bands_of_ranges(("Z",))


def test_stacks_weigh_bands_by_their_noise_and_leave_out_what_is_not_valid():
    flux = torch.tensor([3.0, 8.0, 5.0, 6.0]).reshape(1, 4, 1, 1).expand(1, 4, 2, 1).clone()
    error = torch.tensor([1.0, 2.0, 1.0, 1.0]).reshape(1, 4, 1, 1).expand(1, 4, 2, 1).clone()
    error[0, 1, 1] = math.inf  # of the second row
    error[0, 2:, 1] = math.nan
    channels = image_channels(flux, error, together=((0, 1), (), (2, 3)))
    both = (3.0 / 1 + 8.0 / 4) / math.sqrt(1 + 1 / 4)
    two = 11.0 / math.sqrt(2)
    assert torch.sinh(channels[0, :3, 0, 0]).tolist() == pytest.approx([both, 0.0, two], rel=1e-5)
    assert torch.sinh(channels[0, :3, 1, 0]).tolist() == pytest.approx([3.0, 0.0, 0.0], rel=1e-5)
    assert channels[0, 3:, :, 0].tolist() == [[1, 1], [0, 0], [1, 0]]


def test_the_same_field_in_other_bands_of_the_same_ranges_is_seen_alike():
    torch.manual_seed(1)
    detector = Detector(model("ranges", ("F115W", "F200W", "F444W"))).eval()
    other = Detector(model("ranges", ("F480M", "F125W", "F210M"))).eval()
    other.pyramid.load_state_dict(detector.pyramid.state_dict())
    flux, error = torch.randn(1, 3, 64, 64), torch.ones(1, 3, 64, 64)
    order = [2, 0, 1]
    maps = [
        network.pyramid(network.images(image, error))[0]
        for network, image in ((detector, flux), (other, flux[:, order]))
    ]
    torch.testing.assert_close(*maps)


def test_a_detector_of_bands_becomes_one_of_ranges():
    """Where a range has one band the answer stays; where it has several the layer sees their sum."""
    torch.manual_seed(2)
    old = Detector(model("bands", ("F115W", "F200W", "F444W"))).eval()
    new = Detector(model("ranges", ("F115W", "F200W", "F444W"))).eval()
    weights = for_bands_of(new, Checkpoint(old, About()), "old.safetensors", old.state_dict())
    new.load_state_dict(weights)
    flux, error = torch.randn(1, 3, 64, 64), torch.ones(1, 3, 64, 64)
    for ours, theirs in zip(new.pyramid(new.images(flux, error)), old.pyramid(old.images(flux, error)), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_backbone_of_any_bands_can_begin_to_see_ranges(tmp_path):
    """Images that are equally significant everywhere look the same to both."""
    torch.manual_seed(3)
    old = Detector(model("bands", ("HSC-G", "HSC-R", "HSC-I"))).eval()
    save_checkpoint(tmp_path / "hsc.safetensors", Checkpoint(old, About()))
    new = Detector(model("ranges", JADES_BANDS)).eval()
    carry_backbone(new, stored_backbone(tmp_path / "hsc.safetensors"))
    image = torch.randn(1, 1, 64, 64)
    answers = [body(image.expand(1, 2 * n, 64, 64))[0] for body, n in ((old.pyramid.body, 3), (new.pyramid.body, 7))]
    torch.testing.assert_close(*answers, rtol=1e-4, atol=1e-5)
