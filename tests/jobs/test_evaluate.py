"""An evaluation replaces an earlier one only when it is told to, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.table import Table

import zpix
from zpix.errors import OutputError
from zpix.jobs.run import run


def test_an_existing_place_is_treated_as_by_a_run(tmp_path, blob_field, tiny_model, blob_search, monkeypatch):
    monkeypatch.setattr("zpix.jobs.evaluate.save_evaluation_figures", lambda _, place: (place / "pit.png").touch())
    run(blob_field, out=tmp_path / "result", model=tiny_model, config=blob_search)
    rows = np.arange(0, 30, 3)
    found = zpix.read_catalogue(tmp_path / "result")[rows]
    truth, out = tmp_path / "truth.csv", tmp_path / "evaluation"
    Table({"ra": found["ra"], "dec": found["dec"], "z": np.linspace(0.5, 4, len(rows))}).write(truth)
    zpix.evaluate(tmp_path / "result", truth, out=out)
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert "report.json" in first and "pit.png" in first
    with pytest.raises(OutputError, match="evaluation: already exists; use --overwrite"):
        zpix.evaluate(tmp_path / "result", truth, out=out)
    zpix.evaluate(tmp_path / "result", truth, out=out, overwrite=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first
    (out / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        zpix.evaluate(tmp_path / "result", truth, out=out, overwrite=True)
    assert (out / "notes.txt").read_text() == "mine"
