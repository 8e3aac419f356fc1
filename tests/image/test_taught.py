"""Is what a model was taught kept with it?"""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from tests.image.examined_fields import TAUGHT, band, seen
from zpix.detector import default_model, load_checkpoint, load_taught, save_checkpoint, taught_path
from zpix.errors import ModelError
from zpix.image import JADES_BANDS, Taught
from zpix.image.taught import ANY_BAND


def test_saved_and_read_again_it_is_the_same():
    assert Taught.from_saved(json.loads(json.dumps(TAUGHT.to_saved()))) == TAUGHT


@pytest.mark.parametrize("nothing", [None, {}, {"format": "another", "bands": {}}])
def test_a_model_that_says_nothing_knows_any_ordinary_band(nothing):
    taught = Taught.from_saved(nothing)
    assert not taught.is_known and taught.band("F444W") == ANY_BAND


def test_ranges_are_those_of_several_fields():
    fields = [seen(band(sky=sky, depth_range_mag=(depth, depth + 0.2), fwhm_arcsec=math.nan))
              for sky, depth in ((0.0, 30.0), (0.1, 30.3), (0.0, 29.9), (0.1, 30.1))]  # fmt: skip
    taught = Taught.from_examinations(fields, "four fields")
    known = taught.band("F444W")
    assert known.sky == pytest.approx((0.05 - 2 * 0.0577, 0.05 + 2 * 0.0577), abs=1e-3)
    assert known.depth_mag == pytest.approx((29.9, 30.5)) and known.noise_over_error == (1.0, 1.0)
    assert known.fwhm_arcsec == ANY_BAND.fwhm_arcsec  # no field tells
    assert not Taught.from_examinations(fields[:3], "three fields").is_known


def test_the_shipped_model_says_what_it_was_taught():
    taught = Taught.from_saved(load_taught(default_model()))
    assert set(taught.bands) == set(load_checkpoint(default_model()).taught_bands) > set(JADES_BANDS)
    low, high = taught.band("F444W").sums_over_error
    assert 0.95 < low <= high < 1.05  # its errors are what sums scatter by
    low, high = taught.band("F444W").noise_over_error
    assert high / low > 2  # fields varied


def test_it_lies_beside_the_weights(tiny_model, tmp_path):
    place = tmp_path / "model.safetensors"
    checkpoint = replace(load_checkpoint(tiny_model), taught=TAUGHT.to_saved())
    save_checkpoint(place, checkpoint)
    assert taught_path(place).name == "model.fields.json"
    assert Taught.from_saved(load_checkpoint(place).taught) == TAUGHT
    save_checkpoint(place, replace(checkpoint, taught={}))  # other weights
    assert not taught_path(place).exists() and load_taught(place) == {}


def test_a_damaged_record_is_refused(tmp_path):
    place = tmp_path / "model.safetensors"
    taught_path(place).write_text("{")
    with pytest.raises(ModelError, match=r"model\.fields\.json"):
        load_taught(place)
