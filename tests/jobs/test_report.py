"""A report has everything in one page, in which names stay text, and the same in a PDF."""

from __future__ import annotations

import json
import re

import pytest
from astropy.table import Table

import zpix
from zpix.errors import InputFileError, OutputError
from zpix.jobs.report import _about_mosaics


def parts(page) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page.read_text("utf-8"))


def test_of_a_run(blob_result, tmp_path):
    out = tmp_path / "a <b>" / "run.html"
    page, document = zpix.report(blob_result, out=out)
    text = page.read_text("utf-8")
    assert parts(page) == [
        "What went in", "What the pixels told", "Sources", "Distributions", "Times", "How to cite",
    ]  # fmt: skip
    assert f"{len(zpix.read_catalogue(blob_result))} sources." in text and "MULTIPEAK" in text
    assert not re.search(r'(src|href)="(?!data:)', text) and "<script" not in text
    assert document.read_bytes().startswith(b"%PDF") and document.parent == page.parent
    with pytest.raises(OutputError, match="already exists"):
        zpix.report(blob_result, out=out)


def test_of_an_evaluation(blob_result, blob_field, tmp_path):
    catalogue = zpix.read_catalogue(blob_result)[::3]
    truth = {"ra": catalogue["ra"], "dec": catalogue["dec"], "z_true": catalogue["z_phot"] + 3}
    Table({**truth, "mag_f444w": [25.0] * len(catalogue)}).write(tmp_path / "<i>truth.fits")
    evaluation = tmp_path / "evaluation"
    zpix.evaluate(blob_result, tmp_path / "<i>truth.fits", out=evaluation)
    page, document = zpix.report(evaluation)
    text = page.read_text("utf-8")
    assert {"Scores", "Figures", "The worst failures", "Sources"} <= set(parts(page))
    assert "&lt;i&gt;truth.fits" in text and "<i>" not in text
    assert "stamps, PDFs and fluxes of the worst failures" in text and document.is_file()
    assert "completeness and purity by redshift" in text
    with pytest.raises(OutputError, match=r"report\.html: already exists"):
        zpix.report(evaluation / "report.json")  # its directory is meant
    record = json.loads((evaluation / "report.json").read_text())
    del record["inputs"]
    (evaluation / "report.json").write_text(json.dumps(record))
    with pytest.raises(InputFileError, match="does not say what it was made from"):
        zpix.report(evaluation, overwrite=True)


def test_of_nothing(tmp_path):
    with pytest.raises(InputFileError, match="is no result of zpix run"):
        zpix.report(tmp_path)
    with pytest.raises(OutputError, match=r"must end in \.html"):
        zpix.report(tmp_path, out=tmp_path / "report.pdf")


def test_bands_with_a_flux_factor_alone_are_not_said_to_be_repaired_otherwise():
    plain = {"sky_njy": 0.0, "error_factor": 1.0, "flux_factor": 1.0}
    repairs = [{**plain, "band": "F115W", "flux_factor": 1.05}, {**plain, "band": "F444W", "error_factor": 1.3}]
    (said,) = _about_mosaics({"bands": [], "repairs": repairs}).paragraphs
    assert said == "F444W: errors were multiplied by 1.3."
