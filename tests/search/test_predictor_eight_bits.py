"""The shipped network in eight bits: the same sources and redshifts, and one sentence where it cannot be."""

import numpy as np
import pytest

from zpix.config import InferenceConfig
from zpix.detector import default_model, load_checkpoint
from zpix.detector.device import computes_in_int8
from zpix.errors import ConfigError, ModelError
from zpix.matching import match_boxes
from zpix.search import Predictor


@pytest.mark.slow
def test_the_shipped_network_finds_in_eight_bits_what_it_finds_in_32():
    pytest.importorskip("openvino", reason="eight bits need the extra 'int8'")
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    from zpix.scenes import draw_scene

    checkpoint = load_checkpoint(default_model())
    scene = draw_scene(5, shape=(576, 448), bands=checkpoint.bands)  # the edge of a mosaic is not square
    plain, rounded = (
        Predictor(checkpoint, InferenceConfig(device="cpu", precision=precision)).predict(scene.pixels, dust=scene.ebv)
        for precision in ("fp32", "int8")
    )
    pairs = match_boxes(plain.box, rounded.box)
    assert len(plain) > 30 and len(pairs) >= 0.97 * len(plain) and len(rounded) <= 1.03 * len(plain)
    left, right = plain[pairs.left], rounded[pairs.right]
    assert np.median(pairs.agreement) > 0.98
    assert np.mean(np.abs(left.mask - right.mask)) < (0.01 if computes_in_int8() else 0.015)
    peak = [found.redshift.means[np.arange(len(found)), found.redshift.weights.argmax(1)] for found in (left, right)]
    assert np.quantile(np.abs(peak[0] - peak[1]) / (1 + peak[0]), 0.9) < 0.01
    assert not np.array_equal(left.score, right.score)  # it really is another arithmetic


def test_a_model_without_ranges_is_refused(tiny_model):
    pytest.importorskip("openvino", reason="eight bits need the extra 'int8'")
    with pytest.raises(ModelError, match=r"no range for eight bits.*choose precision auto"):
        Predictor(load_checkpoint(tiny_model), InferenceConfig(device="cpu", precision="int8"))


def test_eight_bits_are_for_processors(tiny_model, monkeypatch):
    monkeypatch.setattr("zpix.search.predictor.choose_device", lambda name: type("Device", (), {"type": "cuda"})())
    monkeypatch.setattr("zpix.search.predictor.choose_precision", lambda name, device: None)
    with pytest.raises(ConfigError, match="int8 is for processors"):
        Predictor(load_checkpoint(tiny_model), InferenceConfig(precision="int8"))
