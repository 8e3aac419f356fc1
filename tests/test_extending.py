"""The examples of docs/extending.md run as they stand: entries are added from outside of the package, and are used."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from astropy.table import Table

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
pytest.importorskip("photutils", reason="the rival needs the extra 'rival'")

#: Runs the page with fewer boxes, and template fitting with few templates, redshifts and wavelengths.
RUN = """
import runpy
from functools import partial
from zpix.detector import detector
from zpix.evaluation.rival import FitSettings, fit, own_templates, rivals
boxes = detector._proposal_count
detector._proposal_count = lambda size, per_megapixel: boxes(size, per_megapixel // 4)
own_templates._TEMPLATES = own_templates._TEMPLATES[::2]
fit._FILTER_POINTS = 15
rivals._OWN_TEMPLATES = FitSettings(z_max=12.0, z_step=0.25, template_error=0.0, systematic_error=0.02)
rivals.FitSettings = partial(FitSettings, z_max=12.0, z_step=0.25)
runpy.run_path("page.py", run_name="__main__")
"""
PAGE = Path(__file__).parents[1] / "docs" / "extending.md"


def script() -> str:
    """The Python of the page, with empty lines in place of all else, so that errors name its lines."""
    lines, inside = [], False
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("```"):
            inside = line == "```python"
            lines.append("")
        else:
            lines.append(line if inside else "")
    return "\n".join(lines)


@pytest.mark.slow
def test_entries_from_outside_are_used(tmp_path, quick_programs):
    (tmp_path / "page.py").write_text(script())
    result = subprocess.run(
        ["python", "-c", RUN],
        cwd=tmp_path,
        env={**quick_programs, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    catalogue = Table.read(tmp_path / "result" / "catalogue.fits")
    assert "p_qso" in catalogue.colnames  # of a model with the head and the backbone, on the store of the reader
    assert "mean" in (tmp_path / "trained" / "config.toml").read_text()
    for band in ("toy-z", "f150w"):
        assert (tmp_path / "two-cameras" / f"mock_{band}_drz.fits").is_file()
    comparison = json.loads((tmp_path / "comparison" / "comparison.json").read_text())
    assert "breaks" in json.dumps(comparison)
    assert "('F444W',) (320, 320)" in result.stdout


def test_every_registry_is_on_the_page():
    text = PAGE.read_text("utf-8")
    root = PAGE.parents[1] / "src" / "zpix"
    for path in root.rglob("*.py"):
        for name in re.findall(r"^([A-Z_]+): Registry\[", path.read_text("utf-8"), re.M):
            assert f".{name}`" in text, f"{name} of {path}"
