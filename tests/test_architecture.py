"""Does the code keep to the rooms that docs/architecture.md describes? Read with `ast`, without running any of it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath

import pytest

from tests.import_rules import DATA_PACKAGES, DISTRIBUTIONS, FOR_EVERYBODY, NEEDED_BY_OTHERS, RIVALS, RULES

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "zpix"
MOST_LINES = 400  # beyond, a file has become two nouns
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "common", "misc", "tools", "old", "new", "v2"}


def room_of(file: str) -> str:
    """Room of a file given relative to the package: its folder, or its own name beside the folders."""
    return PurePosixPath(file).parts[0].removesuffix(".py")


@cache
def nodes(source: str) -> tuple[ast.AST, ...]:
    """Every node of a file; files are looked through many times, and read once."""
    return tuple(ast.walk(ast.parse(source)))


def imported_modules(file: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and full name of every module that a file imports, inside functions too.

    Names of `from zpix import ...` count as modules.
    """
    package = ["zpix", *PurePosixPath(file).parent.parts]
    for node in nodes(source):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"zpix.{alias.name}" for alias in node.names] if module == "zpix" else [module]
            yield from ((node.lineno, name) for name in names)


def calls(source: str, name: str) -> Iterator[int]:
    """Lines on which a function of that name is called."""
    for node in nodes(source):
        if isinstance(node, ast.Call):
            called = node.func
            own = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if own == name:
                yield node.lineno


def violations(files: Mapping[str, str]) -> list[str]:
    """Every broken rule as a sentence; `files` maps paths inside the package to their text."""
    found = []
    for file, source in files.items():
        room = room_of(file)
        if file != "__init__.py":
            if room not in RULES:
                found.append(f"{file}: '{room}' has no rule in RULES")
                continue
            for line, module in imported_modules(file, source):
                found += [f"{file}:{line}: {broken}" for broken in _broken_by(room, module)]
            found += [f"{file}:{line}: imports by name hide from this test" for line in calls(source, "import_module")]
            found += [f"{file}:{line}: imports by name hide from this test" for line in calls(source, "__import__")]
        if room != "cli":
            found += [f"{file}:{line}: only cli prints" for line in calls(source, "print")]
        if not ast.get_docstring(nodes(source)[0]):
            found.append(f"{file}: has no docstring")
        if len(source.splitlines()) > MOST_LINES:
            found.append(f"{file}: has more than {MOST_LINES} lines")
        if PurePosixPath(file).stem in NAMES_THAT_SAY_NOTHING or room in NAMES_THAT_SAY_NOTHING:
            found.append(f"{file}: its name does not say what it is for")
    return found


def _broken_by(room: str, module: str) -> Iterator[str]:
    package, _, inner = module.partition(".")
    if package == "zpix":
        other = inner.split(".")[0]
        if other not in RULES:
            yield f"imports '{module}': name the room instead"
        elif other != room and other not in RULES[room].rooms | FOR_EVERYBODY:
            yield f"{room} may not import {other}"
    elif package not in sys.stdlib_module_names and package not in RULES[room].packages:
        yield f"{room} may not import {package}"


def our_files() -> dict[str, str]:
    return {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def test_every_file_keeps_the_rules():
    assert violations(our_files()) == []


def test_every_room_exists_and_no_two_need_each_other():
    assert {room_of(file) for file in our_files()} - {"__init__"} == set(RULES)
    order = TopologicalSorter({room: rule.rooms for room, rule in RULES.items()}).static_order()
    assert set(order) == set(RULES)  # static_order raises CycleError on a circle
    for rule in RULES.values():
        assert rule.rooms <= set(RULES)


def test_every_permission_is_used():
    used: dict[str, set[str]] = {}
    for file, source in our_files().items():
        packages = {module.split(".")[0] for _, module in imported_modules(file, source)}
        used.setdefault(room_of(file), set()).update(packages)
    assert {room: set(rule.packages) - used[room] for room, rule in RULES.items()} == {room: set() for room in RULES}


def test_torch_and_matplotlib_live_where_they_should():
    assert {room for room, rule in RULES.items() if "torch" in rule.packages} == {
        "detector", "training", "search", "adaptation", "jobs", "speed",
    }  # fmt: skip
    assert {room for room, rule in RULES.items() if "matplotlib" in rule.packages} == {"plots"}


DOC = '"""Which question?"""\n'


@pytest.mark.parametrize(
    ("file", "source", "word"),
    [
        ("image/mosaic.py", "import torch", "image may not import torch"),
        ("image/mosaic.py", "def f():\n    import torch.nn as nn", "image may not import torch"),
        ("image/mosaic.py", "from zpix.catalogue import Catalogue", "image may not import catalogue"),
        ("image/mosaic.py", "from ..catalogue.table import Catalogue", "image may not import catalogue"),
        ("image/formats/jades.py", "from ...detector import Detector", "image may not import detector"),
        ("image/mosaic.py", "from zpix import catalogue", "image may not import catalogue"),
        ("image/mosaic.py", "from zpix import run", "name the room"),
        ("image/mosaic.py", "import zpix", "name the room"),
        ("detector/backbone.py", "from zpix.catalogue import Catalogue", "detector may not import catalogue"),
        ("detector/backbone.py", "import numpy as np", "detector may not import numpy"),
        ("evaluation/truth.py", "import matplotlib.pyplot as plt", "evaluation may not import matplotlib"),
        ("catalogue/table.py", "import importlib\nimportlib.import_module('torch')", "hide from this test"),
        ("catalogue/table.py", "print('done')", "only cli prints"),
        ("telescopes/jades.py", "", "has no rule"),
        ("image/utils.py", "", "does not say what it is for"),
        ("image/mosaic.py", "\n" * MOST_LINES, "more than"),
    ],
)
def test_a_broken_rule_is_noticed(file, source, word):
    (found,) = violations({file: DOC + source})
    assert word in found and file in found


def test_a_missing_docstring_is_noticed():
    assert violations({"image/tiles.py": "x = 1"}) == ["image/tiles.py: has no docstring"]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("image/mosaic.py", "import os\nimport numpy as np\nfrom zpix.image.tiles import Tile\nfrom . import regions"),
        ("image/mosaic.py", "from zpix.errors import GridError\nfrom zpix import config"),
        ("cli/fields.py", "def run():\n    from zpix.jobs.run import run\n    print(run())"),
    ],
)
def test_what_is_allowed_passes(file, source):
    assert violations({file: DOC + source}) == []


def test_dependencies_are_those_that_are_imported_and_say_why():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"]
    declared = [
        *project["dependencies"],
        *extras["sim"],
        *extras["scale"],
        *extras["dust"],
        *extras["rival"],
        *extras["int8"],
        *extras["pandas"],
        *extras["onnx"],
    ]
    names = {re.match(r"[A-Za-z0-9._-]+", line).group() for line in declared}  # type: ignore[union-attr]
    ours = our_files()
    packages = {module.split(".")[0] for file in ours for _, module in imported_modules(file, ours[file])}
    third_party = packages - set(sys.stdlib_module_names) - {"zpix"} - RIVALS | DATA_PACKAGES
    assert {DISTRIBUTIONS.get(name, name) for name in third_party} | NEEDED_BY_OTHERS == names
    for package in DATA_PACKAGES:
        assert any(f'package_file("{package}"' in source for source in ours.values())
    for line in declared:
        assert re.search(rf'^    "{re.escape(line)}", +# \S', text, re.MULTILINE), f"{line} does not say why"


def modules_after(code: str) -> set[str]:
    """Packages that are loaded in a fresh interpreter once `code` has run."""
    script = f"import sys\n{code}\nprint('\\nloaded', *{{name.split('.')[0] for name in sys.modules}})"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    return set(result.stdout.splitlines()[-1].split()[1:])


def test_importing_zpix_is_light():
    loaded = modules_after("import zpix; dir(zpix); zpix.ZpixError")
    assert "zpix" in loaded
    assert not loaded & {"torch", "astropy", "matplotlib", "numpy", "scipy", "pydantic", "typer"}


def test_help_answers_before_anything_heavy_is_loaded():
    loaded = modules_after(
        "sys.argv = ['zpix', '--help']\n"
        "from zpix.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )
    assert "typer" in loaded
    assert not loaded & {"torch", "astropy", "matplotlib", "numpy", "scipy"}


def test_public_names_exist_and_are_documented():
    import zpix

    for name in zpix.__all__:
        assert getattr(zpix, name).__doc__, name
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = zpix.no_such_name
