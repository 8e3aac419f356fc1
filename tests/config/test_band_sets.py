"""Sets of bands of surveys."""

from __future__ import annotations

from itertools import pairwise

import pytest

from zpix.config import BAND_SETS
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
