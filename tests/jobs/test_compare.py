"""zpix and the rival on one small simulated field, with templates made here."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("eazy", reason="the rival needs the extra 'rival'")
pytest.importorskip("photutils", reason="the rival needs the extra 'rival'")
pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")

from experiments.write_tables import results_text

from experiments import marks
from zpix.errors import InputFileError, OutputError
from zpix.evaluation import GridPdf, Redshifts
from zpix.evaluation.rival import RIVALS, DetectionSettings, FitSettings, Rival, read_template_set
from zpix.jobs.compare import compare
from zpix.scenes import write_field

METHODS = {
    "zpix", "mine templates", "simulation's templates", "mine templates, perfect photometry",
    "simulation's templates, perfect photometry", "flat",
}  # fmt: skip


class Flat(Rival):
    """Gives every source the same PDF, whatever its photometry."""

    uses_photometry_alone = False

    def redshifts(self, sources):
        return Redshifts(GridPdf(np.linspace(0, 10, 101), np.ones((len(sources), 101))), np.full(len(sources), 5.0))


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    return write_field(tmp_path_factory.mktemp("field") / "f778", shape=(448, 448), seed=778)


@pytest.fixture
def templates(tmp_path):
    angstrom = np.geomspace(500, 60000, 300)
    for number, (slope, drop) in enumerate(((-2.0, 1.0), (-1.0, 0.3), (-1.5, 0.1))):
        f_lambda = (angstrom / 4000) ** slope * np.where(angstrom < 4000, drop, 1.0) * (angstrom > 912)
        np.savetxt(tmp_path / f"t{number}.dat", np.stack([angstrom, f_lambda], axis=1))
    (tmp_path / "mine.param").write_text("".join(f"{i + 1} t{i}.dat 1.0\n" for i in range(3)))
    (tmp_path / "zphot.param").write_text("Z_MIN 0.05\nZ_MAX 12.0\nZ_STEP 0.1\nTEMP_ERR_A2 0.2\nSYS_ERR 0.05\n")
    return tmp_path


@pytest.mark.slow
def test_all_contestants_are_scored_on_the_same_galaxies(field, templates, tmp_path, monkeypatch):
    coarse = FitSettings(z_max=12.0, z_step=0.1, template_error=0.0, systematic_error=0.02)
    monkeypatch.setattr("zpix.evaluation.rival.rivals._OWN_TEMPLATES", coarse)
    monkeypatch.setitem(RIVALS._entries, "flat", Flat)
    out = tmp_path / "out"
    asked = {
        "out": out,
        "rivals": ["flat"],
        "templates": [templates / "mine.param"],
        "eazy_param": templates / "zphot.param",
    }
    result = compare(field, **asked)
    assert set(result.redshifts) == METHODS
    assert {scores["all"].count for scores in result.redshifts.values()} == {len(result.magnitude)}
    assert len(result.magnitude) >= 5
    assert {tuple(sample.z_true) for sample in result.samples.values()} == {tuple(result.samples["zpix"].z_true)}
    own = result.redshifts["simulation's templates, perfect photometry"]["all"]
    assert own.crps.value < result.redshifts["mine templates"]["all"].crps.value  # knowing the sky must help
    assert result.redshifts["flat"]["all"].coverage_68.value < 0.9 and len(result.selections["flat"]) == 2
    assert set(result.detection) == {"zpix", "photutils"}
    assert result.detection["photutils"].completeness_below.value[0] > 0.6
    assert sorted(path.name for path in out.iterdir()) == ["comparison.json", "comparison.png"]
    stored = json.loads((out / "comparison.json").read_text())
    assert stored == result.to_dict() and set(stored["notes"]["flux_scale"]) == {
        "mine templates",
        "simulation's templates",
    }
    assert all(len(row) == len(header) for _, header, rows in result.tables() for row in rows)
    with pytest.raises(OutputError, match="already exists"):
        compare(field, **asked)


def test_a_place_that_is_no_field_is_named(templates, tmp_path):
    with pytest.raises(InputFileError, match=r"nothing.*truth\.fits"):
        compare(tmp_path / "nothing", out=tmp_path / "o", templates=[templates / "mine.param"])
    assert not (tmp_path / "o").exists()


def test_the_settings_of_the_rival_are_scanned(field, templates, monkeypatch):
    from experiments import rival_settings

    monkeypatch.setattr(rival_settings, "_SMOOTHING", (3.0,))
    monkeypatch.setattr(rival_settings, "_THRESHOLD", (4.0, 40.0))
    monkeypatch.setattr(rival_settings, "_MIN_PIXELS", (8,))
    monkeypatch.setattr(rival_settings, "_CONTRAST", (0.003,))
    low, high = rival_settings.scan_detection([field])
    assert low["completeness"] > high["completeness"] and 0 < low["purity"] <= 1
    for name in ("_RADIUS_ARCSEC", "_TEMPLATE_ERROR", "_SYSTEMATIC_ERROR"):
        monkeypatch.setattr(rival_settings, name, (0.15,))
    monkeypatch.setattr(rival_settings, "FitSettings", lambda **given: FitSettings(z_max=8.0, z_step=0.1, **given))
    best = DetectionSettings(**low["settings"])
    (row,) = rival_settings.scan_redshifts([field], read_template_set([templates / "mine.param"]), best)
    assert row["count"] == row["largest_likelihood"]["count"] > row["without_neighbours"]["count"] > 0
    assert 0 < row["sigma_nmad"] < 1


@pytest.mark.slow
def test_marks_are_measured_against_the_rival_and_the_ceiling(field, templates, tmp_path, monkeypatch, capsys):
    coarse = FitSettings(z_max=12.0, z_step=0.1, template_error=0.0, systematic_error=0.02)
    monkeypatch.setattr("zpix.evaluation.rival.rivals._OWN_TEMPLATES", coarse)
    (tmp_path / "778").mkdir()
    (tmp_path / "778" / "field").symlink_to(field)
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
    assert len(results_text(found).split("\n\n")) == 4
    marks.print_dependence([one])
    marks.print_halves([one], {"< 27": ceiling, "27-28": ceiling})
    printed = capsys.readouterr().out
    assert printed.count("foreign light") == 1 + 4 and printed.count("half-light radius ≥ 0.15") == 2
