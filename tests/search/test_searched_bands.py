"""A model that serves any bands searches in all whose wavelengths are known, and says what it was not taught."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.detector.scenery import small_model
from zpix.config import BAND_SETS, InferenceConfig
from zpix.detector import Checkpoint, Detector, MeasuredSet, MeasuredSurveys
from zpix.errors import BandError
from zpix.search.array_image import image_of_arrays
from zpix.search.requirements import check_mosaic, check_named, differences_from_model, examine_for
from zpix.search.searched_bands import expected_in, judge_bands, narrowed, say_what_to_expect, searched_bands

JADES = BAND_SETS["JADES"]
SURVEYS = MeasuredSurveys("F444W < 28", (MeasuredSet("COSMOS-Web", BAND_SETS["COSMOS-Web"], 0.1, 0.2, 50),))


@cache
def any_bands() -> Checkpoint:
    model = small_model(bands=JADES, redshift_head="bands", image_channels="ranges")
    return Checkpoint(Detector(model).eval(), surveys=SURVEYS)


def image(*bands: str):
    shape = (len(bands), 16, 16)
    flux = np.random.default_rng(0).normal(size=shape)
    return image_of_arrays(flux, np.ones(shape), bands=bands)


def test_a_model_that_names_its_bands_searches_in_these():
    named = Checkpoint(Detector(small_model()))
    assert searched_bands(named, ("F444W", "F606W")) == named.bands
    assert narrowed(named, ("F444W",)) is named and expected_in(JADES, named) is None


def test_a_model_of_any_bands_searches_in_those_of_known_wavelengths():
    bands = ("HSC-G", "F444W", "F606W", "F150W")
    few = narrowed(any_bands(), bands)
    assert few.bands == ("F606W", "F150W", "F444W") and few.taught_bands == JADES
    assert check_mosaic(image("F444W", "F150W", "F277W"), any_bands()) == ()
    check_named(("F606W", "HSC-G"), any_bands())
    seen = examine_for(image(*bands), few, InferenceConfig(device="cpu"))
    assert {own.band for own in seen.examination.bands} == {"F606W", "F150W", "F444W"}


def test_too_few_bands_and_bands_unlike_any_that_was_taught_are_refused_unless_forced(caplog):
    with pytest.raises(BandError, match=r"fewer than 3 bands .* F150W F444W is all there is; --force"):
        check_mosaic(image("F444W", "F150W"), any_bands())
    check_mosaic(image("F444W", "F150W"), any_bands(), force=True)
    with pytest.raises(BandError, match=r"no band that overlaps F606W in wavelength: leave it out; --force"):
        check_mosaic(image("F606W", *JADES), any_bands())
    assert check_mosaic(image("F606W", *JADES), any_bands(), force=True) == ()
    assert "no band that overlaps F606W" in caplog.text
    for force in (False, True):
        with pytest.raises(BandError, match="of none of which the wavelengths are known"):
            check_mosaic(image("HSC-G", "HSC-R", "HSC-I"), any_bands(), force=force)
    with pytest.raises(BandError, match="of none of which"):
        narrowed(any_bands(), ("HSC-G",))


def test_bands_that_were_not_taught_or_are_left_out_are_said(caplog):
    mosaic = image("HSC-G", "F182M", *JADES)
    check_mosaic(mosaic, any_bands())
    assert "not taught F182M (near F200W): it goes by the wavelengths" in caplog.text
    assert "HSC-G is left out: the wavelengths are not known" in caplog.text
    said = differences_from_model(mosaic, any_bands())
    assert len(said) == 2 and differences_from_model(image(*JADES[2:]), any_bands()) == []
    assert judge_bands(JADES, any_bands()).warnings == ()
    assert differences_from_model(image("F150W"), any_bands())[0].startswith("zpix run needs --force: fewer than 3")


def test_what_was_measured_with_a_band_that_was_not_taught_is_expected_there():
    bands = ("F150W", "F182M", "F277W")
    measured = MeasuredSurveys("F444W < 28", (*SURVEYS.sets, MeasuredSet("with F182M", bands, 0.03, 0.07)))
    told = expected_in(bands, replace(any_bands(), surveys=measured))
    assert told.is_exact and told.measured.survey == "with F182M"


def test_what_to_expect_is_that_of_the_taught_bands(caplog):
    with caplog.at_level(logging.INFO):
        told = say_what_to_expect(("F182M", *BAND_SETS["COSMOS-Web"]), narrowed(any_bands(), ("F182M", *JADES)))
    assert told.is_exact and "20% outliers" in caplog.text
    assert expected_in(("F444W", "F150W", "F200W"), any_bands()).measured is None
