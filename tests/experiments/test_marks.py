"""The aims of zpix, measured on one small field."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("eazy", reason="the simulator and the rival need the extras 'sim' and 'rival'")
pytest.importorskip("photutils", reason="the rival needs the extra 'rival'")

from experiments import marks
from experiments.write_tables import aims_text, results_text


@pytest.mark.slow
@pytest.mark.usefixtures("coarse_redshifts")
def test_marks_are_measured_against_the_rival_and_the_ceiling(contest_field, templates, tmp_path, capsys):
    (tmp_path / "778").mkdir()
    (tmp_path / "778" / "field").symlink_to(contest_field)
    templates_of_others = [templates / "mine.param"]
    one = marks.measure(tmp_path / "778", 778, size=448, rival=templates_of_others, model=None, workers=1)
    assert {len(values) for values in one.quantities.values()} == {len(one.report.sample)} == {len(one.spectroscopic)}
    np.testing.assert_array_equal(one.quantities["redshift"], one.report.sample.z_true)
    ceiling = {"sigma_nmad": {"value": 0.01}, "outlier_fraction": {"value": 0.02}}
    found = {mark.name: mark for mark in marks.marks([[one], [one, one]], ceiling)}
    own, theirs = (one.comparison.redshifts[name]["F444W < 28"] for name in ("zpix", "mine templates"))
    ratio = found["σ_NMAD over that of the mine templates, F444W < 28"]
    assert ratio.values[0] == pytest.approx(own.sigma_nmad.value / theirs.sigma_nmad.value)
    assert found["σ_NMAD over the ceiling's"].values[0] == pytest.approx(own.sigma_nmad.value / 0.01)
    detection = one.comparison.detection
    gain = detection["zpix"].completeness_below.value[2] - detection["photutils"].completeness_below.value[2]
    assert found["completeness less that of photutils"].values == pytest.approx((gain, gain))
    assert found["outliers over those of the mine templates"].met == (
        own.outlier_fraction.value <= 0.5 * theirs.outlier_fraction.value
    )
    found = marks.result([one, one], {"< 28": ceiling}, seeds=[778, 778], size=448)
    assert json.loads(json.dumps(found)) == found
    both = found["redshifts"]["zpix"]["28"]
    assert both["count"] == 2 * own.count and both["sigma_nmad"]["value"] == pytest.approx(own.sigma_nmad.value)
    assert found["about"]["seeds"] == [778, 778] and found["selections"]["mine templates"]["6"]["recall"]["total"] >= 0
    assert [len(text(found).split("\n\n")) for text in (results_text, aims_text)] == [3, 2]
    marks.print_dependence([one])
    marks.print_halves([one], {"< 27": ceiling, "27-28": ceiling})
    printed = capsys.readouterr().out
    assert printed.count("foreign light") == 1 + 4 and printed.count("half-light radius ≥ 0.15") == 2
