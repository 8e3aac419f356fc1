"""Does a spoiled field score as the right one does?"""

from __future__ import annotations

import numpy as np
import pytest

import zpix
from experiments.spoiled_fields import KINDS, score, spoil
from zpix.config import InferenceConfig
from zpix.image import Region, open_mosaic


def test_spoiled_pixels_are_what_they_are_said_to_be(blob_field, tmp_path):
    place = spoil(blob_field, tmp_path / "field", sky=0.5, factor=3.0)
    with open_mosaic(blob_field) as mosaic, open_mosaic(place) as spoiled:
        given, found = (own.read(Region.whole(own.shape)) for own in (mosaic, spoiled))
    np.testing.assert_array_equal(found.valid, given.valid)
    seen = given.valid
    np.testing.assert_allclose(found.flux[seen], given.flux[seen] + 0.5, rtol=1e-4, atol=1e-4)  # errors are 1 nJy
    np.testing.assert_allclose(found.error[seen], 3 * given.error[seen], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.usefixtures("without_figures")
def test_repaired_fields_score_as_the_right_one_does_within_its_error(tmp_path):
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    zpix.simulate(tmp_path / "field", size_pix=384, seed=4711)
    config = InferenceConfig(device="cpu", workers=1)
    scores = {}
    for kind in ("as it is", "sky of 1 σ", "errors × 2"):
        sky, factor = KINDS[kind]
        mosaics = spoil(tmp_path / "field", tmp_path / kind / "field", sky=sky, factor=factor)
        truth = tmp_path / "field" / "truth.fits"
        scores[kind] = score(mosaics, truth, tmp_path / kind, as_given=False, config=config)
    right = scores.pop("as it is")
    assert right["detections"] > 30
    for found in scores.values():
        assert abs(found["detections"] - right["detections"]) < 0.06 * right["detections"]
        for name in ("sigma_nmad", "outlier_fraction"):
            own, other = right["redshifts"][name], found["redshifts"][name]
            assert abs(other["value"] - own["value"]) <= 2 * np.hypot(own["error"], other["error"])
