"""What is said of a mosaic, and which is refused?"""

from __future__ import annotations

import math

import pytest

from tests.image.examined_fields import TAUGHT, band, seen
from zpix.errors import GridError, InputFileError
from zpix.image import Taught, judge


def test_a_healthy_field_has_nothing_to_say():
    verdict = judge(seen(band()), TAUGHT)
    assert verdict.warnings == () and verdict.notes == () and verdict.refused is None
    assert verdict.sentences() == ["Nothing that was measured lies outside what the model was taught."]


def test_of_a_model_that_says_nothing_nothing_is_known():
    (sentence,) = judge(seen(band()), Taught({})).sentences()
    assert sentence.startswith("The model does not say what its fields were like") and "is not known" in sentence


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"sky": 1.1}, ["sky level", "F444W +0.02 nJy", "subtracted"]),
        ({"sky_spread": 0.5}, ["sky is uneven", "F444W 0.50"]),
        ({"sums_over_error": 10.4}, ["errors", "F444W × 4", "10.4", "multiplied"]),
        ({"noise_over_error": 0.0}, ["does not vary in F444W"]),
        ({"depth_mag": 28.0}, ["shallower", "28.0 (29.5 to 30.5)"]),
        ({"depth_mag": 31.5}, ["deeper", "31.5"]),
        ({"correlation": (0.95,) * 8}, ["share more of their noise", "broader PSF", "0.95 (0.55 to 0.65)"]),
        ({"correlation": (0.1,) * 8}, ["share less of their noise"]),
        ({"fwhm_arcsec": 0.3}, ["sharpest sources are broader", "0.300 (0.150 to 0.200)"]),
        ({"fwhm_arcsec": 0.05}, ["sharper"]),
        ({"shift_pix": (0.5, 0.0)}, ["not in registration", "F444W (+0.50, +0.00) ± 0.02 pixels"]),
        ({"saturated": 0.002}, ["no data", "2.0e-03"]),
    ],
)
def test_one_sentence_for_each_thing_that_matters(values, words):
    (sentence,) = judge(seen(band(**values)), TAUGHT).warnings
    assert all(word in sentence for word in words)
    assert not sentence.endswith(".") and "\n" not in sentence


def test_as_given_says_it_and_repairs_nothing():
    verdict = judge(seen(band(sky=1.1, sums_over_error=10.4)), TAUGHT, as_given=True)
    assert verdict.repairs == ()
    assert all("as asked" in sentence for sentence in verdict.warnings) and len(verdict.warnings) == 2


def test_what_could_not_be_measured_is_said_apart():
    nan = math.nan
    verdict = judge(seen(band(sums_over_error=nan, depth_mag=nan, fwhm_arcsec=nan, shift_pix=(nan, nan))), TAUGHT)
    assert verdict.warnings == () and len(verdict.notes) == 3
    assert all("in any band" in note for note in verdict.notes)


@pytest.mark.parametrize(
    ("values", "sources", "kind", "word"),
    [
        ({"shift_pix": (1.5, -2.0)}, 50, GridError, "F444W (+1.50, -2.00)"),
        ({"depth_mag": 33.5}, 50, InputFileError, "too small by a factor of ten"),
        ({"depth_mag": 26.5}, 0, InputFileError, "no source can be seen"),
    ],
)
def test_what_contradicts_itself_is_refused(values, sources, kind, word):
    refused = judge(seen(band(**values), sources=sources), TAUGHT).refused
    assert isinstance(refused, kind)
    assert word in str(refused) and "--as-given" in str(refused)


@pytest.mark.parametrize(
    "values", [{"shift_pix": (1.5, -2.0), "shift_error_pix": 0.6}, {"depth_mag": 26.5}, {"depth_mag": 32.5}]
)
def test_what_is_uncertain_or_shallow_is_not_refused(values):
    assert judge(seen(band(**values)), TAUGHT).refused is None


def test_a_verdict_fits_json():
    import json

    told = json.loads(json.dumps(judge(seen(band(sky=1.1, fwhm_arcsec=math.nan)), TAUGHT).to_json()))
    assert told["repairs"] == [{"band": "F444W", "sky_njy": 0.02, "error_factor": 1.0, "flux_factor": 1.0}]
    assert told["bands"][0]["fwhm_arcsec"] is None and told["refused"] is None
