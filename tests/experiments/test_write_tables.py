"""Tables of the pages, written from a small made-up result."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from experiments.write_tables import AIMS, BEGIN, END, KEPT, aims_text, main, readme_text, replaced, results_text

ROOT = Path(__file__).parents[2]
METHODS = ("zpix", "sfhz templates", "simulation's templates", "sfhz templates, perfect photometry")


def estimate(value: float | None) -> dict:
    return {"value": value, "error": None if value is None else 0.001}


def scores(count: int, value: float) -> dict:
    names = ("bias", "sigma_nmad", "outlier_fraction", "pit_ks", "coverage_68", "coverage_95", "crps", "cde_loss")
    return {"count": count} | {name: estimate(value) for name in names}


@pytest.fixture
def result() -> dict:
    fraction = {"count": 90, "total": 100} | estimate(0.9)
    nothing = {"count": 0, "total": 0} | estimate(None)
    return {
        "about": {
            "model": "tiny", "zpix": "0.1", "date": "2026-11-28", "machine": "a machine, 2 cores", "seeds": [1, 2],
            "size_pix": 512,
        },
        "detection": {
            name: {limit: dict.fromkeys(("completeness", "purity"), fraction) for limit in ("27", "28", "28.5")}
            for name in ("zpix", "photutils")
        },
        "redshifts": {
            name: {"27": scores(1000, 0.01 * number), "28": scores(3828, 0.02 * number)}
            for number, name in enumerate(METHODS, start=1)
        },
        "spectroscopic": scores(32, 0.5),
        "selections": {
            name: {"6": {"recall": fraction, "purity": nothing}, "10": {"recall": nothing, "purity": nothing}}
            for name in METHODS[:3]
        },
        "ceiling": {},
        "aims": [
            {"name": "PIT KS", "values": [0.01, None, 0.02], "low": None, "high": 0.03, "met": True},
            {"name": "inside 68 %", "values": [0.7, 0.7, 0.71], "low": 0.66, "high": 0.7, "met": False},
        ],
    }  # fmt: skip


def rows(text: str) -> list[list[str]]:
    return [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]


def test_the_pages_show_the_same_scores(result):
    readme, page, aims = readme_text(result), results_text(result), aims_text(result)
    for text in (readme, page, aims):
        assert "`tiny`; 2 fields of 512 × 512 pixels (seeds 1, 2); 3,828 galaxies" in text
    for text in (readme, page):
        assert "| σ_NMAD, F444W < 28 | 0.020 ± 0.001 | 0.040 ± 0.001 | 0.060 ± 0.001 |" in text
    assert "F444W < 27" not in readme and "| σ_NMAD, F444W < 27 | 0.010 ± 0.001 |" in page
    assert "| purity of galaxies beyond z = 6, F444W < 28 | - | - | - |" in readme
    assert "| PIT KS | 0.010 | - | 0.020 | ≤ 0.03 | yes |" in aims
    assert "| inside 68 % | 0.700 | 0.700 | 0.710 | ≥ 0.66 and ≤ 0.7 | no |" in aims
    assert "| sfhz templates, perfect photometry | 3828 | 0.080 ± 0.001 |" in page and "perfect" not in readme


def test_only_what_is_between_the_markers_changes(result, tmp_path):
    (tmp_path / "docs" / "notebook").mkdir(parents=True)
    for name in ("README.md", "docs/results.md", AIMS):
        (tmp_path / name).write_text(f"before\n\n{BEGIN}\nold numbers\n{END}\n\nafter\n")
    (tmp_path / "marks.json").write_text(json.dumps(result))
    asked = [str(tmp_path / "marks.json"), "--root", str(tmp_path)]
    main(asked)
    page = (tmp_path / "docs" / "results.md").read_text("utf-8")
    assert page.startswith(f"before\n\n{BEGIN}\n") and page.endswith(f"\n{END}\n\nafter\n") and "old" not in page
    assert json.loads((tmp_path / KEPT).read_text("utf-8")) == result
    main([str(tmp_path / KEPT), *asked[1:]])
    assert (tmp_path / "docs" / "results.md").read_text("utf-8") == page


def test_a_page_without_markers_is_named():
    for page in ("no markers", f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}"):
        with pytest.raises(SystemExit, match=r"README\.md: needs one line"):
            replaced(page, "text", name="README.md")


def test_the_pages_show_what_is_kept():
    if not (ROOT / KEPT).is_file():
        pytest.skip(f"{KEPT} does not exist yet")
    kept = json.loads((ROOT / KEPT).read_text("utf-8"))
    texts = {"README.md": readme_text(kept), "docs/results.md": results_text(kept), AIMS: aims_text(kept)}
    for name, text in texts.items():
        page = (ROOT / name).read_text("utf-8")
        assert replaced(page, text, name=name) == page, f"{name}: run experiments/write_tables.py {KEPT}"


def test_every_table_has_a_cell_for_each_heading(result):
    for text in (readme_text(result), results_text(result)):
        for block in re.findall(r"(?:^\|.*\n?)+", text, re.M):
            assert len({len(row) for row in rows(block)}) == 1
