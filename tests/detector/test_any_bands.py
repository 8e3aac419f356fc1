"""A network whose weights know no band serves any set of bands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.detector.scenery import blobs, small_model
from zpix.config import BAND_SETS
from zpix.detector import Checkpoint, Detector, MeasuredSet, MeasuredSurveys, load_checkpoint, save_checkpoint
from zpix.errors import BandError

TAUGHT = BAND_SETS["JADES with ACS"]


def any_bands(bands: tuple[str, ...] = TAUGHT) -> Checkpoint:
    torch.manual_seed(0)
    model = small_model(bands=bands, redshift_head="bands", image_channels="ranges")
    return Checkpoint(Detector(model).eval())


@pytest.mark.parametrize("changes", [{"redshift_head": "fpn+pixels"}, {"image_channels": "bands"}])
def test_a_model_that_knows_bands_by_name_stays_as_it_is(changes):
    model = small_model(**{"redshift_head": "bands", "image_channels": "ranges", **changes})
    checkpoint = Checkpoint(Detector(model))
    assert not checkpoint.serves_any_bands
    assert checkpoint.for_bands(("F444W", "F150W")) is checkpoint


def test_bands_are_ordered_and_weights_are_shared():
    whole = any_bands()
    few = whole.for_bands(("F444W", "F115W", "F814W"))
    assert few.bands == ("F814W", "F115W", "F444W") and few.taught_bands == whole.bands == TAUGHT
    assert few.for_bands(TAUGHT[:4]).taught_bands == TAUGHT
    assert whole.for_bands(TAUGHT[::-1]) is whole
    theirs = whole.detector.state_dict()
    for name, value in few.detector.state_dict().items():
        assert value.data_ptr() == theirs[name].data_ptr(), name
    assert whole.detector.redshift_head.places.shape[0] == len(TAUGHT)
    with pytest.raises(BandError, match="'HSC-G'"):
        whole.for_bands(("HSC-G", "F444W"))


def test_fewer_bands_answer_as_masked_ones_do():
    whole, kept = any_bands(), [1, 3, 6, 9, 13]
    few = whole.for_bands([TAUGHT[band] for band in kept])
    scene = blobs(TAUGHT)
    hidden = scene.error.clone()
    hidden[:, [band for band in range(len(TAUGHT)) if band not in kept]] = torch.inf
    settings = {"score_threshold": 0.0, "nms_iou": 0.5, "proposals_per_megapixel": 2000}
    masked = whole.detector.detect(scene.flux, hidden, scene.dust, **settings)
    narrow = few.detector.detect(scene.flux[:, kept], scene.error[:, kept], scene.dust, **settings)
    for ours, theirs in zip(narrow, masked, strict=True):
        assert len(ours.boxes) > 0
        torch.testing.assert_close(ours.boxes, theirs.boxes, rtol=1e-3, atol=1e-2)
        torch.testing.assert_close(ours.mixture.means, theirs.mixture.means, rtol=1e-3, atol=1e-3)


def test_a_narrowed_model_is_written_as_it_was_taught(tmp_path: Path):
    surveys = MeasuredSurveys("F444W < 28", (MeasuredSet("one", TAUGHT[:3], 0.1, 0.2, 9),))
    few = replace(
        any_bands().for_bands(TAUGHT[:3]),
        novelty={"log_snr": torch.ones(2)},
        novelty_bands=TAUGHT[:3],
        surveys=surveys,
    )
    save_checkpoint(tmp_path / "model.safetensors", few)
    kept = load_checkpoint(tmp_path / "model.safetensors")
    assert kept.bands == TAUGHT and not kept.narrowed_from
    assert kept.described_bands == TAUGHT[:3] and kept.surveys == surveys
    save_checkpoint(tmp_path / "model.safetensors", replace(kept, novelty_bands=(), surveys=MeasuredSurveys()))
    kept = load_checkpoint(tmp_path / "model.safetensors")
    assert kept.described_bands == TAUGHT and kept.surveys == MeasuredSurveys()
