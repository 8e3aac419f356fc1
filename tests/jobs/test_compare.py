"""zpix and the rival on one small simulated field, with templates made here."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("eazy", reason="the simulator and the rival need the extras 'sim' and 'rival'")
pytest.importorskip("photutils", reason="the rival needs the extra 'rival'")

from zpix.errors import ConfigError, InputFileError, OutputError
from zpix.evaluation import GridPdf, Redshifts
from zpix.evaluation.rival import RIVALS, Rival
from zpix.jobs.compare import compare

METHODS = {
    "zpix", "mine templates", "simulation's templates", "mine templates, perfect photometry",
    "simulation's templates, perfect photometry", "flat",
}  # fmt: skip


class Flat(Rival):
    """Gives every source the same PDF, whatever its photometry."""

    uses_photometry_alone = False

    def redshifts(self, sources):
        return Redshifts(GridPdf(np.linspace(0, 10, 101), np.ones((len(sources), 101))), np.full(len(sources), 5.0))


@pytest.mark.slow
@pytest.mark.usefixtures("coarse_redshifts")
def test_all_methods_are_scored_on_the_same_galaxies(contest_field, templates, tmp_path, open_registry):
    open_registry(RIVALS)
    RIVALS.add("flat", Flat)
    out = tmp_path / "out"
    asked = {
        "out": out,
        "rivals": ["flat"],
        "templates": [templates / "mine.param"],
        "eazy_param": templates / "zphot.param",
    }
    result = compare(contest_field, **asked)
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
        compare(contest_field, **asked)


def test_a_place_that_is_no_field_is_named(templates, tmp_path):
    with pytest.raises(InputFileError, match=r"nothing.*truth\.fits"):
        compare(tmp_path / "nothing", out=tmp_path / "o", templates=[templates / "mine.param"])
    assert not (tmp_path / "o").exists()


def test_an_unknown_rival_is_named_before_anything_is_run(contest_field, templates, tmp_path):
    with pytest.raises(ConfigError, match="rival 'bpz' is unknown; known are eazy"):
        compare(contest_field, out=tmp_path / "o", templates=templates / "mine.param", rivals=["bpz"])
