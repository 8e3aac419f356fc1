"""What a calibration keeps with a model, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from tests.detector.scenery import small_model
from tests.training.scenery import BANDS, blob_store
from zpix.detector import About, Checkpoint, Detector, default_model, load_checkpoint, save_checkpoint
from zpix.detector.quantised import _EXACT
from zpix.errors import StoreError
from zpix.jobs.calibrate import calibrate
from zpix.jobs.prepare import prepare
from zpix.sources import ConformalIntervals, WidthCalibration
from zpix.training.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return blob_store(tmp_path_factory.mktemp("store") / "blobs.zarr")


@pytest.mark.slow
def test_widths_are_calibrated_on_validation_tiles_and_kept_with_the_model(tmp_path):
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    prepare(out=tmp_path / "sky.zarr", mock=3, seed=20260210, fractions=(0, 1, 0))
    shipped = load_checkpoint(default_model())
    about = replace(shipped.about, width_calibration=None, conformal=None, ranges=None)
    model = tmp_path / "model.safetensors"
    save_checkpoint(model, Checkpoint(shipped.detector, about))
    calibration = calibrate(model, tmp_path / "sky.zarr")
    assert any(calibration.log_factor)
    kept = load_checkpoint(model).about
    assert WidthCalibration.from_saved(kept.width_calibration) == calibration
    conformal = ConformalIntervals.from_saved(kept.conformal)
    assert min(conformal.count) >= 50 and len(json.dumps(kept.conformal)) < 500
    assert all(0.99 < reach_68 < reach_95 and reach_95 > 1.95 for reach_68, reach_95 in conformal.reach)
    ranges, of_shipped = kept.ranges, shipped.about.ranges
    # the shipped model was calibrated before its first layers were left exact
    assert ranges.keys() == of_shipped.keys() - set(_EXACT)
    first = "pyramid.body.layer1.0.conv1"
    assert ranges[first] == pytest.approx(of_shipped[first], rel=0.3)
    fitted = {name: getattr(kept, name) for name in ("width_calibration", "conformal", "ranges")}
    assert replace(about, **fitted) == kept
    novelty = load_checkpoint(model).novelty
    assert novelty.keys() == shipped.novelty.keys()
    in_sets = calibrate(model, tmp_path / "sky.zarr", bands_seen="sets")
    assert in_sets != calibration and load_checkpoint(model).about.ranges == ranges  # widths alone are of fewer bands
    assert all(torch.equal(value, novelty[name]) for name, value in load_checkpoint(model).novelty.items())


def test_few_redshifts_calibrate_nothing(tmp_path, store):
    model = tmp_path / "model.safetensors"
    save_checkpoint(model, Checkpoint(Detector(small_model(bands=BANDS)), About(name="blobs")))
    before = model.read_bytes()
    with pytest.raises(StoreError, match=r"blobs\.zarr: has \d+ validation redshifts: .* needs 200 or more"):
        calibrate(model, store.path)
    assert model.read_bytes() == before
