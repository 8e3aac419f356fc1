import pytest
import torch

from tests.detector.scenery import blobs, small_model
from tests.detector.test_soft_photometry import SIGMAS, star
from zpix.config import ModelConfig
from zpix.detector import REDSHIFT_HEADS, Checkpoint, Detector, RedshiftHead, load_checkpoint, save_checkpoint
from zpix.detector.redshift_head import MixtureLayer, PixelRedshiftHead
from zpix.detector.soft_photometry import soft_photometry
from zpix.errors import ConfigError, ModelError

BANDS = ("A", "B", "C")


def test_elliptical_weights_are_one_more_sum_each():
    weights = {"gaussian_sigmas_pix": SIGMAS, "elliptical_widths": (1, 2)}
    config = ModelConfig(bands=BANDS, pyramid_channels=8, **weights)
    head, pixels = PixelRedshiftHead(config).eval(), star(16, 16)
    mixture = head(lambda: torch.randn(1, 8, 7, 7), lambda: pixels, torch.tensor([0.02]))
    plain, more = soft_photometry(pixels, SIGMAS), soft_photometry(pixels, SIGMAS, (1, 2))
    assert head.feature_widths[0] == 2 * 3 * 6 and mixture.features.shape == (1, sum(head.feature_widths))
    torch.testing.assert_close(more[0, :18].view(3, 6)[:, [0, 1, 2, 5]], plain[0, :12].view(3, 4))  # the mask is last


def test_the_pyramid_joins_a_pretrained_head_without_disturbing_it():
    torch.manual_seed(0)
    config = ModelConfig(bands=BANDS, pyramid_channels=8, gaussian_sigmas_pix=SIGMAS)
    head = PixelRedshiftHead(config).eval()
    pixels, dust = star(16, 16), torch.tensor([0.02])
    alone = head.from_sums(soft_photometry(pixels, SIGMAS), dust)
    joined = head(lambda: torch.randn(1, 8, 7, 7), lambda: pixels, dust)
    torch.testing.assert_close(alone.means, joined.means)


class DustHead(RedshiftHead):
    """Knows a source by its dust alone."""

    def __init__(self, config):
        super().__init__(config)
        self.mixture = MixtureLayer(1, config.mixture_components)

    def forward(self, pooled, pixels, dust):
        return self.mixture(dust[:, None])


def test_a_head_from_outside_trains_predicts_and_survives_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr(REDSHIFT_HEADS, "_entries", dict(REDSHIFT_HEADS))
    REDSHIFT_HEADS.add("dust", DustHead)
    detector = Detector(small_model(bands=BANDS, redshift_head="dust"))
    scenes = blobs(BANDS)
    detector.losses(scenes, box_jitter=0.05)["redshift"].backward()
    assert all(parameter.grad is not None for parameter in detector.redshift_head.parameters())
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, Checkpoint(detector))
    settings = {"score_threshold": 0.0, "nms_iou": 0.5, "proposals_per_megapixel": 2000}
    for found in load_checkpoint(path).detector.detect(scenes.flux, scenes.error, scenes.dust, **settings):
        assert len(found.boxes) and found.mixture.features.shape[1] == 1
    del REDSHIFT_HEADS._entries["dust"]
    with pytest.raises(
        ModelError, match=r"model\.safetensors.*redshift head 'dust' is unknown; known are bands, fpn, fpn\+pixels"
    ):
        load_checkpoint(path)


def test_an_unknown_head_is_one_sentence():
    with pytest.raises(ConfigError, match=r"^redshift head 'flow' is unknown; known are bands, fpn, fpn\+pixels$"):
        Detector(small_model(redshift_head="flow"))


def test_heads_keep_the_names_of_their_tensors():
    names = {head: {name.split(".")[0] for name in Detector(small_model(redshift_head=head)).redshift_head.state_dict()}
             for head in REDSHIFT_HEADS}  # fmt: skip
    assert names == {
        "fpn": {"pyramid", "mixture"},
        "fpn+pixels": {"pyramid", "photometry", "trunk", "mixture"},
        "bands": {"band", "source", "layers", "trunk", "mixture"},
    }
