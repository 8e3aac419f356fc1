"""Does a command lead to its file, has every name one meaning, and is nothing too long to read at once?"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

from zpix.cli import app

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "zpix"
DOCS = ROOT / "docs"
FOR_EVERYBODY = {"__init__", "__main__", "config", "disk_space", "errors", "outputs", "progress"}
DATA = {"models", "py.typed"}
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60  # without its docstring
# Tests of the repository, not of a module.
OF_THE_REPOSITORY = {"architecture", "layout", "documents", "examples", "extending", "benchmarks"}
# Packages that some tests use where they happen to be, though no extra brings them.
OF_NO_EXTRA = {"dask", "dask-jobqueue", "regions"}
# Folders beside the package whose scripts have tests.
BESIDE_THE_PACKAGE = ("experiments", "examples")
SOURCES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = [
    path
    for folder in ("tests", "experiments", "examples", "benchmarks", "recipes")
    for path in (ROOT / folder).rglob("*.py")
]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def named(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_beside_the_rooms_lies_only_what_is_for_everybody():
    beside = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.name == "config"}
    assert beside == FOR_EVERYBODY
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name not in {"__pycache__", *DATA}}
    assert all((PACKAGE / room / "__init__.py").is_file() for room in rooms)


def test_no_public_class_or_function_has_the_name_of_another():
    places = defaultdict(list)
    for path in SOURCES:
        for node in tree(path).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                places[node.name].append(named(path))
    # Overloads of one function are in one file.
    assert {name: files for name, files in places.items() if len(set(files)) > 1} == {}


def test_no_file_has_the_name_of_another():
    places = defaultdict(list)
    for path in SOURCES:
        if path.name != "__init__.py":
            places[path.name].append(named(path))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_files_and_functions_can_be_read_at_once():
    files = [path.relative_to(ROOT).as_posix() for path in (*SOURCES, *SCRIPTS)]
    long = [file for file in files if len((ROOT / file).read_text("utf-8").splitlines()) > MOST_LINES_OF_A_FILE]
    for path in (*SOURCES, *SCRIPTS):
        for node in ast.walk(tree(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = node.end_lineno - node.lineno + 1  # type: ignore[operator]
                first = node.body[0]
                if ast.get_docstring(node) is not None:
                    lines -= first.end_lineno - first.lineno + 1  # type: ignore[operator]
                if lines > MOST_LINES_OF_A_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}: {node.name}")
    assert long == []


def named_after(folder: Path) -> Iterator[tuple[str, Path]]:
    """What each test file below a folder is called after, and where its module should be."""
    for path in sorted(folder.rglob("test_*.py")):
        yield path.stem.removeprefix("test_"), path.relative_to(folder).parent


def test_every_test_file_is_called_after_a_module_of_the_same_folder():
    """`test_run.py` and `test_run_flags.py` are tests of `run.py`."""
    lost = []
    for name, folder in named_after(ROOT / "tests"):
        home = ROOT / folder if folder.parts[:1] and folder.parts[0] in BESIDE_THE_PACKAGE else PACKAGE / folder
        modules = {path.stem for path in home.iterdir() if path.suffix == ".py" or path.is_dir()}
        fits = any(name == module or name.startswith(f"{module}_") for module in modules)
        if not fits and not (folder == Path() and name in OF_THE_REPOSITORY):
            lost.append(f"tests/{folder}/test_{name}.py")
    assert lost == []


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


def test_tests_are_skipped_only_without_packages_that_zpix_names():
    """A package that is no longer asked for would skip its tests for ever, and nobody would see it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [*project["dependencies"], *(one for group in project["optional-dependencies"].values() for one in group)]
    asked_for = {re.split(r"[<>=!~;\[ ]", one)[0].lower().replace("_", "-") for one in extras}
    provided_by = packages_distributions()
    skipped = {
        module: path.name
        for path in (ROOT / "tests").rglob("*.py")
        for module in re.findall(r'importorskip\(\s*"(\w+)', path.read_text("utf-8"))
    }
    assert skipped
    for module, where in skipped.items():
        names = {name.lower().replace("_", "-") for name in provided_by.get(module, [module])}
        assert names & (asked_for | OF_NO_EXTRA), f"{where} is skipped without {module}, which no extra installs"
