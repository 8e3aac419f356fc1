"""Do the pages hold together: links, citation, changelog?"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import zpix

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")])
NOTEBOOK = ROOT / "docs" / "notebook"
ENTRIES = sorted(page for page in NOTEBOOK.glob("*.md") if page.name != "README.md")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def without_code(text: str) -> str:
    """Text of a page without fenced blocks and code in a line."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def links(text: str) -> Iterator[tuple[str, str]]:
    """Path and anchor of every link of a page that does not leave the repository."""
    yield from re.findall(r"\]\((?![a-z]+:)([^)#\s]*)#?([^)\s]*)\)", without_code(text))


def anchors(text: str) -> set[str]:
    """Anchors of a page's headings, as GitHub and MyST (`myst_heading_anchors`) make them."""
    headings = re.findall(r"^#+ +(.*?) *$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.M)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_a_file_and_a_heading(page):
    text = page.read_text("utf-8")
    for path, anchor in links(text):
        target = page.parent / path if path else page
        assert target.exists(), f"{path} is missing"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target.read_text("utf-8")), f"{path}#{anchor} is no heading"


def test_a_broken_link_is_noticed():
    text = "# One & two\nSee [a](b.md#c-d), [e](#one--two) and `[no](link)`; [f](https://example.org) leaves."
    assert list(links(text)) == [("b.md", "c-d"), ("", "one--two")]
    assert anchors(text) == {"one--two"}


def test_what_code_says_of_pages_is_there():
    files = subprocess.run(["git", "ls-files", "*.py", "*.sh", "*.toml", "Makefile"], cwd=ROOT, capture_output=True)
    for name in files.stdout.decode().split():
        text = (ROOT / name).read_text("utf-8")
        for path in re.findall(r"(?<![\w/.])docs/[\w/.-]+\.md", text):
            assert (ROOT / path).exists(), f"{name} names {path}"


def entries_of_toctrees() -> set[str]:
    """Pages that the site's lists of pages name, as paths without ending."""
    found = set()
    for page in (ROOT / "docs").glob("*.md"):
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
            found.update(line for line in block.splitlines() if line and not line.startswith(":"))
    return found


def test_every_page_is_in_a_list_of_the_site():
    pages = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in (ROOT / "docs").glob("*.md")}
    assert entries_of_toctrees() == pages - {"index"} | {"notebook/README"}


def test_every_public_name_is_on_the_page_of_the_api():
    named = re.findall(
        r"^\.\. auto(?:function|class):: zpix\.(\w+)$", (ROOT / "docs" / "api.md").read_text("utf-8"), re.M
    )
    assert len(named) == len(set(named)) and set(named) == set(zpix.__all__)


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path):
    """Its notebooks are left out here: `make docs` runs them."""
    for package in ("sphinx", "myst_nb", "pydata_sphinx_theme", "numpydoc", "sphinx_copybutton"):
        pytest.importorskip(package, reason="the extra 'docs' is not installed")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "-q",
        "-D",
        "nb_execution_mode=off",
        "-b",
        "html",
        "docs",
        tmp_path,
    ]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert built.returncode == 0, built.stderr
    assert "zpix.run" in (tmp_path / "api.html").read_text("utf-8")
    front = (tmp_path / "index.html").read_text("utf-8")
    assert 'href="train-for-your-survey.html"' in front


@pytest.mark.parametrize("page", ENTRIES, ids=lambda page: page.stem)
def test_a_page_of_the_notebook_has_its_four_parts(page):
    assert re.fullmatch(r"20\d\d-\d\d-\d\d-[a-z0-9-]+", page.stem)
    text = page.read_text("utf-8")
    assert re.findall(r"^## (.*)$", text, re.M) == ["Question", "Command", "Table", "Conclusion"]
    assert re.match(r"# .*\?\n\n\d+ [A-Z][a-z]+ 20\d\d", text), "a page opens with its question and its date"


def test_every_page_of_the_notebook_is_in_its_index():
    listed = [path for path, _ in links((NOTEBOOK / "README.md").read_text("utf-8")) if not path.startswith("..")]
    assert sorted(listed) == [page.name for page in ENTRIES]


def test_citation_and_package_name_the_same_version():
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"\nversion: {project['version']}\n" in citation
    assert f"\nlicense: {project['license']}\n" in citation
    (author,) = project["authors"]
    assert f"\n  - name: {author['name']}\n" in citation
    assert "doi: 10.33232/001c.156099" in citation


@pytest.mark.slow
def test_the_script_for_many_fields_makes_one_catalogue(tmp_path):
    """The script of docs/scaling.md, on two fields whose sources are all counted from 1."""
    pytest.importorskip("hats_import", reason="the extra 'scale' is not installed")
    (script,) = re.findall(r"```python\n(from pathlib.*?)```", (ROOT / "docs" / "scaling.md").read_text("utf-8"), re.S)
    (tmp_path / "import_fields.py").write_text(script, encoding="utf-8")
    for ra, field in ((10.0, "east"), (9.9, "west")):
        (tmp_path / "results" / field).mkdir(parents=True)
        columns = {"id": np.arange(1, 8, dtype=np.int32), "ra": ra + np.arange(7) / 100, "dec": np.full(7, -27.0)}
        mixture = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(14.0)), 2)
        table = pa.table({**columns, "zmix_mean": mixture})
        pq.write_table(table, tmp_path / "results" / field / "catalogue.parquet")
    subprocess.run([sys.executable, "import_fields.py"], cwd=tmp_path, check=True, capture_output=True, timeout=600)
    parts = [pq.ParquetFile(part).read() for part in (tmp_path / "survey" / "dataset").rglob("*.parquet")
             if not part.name.startswith(("_", "data_thumbnail"))]  # fmt: skip
    found = pa.concat_tables([part.select(["id", "field", "ra", "zmix_mean"]) for part in parts])
    assert len(found) == 14 == len(set(found["id"].to_pylist()))
    ids, fields = (found[name].to_pylist() for name in ("id", "field"))
    by_field = {name: [i for i, own in zip(ids, fields, strict=True) if own == name] for name in ("east", "west")}
    assert sorted(by_field["east"]) == list(range(1, 8))
    assert sorted(by_field["west"]) == [2**32 + number for number in range(1, 8)]
