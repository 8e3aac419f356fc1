"""Sets of bands of surveys."""

from __future__ import annotations

from itertools import pairwise

import pytest

from zpix.config import BAND_SETS, bands_called
from zpix.errors import ConfigError
from zpix.image.passbands import passband


@pytest.mark.parametrize("survey", BAND_SETS)
def test_bands_are_known_and_told_from_blue_to_red(survey: str) -> None:
    pivots = [passband(band).pivot_um for band in BAND_SETS[survey]]
    assert all(bluer < redder for bluer, redder in pairwise(pivots))


def test_the_sets_have_the_number_of_bands_that_the_surveys_have() -> None:
    assert {survey: len(bands) for survey, bands in BAND_SETS.items()} == {
        "MegaScience": 20,
        "JADES with ACS": 14,
        "JADES": 9,
        "PRIMER": 8,
        "CEERS": 7,
        "NGDEEP": 6,
        "COSMOS-Web with ACS": 5,
        "COSMOS-Web": 4,
    }


def test_bands_are_called_by_survey_or_by_name():
    assert bands_called(" ceers ") == BAND_SETS["CEERS"]
    assert bands_called("f150w, F444W") == bands_called(["f150w", "F444W"]) == ("F150W", "F444W")
    assert bands_called("F444W") == ("F444W",)
    for wrong in ("COSMOS-Webb", "", ","):
        with pytest.raises(ConfigError, match=r"neither bands nor one of the surveys MegaScience, .*COSMOS-Web"):
            bands_called(wrong)
