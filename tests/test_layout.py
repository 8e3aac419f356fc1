"""Does a command lead to its file?"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from zpix.cli import app

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "zpix"
DOCS = ROOT / "docs"
FOR_EVERYBODY = {"__init__", "__main__", "config", "errors", "outputs", "progress"}
DATA = {"models", "py.typed"}


def test_beside_the_rooms_lies_only_what_is_for_everybody():
    beside = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.name == "config"}
    assert beside == FOR_EVERYBODY
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name not in {"__pycache__", *DATA}}
    assert all((PACKAGE / room / "__init__.py").is_file() for room in rooms)


def test_every_command_is_in_the_table_of_architecture():
    """A row is | `zpix run` | [`jobs/run.py`](../src/zpix/jobs/run.py) | `zpix.run` | [page](page.md#zpix-run) |."""
    page = (DOCS / "architecture.md").read_text("utf-8")
    rows = re.findall(
        r"^\| `zpix (\w+)` \| \[`jobs/(\w+)\.py`\]\((.*?)\) \| `zpix\.(\w+)` \| \[.*?\]\((.*?)#(.*?)\) \|$", page, re.M
    )
    assert [row[0] for row in rows] == [command.name for command in app.registered_commands]
    for command, file, link, function, target, anchor in rows:
        assert command == file == function
        assert (DOCS / link).resolve() == PACKAGE / "jobs" / f"{file}.py"
        assert callable(getattr(import_module(f"zpix.jobs.{file}"), function))
        headings = re.findall(r"^## (.*)$", (DOCS / target).read_text("utf-8"), re.M)
        assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_jobs_are_one_file_per_command():
    files = {path.stem for path in (PACKAGE / "jobs").glob("*.py")} - {"__init__"}
    assert files - {"predict"} == {command.name for command in app.registered_commands}  # predict is for notebooks
