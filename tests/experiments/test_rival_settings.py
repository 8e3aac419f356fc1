"""The settings of photutils and EAZY, scanned on one small field."""

from __future__ import annotations

import pytest

pytest.importorskip("eazy", reason="the rival needs the extra 'rival'")
pytest.importorskip("photutils", reason="the rival needs the extra 'rival'")
pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")

from experiments import rival_settings
from zpix.evaluation.rival import DetectionSettings, FitSettings, read_template_set


@pytest.mark.slow
def test_the_settings_of_the_rival_are_scanned(contest_field, templates, monkeypatch):
    monkeypatch.setattr(rival_settings, "_SMOOTHING", (3.0,))
    monkeypatch.setattr(rival_settings, "_THRESHOLD", (4.0, 40.0))
    monkeypatch.setattr(rival_settings, "_MIN_PIXELS", (8,))
    monkeypatch.setattr(rival_settings, "_CONTRAST", (0.003,))
    low, high = rival_settings.scan_detection([contest_field])
    assert low["completeness"] > high["completeness"] and 0 < low["purity"] <= 1
    for name in ("_RADIUS_ARCSEC", "_TEMPLATE_ERROR", "_SYSTEMATIC_ERROR"):
        monkeypatch.setattr(rival_settings, name, (0.15,))
    monkeypatch.setattr(rival_settings, "FitSettings", lambda **given: FitSettings(z_max=8.0, z_step=0.1, **given))
    best = DetectionSettings(**low["settings"])
    (row,) = rival_settings.scan_redshifts([contest_field], read_template_set([templates / "mine.param"]), best)
    assert row["count"] == row["largest_likelihood"]["count"] > row["without_neighbours"]["count"] > 0
    assert 0 < row["sigma_nmad"] < 1
