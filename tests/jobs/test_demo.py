"""A demo treats what exists as a run does."""

from __future__ import annotations

import logging

import pytest

import zpix
from zpix.config import BAND_SETS
from zpix.errors import BandError, ConfigError, OutputError
from zpix.jobs import demo as demonstration


def test_an_existing_place_is_kept(tmp_path):
    place = tmp_path / "demo"
    (place / "field").mkdir(parents=True)
    with pytest.raises(OutputError, match="demo: already exists; use --overwrite"):
        zpix.demo(place, size_pix=64)
    (place / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        zpix.demo(place, size_pix=64, overwrite=True)
    assert not any((place / "field").iterdir())


def test_bands_that_the_model_cannot_search_are_refused_before_anything_is_drawn(tmp_path):
    with pytest.raises(BandError, match=r"fewer than 3 bands .* F150W F444W is all there is; --force"):
        zpix.demo(tmp_path / "demo", bands=["F150W", "F444W"])
    with pytest.raises(ConfigError, match="neither bands nor one of the surveys"):
        zpix.demo(tmp_path / "demo", bands="SDSS")
    assert not any(tmp_path.iterdir())


def test_the_field_is_drawn_in_the_bands_of_a_survey_and_what_differs_is_said(tmp_path, monkeypatch, caplog):
    asked = {}
    monkeypatch.setattr(demonstration, "simulate", lambda place, **given: asked.update(given))
    monkeypatch.setattr(demonstration, "run", lambda place, **given: None)
    monkeypatch.setattr(demonstration, "evaluate", lambda *places, **given: "report")
    with caplog.at_level(logging.INFO):
        assert zpix.demo(tmp_path / "demo", bands="cosmos-web") == "report"
    assert asked["bands"] == BAND_SETS["COSMOS-Web"]
    assert "drawn without F090W F200W F335M F356W F410M: its scores are those of these 4 bands" in caplog.text
    zpix.demo(tmp_path / "demo")
    assert asked["bands"] is None
