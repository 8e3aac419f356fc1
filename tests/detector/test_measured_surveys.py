"""What to expect of redshifts in a set of bands."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpix.config import BAND_SETS
from zpix.detector import MeasuredSet, MeasuredSurveys
from zpix.detector.beside_checkpoint import load_surveys, surveys_path
from zpix.errors import ModelError

SURVEYS = MeasuredSurveys(
    "F444W < 28",
    (
        MeasuredSet("CEERS", BAND_SETS["CEERS"], 0.05, 0.1, 800),
        MeasuredSet("COSMOS-Web", BAND_SETS["COSMOS-Web"], 0.12, 0.31),
    ),
)


def test_the_same_set_is_told_whatever_its_order():
    told = SURVEYS.expected(BAND_SETS["CEERS"][::-1])
    assert told.is_exact and told.measured == SURVEYS.sets[0]
    assert "scatter of 0.05" in told.sentence and "10% outliers" in told.sentence
    assert "F444W < 28, as 800 of them gave, in the 7 bands of CEERS" in told.sentence


def test_more_bands_are_at_least_as_good_as_the_largest_set_among_them():
    told = SURVEYS.expected(BAND_SETS["JADES"])
    assert not told.is_exact and told.measured == SURVEYS.sets[0]
    assert "at least as good as in the 7 bands of CEERS, which are among the 9 here" in told.sentence
    assert SURVEYS.expected(BAND_SETS["COSMOS-Web with ACS"]).measured == SURVEYS.sets[1]


def test_what_was_not_measured_is_said():
    told = SURVEYS.expected(("F115W", "F444W"))
    assert told.measured is None and told.sentence == "how good redshifts are in F115W F444W was not measured"


def test_the_file_holds_the_same_values_and_a_damaged_one_is_refused(tmp_path: Path):
    assert MeasuredSurveys.from_saved(SURVEYS.to_saved()) == SURVEYS
    assert load_surveys(tmp_path / "model.safetensors") == MeasuredSurveys()
    place = surveys_path(tmp_path / "model.safetensors")
    for text in ('{"sets": [{"survey": "CEERS"}]}', "not JSON", '{"sets": 3}'):
        place.write_text(text)
        with pytest.raises(ModelError, match=r"surveys\.json"):
            load_surveys(tmp_path / "model.safetensors")
