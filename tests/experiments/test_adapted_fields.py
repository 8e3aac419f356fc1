"""Models that are adapted to a field: the mock has what the model was taught, and no more."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import zpix
from experiments import adapted_fields
from experiments.foreign.skies import RECIPE, Family


def test_the_mock_of_an_adaptation_has_the_taught_families_alone(tmp_path, monkeypatch):
    soft, hard, never = (Family(name, name) for name in ("populations", "kcorrect", "never"))
    monkeypatch.setattr(adapted_fields, "draw", lambda *_, **__: None)
    monkeypatch.setattr(adapted_fields, "teach", lambda place, families, **_: Path(place / families[0].name / "m"))
    asked = SimpleNamespace(
        family=[soft, hard], foreign=[never], own=soft, model=None, only_foreign=False, left_out=["kcorrect"],
        out=tmp_path, tiles=1, detector=None, workers=1, calibrate_on=1,
    )  # fmt: skip
    listed = adapted_fields.cases(asked, zpix.load_config(RECIPE))
    assert [(case.name, case.taught, case.foreign) for case in listed] == [
        ("never, never taught", (soft, hard), True), ("populations, taught", (soft, hard), False),
        ("kcorrect, left out", (soft,), True),
    ]  # fmt: skip

    given = {}

    def adapt(*_, config, **__):
        given.update(dict(config.simulation.spectra))
        raise InterruptedError

    monkeypatch.setattr(zpix, "adapt", adapt)
    with pytest.raises(InterruptedError):
        adapted_fields.measure(
            listed[2], tmp_path, (0, 0.0), SimpleNamespace(out=tmp_path, survey="JADES", seed=1, workers=1),
            zpix.load_config(RECIPE),
        )  # fmt: skip
    assert given == {"populations": 1.0}
