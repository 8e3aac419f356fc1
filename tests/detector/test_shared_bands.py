"""A network goes on with fewer or other bands as the old one did where these are missing."""

from __future__ import annotations

import pytest
import torch

from tests.detector.scenery import small_model
from zpix.detector import Checkpoint, Detector, SourcePixels
from zpix.detector.carrying import take_weights
from zpix.detector.normalisation import image_channels
from zpix.errors import ModelError

OLD, FEWER, OTHER = ("A", "B", "C", "D"), ("D", "B"), ("B", "E", "D")


@pytest.fixture(scope="module")
def old() -> Checkpoint:
    torch.manual_seed(3)
    return Checkpoint(Detector(small_model(bands=OLD)).eval())


def taken(old: Checkpoint, bands: tuple[str, ...]) -> Detector:
    torch.manual_seed(4)
    detector = Detector(small_model(bands=bands)).eval()
    take_weights(detector, old, "old.safetensors")
    return detector


def image(size: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """Flux and errors of bands B and D, (1, 2, y, x)."""
    generator = torch.Generator().manual_seed(0)
    return 5 * torch.randn(1, 2, size, size, generator=generator), torch.ones(1, 2, size, size)


def in_bands(flux: torch.Tensor, error: torch.Tensor, bands: tuple[str, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """The image in the order of these bands, those but B and D not observed."""
    every_flux = torch.zeros(1, len(bands), *flux.shape[2:])
    every_error = torch.full_like(every_flux, torch.inf)
    for number, band in enumerate("BD"):
        every_flux[:, bands.index(band)], every_error[:, bands.index(band)] = flux[:, number], error[:, number]
    return every_flux, every_error


@pytest.mark.parametrize("bands", [FEWER, OTHER])
def test_features_and_redshifts_are_those_of_the_old_network_without_the_missing_bands(old, bands, caplog):
    new, flux_error = taken(old, bands), image()
    answers = []
    for detector, own in ((old.detector, OLD), (new, bands)):
        flux, error = in_bands(*flux_error, own)
        variance = torch.where(torch.isfinite(error), error**2, 0.0)[:, :, :32, :32]
        pixels = SourcePixels(flux[:, :, :32, :32], variance, torch.ones(1, 32, 32), torch.full((1, 2), 12.0))
        pooled = torch.zeros(1, 16, 7, 7)
        with torch.no_grad():
            features = detector.pyramid.body(image_channels(flux, error))
            mixture = detector.redshift_head(
                lambda pooled=pooled: pooled, lambda pixels=pixels: pixels, torch.full((1,), 0.02)
            )
        answers.append([*features, *mixture[:3]])
    for before, after in zip(*answers, strict=True):
        torch.testing.assert_close(after, before, rtol=1e-3, atol=1e-5)
    assert "weights of" in caplog.text and "A C left out" in caplog.text
    assert ("E begin at zero" in caplog.text) == ("E" in bands)


def test_the_same_bands_keep_everything(old):
    new = taken(old, OLD).state_dict()
    for name, value in old.detector.state_dict().items():
        torch.testing.assert_close(new[name], value, rtol=0, atol=0)


def test_a_model_without_a_band_in_common_says_what_to_do(old):
    with pytest.raises(ModelError, match=r"A B C D, none of which is among X Y .*--backbone, which takes any bands"):
        taken(old, ("X", "Y"))


def test_another_shape_says_what_to_set(old):
    torch.manual_seed(0)
    other = Detector(small_model(bands=OLD, box_hidden=64))
    with pytest.raises(ModelError, match=r"does not fit the network to be trained; set box_hidden = 32 in \[model\]"):
        take_weights(other, old, "old.safetensors")
