"""Examples and the examples in the documentation run, and the pages name what there is."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import typer
from astropy.table import Table

import zpix
from tests.training.scenery import blob_store
from zpix.catalogue import FLAGS, catalogue_columns, read_catalogue
from zpix.cli import app, main
from zpix.detector import detector
from zpix.evaluation import colour_space, read_truth, score_catalogue
from zpix.surveys import RELEASES

pytest.importorskip("eazy", reason="the simulator and the rival need the extras 'sim' and 'rival'")
pytest.importorskip("photutils", reason="the rival needs the extra 'rival'")

ROOT = Path(__file__).parents[1]
EXAMPLES, DOCS = ROOT / "examples", ROOT / "docs"


@pytest.fixture
def small_releases(survey_archive, monkeypatch) -> Iterator[None]:
    """What there is to fetch comes from this machine."""
    serve = runpy.run_path(str(EXAMPLES / "archive_server.py"))["serve"]
    with serve(survey_archive) as url:
        here = {name: replace(r, base=url + urlsplit(r.base).path) for name, r in RELEASES.items()}
        monkeypatch.setattr("zpix.surveys.download.release", here.__getitem__)
        yield


@pytest.fixture
def empty_directory(tmp_path, monkeypatch, tiny_model) -> Path:
    """A place to work in, where a network that has learnt nothing stands in for the shipped one: it is quick.

    It takes everything for a source, so it is given fewer boxes to look at, and maps of colours are trained for less.
    """
    monkeypatch.chdir(tmp_path)
    boxes = detector._proposal_count
    monkeypatch.setattr(detector, "_proposal_count", lambda size, per_megapixel: boxes(size, per_megapixel // 16))
    monkeypatch.setattr(colour_space, "_STEPS_PER_CELL", 50)
    for module in ("detector", "jobs.check", "jobs.demo", "jobs.run"):
        monkeypatch.setattr(f"zpix.{module}.default_model", lambda: tiny_model)
    return tmp_path


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language and text of every fenced block of a page, in order."""
    yield from re.findall(r"^```(\w+)\n(.*?)^```", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def run_commands(page: Path, monkeypatch) -> int:
    """Run what a page tells the reader to type, keep the files it tells them to write; number of commands run."""
    count = 0
    for language, text in blocks(page):
        if language == "toml" and (name := re.match(r"# (\S+\.toml)\n", text)):
            Path(name[1]).write_text(text)
        for line in text.splitlines() if language == "bash" else ():
            if line.startswith("zpix "):
                monkeypatch.setattr(sys, "argv", shlex.split(line, comments=True))
                with pytest.raises(SystemExit) as end:
                    main()
                assert not end.value.code, line
                count += 1
    return count


def write_templates(folder: Path) -> None:
    """Three power laws with a break, in place of the templates that a user has."""
    folder.mkdir()
    angstrom = np.geomspace(500, 60000, 300)
    for number, (slope, drop) in enumerate(((-2.0, 1.0), (-1.0, 0.3), (-1.5, 0.1)), start=1):
        f_lambda = (angstrom / 4000) ** slope * np.where(angstrom < 4000, drop, 1.0) * (angstrom > 912)
        np.savetxt(folder / f"{number}.dat", np.stack([angstrom, f_lambda], axis=1))
    (folder / "corr_sfhz_13.param").write_text("".join(f"{i} {i}.dat 1.0\n" for i in (1, 2, 3)))


@pytest.mark.slow
@pytest.mark.usefixtures("small_releases", "coarse_redshifts")
def test_commands_in_the_documentation_run(empty_directory, monkeypatch, capsys):
    write_templates(empty_directory / "templates")
    assert run_commands(DOCS / "command-line.md", monkeypatch) == len(list(typer_commands())) + 14
    said = capsys.readouterr().err
    assert "Traceback" not in said and "Warning:" not in said
    assert {
        "result",
        "purer",
        "evaluation",
        "aligned",
        "store.zarr",
        "trained",
        "result-mine",
        "small-demo",
        "jades",
        "redshifts.parquet",
    } <= {path.name for path in empty_directory.iterdir()}


@pytest.mark.slow
@pytest.mark.usefixtures("small_releases", "coarse_redshifts")
def test_python_in_the_documentation_runs(empty_directory, capsys):
    write_templates(empty_directory / "templates")
    names: dict[str, object] = {"__name__": "__main__"}
    for language, text in blocks(DOCS / "python.md"):
        assert language == "python"
        exec(compile(text, "docs/python.md", "exec"), names)
    assert "no-such-field" in capsys.readouterr().out
    assert not Path("nothing").exists()


def typer_commands() -> Iterator[tuple[str, list[str]]]:
    """Every command with its long options."""
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        options = [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
        yield name, [option for option in options if option != "--help"]


def test_every_command_and_option_is_on_its_page():
    sections = dict(
        re.findall(r"^## zpix (\w+)\n(.*?)(?=^## |\Z)", (DOCS / "command-line.md").read_text("utf-8"), re.M | re.S)
    )
    commands = dict(typer_commands())
    assert set(sections) == set(commands)
    for name, options in commands.items():
        documented = re.findall(r"`(--[\w-]+)`", "\n".join(re.findall(r"^\| (`--.*?) \|", sections[name], re.M)))
        assert sorted(documented) == sorted(options), name


def test_every_command_of_every_page_is_understood():
    """Commands, options and their values; whether files are there is not asked."""
    group = typer.main.get_command(app)
    pages = [ROOT / "README.md", *DOCS.glob("*.md"), *(ROOT / "integrations").glob("*/README.md")]
    count, wrong = 0, []
    for page in pages:
        shell = "\n".join(text for language, text in blocks(page) if language in ("sh", "bash"))
        for line in shell.replace("\\\n", " ").splitlines():
            command, *arguments = shlex.split(line, comments=True) or [""]
            if command != "zpix" or arguments[:1] == ["--version"]:
                continue
            own = group.commands[arguments[0]]
            try:
                own.make_context(arguments[0], arguments[1:])
            except Exception as error:  # typer's own copy of click raises it
                wrong.append(f"{page.name}: {line}: {error}")
            count += 1
    assert not wrong and count > 80


def test_every_public_name_is_on_its_page():
    headings = "\n".join(re.findall(r"^## (.*)$", (DOCS / "python.md").read_text("utf-8"), re.M))
    assert set(re.findall(r"zpix\.(\w+)", headings)) == set(zpix.__all__)


def test_every_column_and_flag_is_on_its_page():
    text = (DOCS / "catalogue.md").read_text("utf-8")
    columns = {re.sub("_f444w$", "_<band>", column.name) for column in catalogue_columns(["F444W"], 1, reference=True)}
    assert {name for row in re.findall(r"^\| (`[a-z].*?) \|", text, re.M) for name in row.strip("`").split("`, `")} == (
        columns
    )
    assert re.findall(r"^\| `([A-Z_]+)` \| (\d+) \|", text, re.M) == [(flag.name, str(flag.value)) for flag in FLAGS]


@pytest.fixture
def run_script(quick_programs) -> Callable[..., str]:
    """Run a program with the installed `zpix` on its path, and give its standard output."""

    def run(*arguments: str | Path, **environment: str) -> str:
        result = subprocess.run(
            list(map(str, arguments)), capture_output=True, text=True, env=quick_programs | environment, check=False
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run


@pytest.mark.slow
def test_quickstart_and_the_marks_of_three_fields(tmp_path, tiny_model, run_script):
    shown = run_script("python", EXAMPLES / "quickstart.py", "--out", tmp_path, "--size", "256", "--model", tiny_model)
    assert "match a true source" in shown
    assert {path.name for path in tmp_path.iterdir()} == {"field", "result", "evaluation"}

    names = runpy.run_path(str(EXAMPLES / "three_fields.py"))
    report = score_catalogue(
        read_catalogue(tmp_path / "result" / "catalogue.fits"), read_truth(tmp_path / "field" / "truth.fits")
    )
    once, twice = names["marks"]([report]), names["marks"]([report, report])
    assert [mark.name for mark in once] == [mark.name for mark in twice]
    assert twice[0].value == pytest.approx(once[0].value, nan_ok=True)
    assert twice[-1].value == 2 * once[-1].value


def test_marks_are_met_or_missed():
    mark = runpy.run_path(str(EXAMPLES / "three_fields.py"))["Mark"]
    assert mark("coverage", 0.68, 0.01, low=0.60, high=0.76).met
    assert not mark("coverage", 0.77, 0.01, low=0.60, high=0.76).met
    assert not mark("scatter", float("nan"), 0.0, high=0.06).met
    assert mark("bias", float("nan"), 0.0).met


@pytest.mark.slow
def test_a_small_training_through_the_command_line(tmp_path, run_script):
    shown = run_script("bash", EXAMPLES / "train_small.sh", tmp_path, "320")
    assert "redshifts" in shown and "completeness" in shown
    assert len(zpix.load_checkpoint(tmp_path / "model" / "model.safetensors").bands) == 9
    assert (tmp_path / "evaluation" / "report.json").is_file()


@pytest.mark.slow
def test_a_training_is_watched(tmp_path, run_script):
    pytest.importorskip("tensorboard", reason="the extra 'tensorboard' is not installed")
    blob_store(tmp_path / "store", train=2, validation=1)
    settings = '[model]\nbands = ["A", "B", "C"]\npyramid_channels = 16\nbox_hidden = 32\nmask_layers = 1\n'
    (tmp_path / "s.toml").write_text(settings + "[training]\nepochs = 2\nbatch_size = 2\n")
    said = run_script(
        sys.executable, EXAMPLES / "watch_training.py", tmp_path / "store", tmp_path / "out", tmp_path / "s.toml"
    )
    assert "epoch 1 of 2" in said and "finished" in said
    assert any((tmp_path / "out" / "tensorboard").glob("events.*"))


@pytest.mark.slow
def test_jades_from_the_archives_to_a_flagged_catalogue(tmp_path, run_script):
    shown = run_script("bash", EXAMPLES / "jades.sh", tmp_path, "1088", GALAXIES="96")  # the backbone is only begun
    listed = Table.read(next((tmp_path / "jades").glob("*_photometry_v2.0_catalog.fits")), hdu="FLAG")
    assert 400 < len(listed) < 600
    catalogue = read_catalogue(tmp_path / "result" / "catalogue.fits")
    of_survey = catalogue["reference_id"][catalogue["origin"] != "new"]
    assert sorted(of_survey) == sorted(listed["ID"])  # every source has a row, and only one
    galaxies = catalogue[catalogue["class"] == "galaxy"]
    assert np.isfinite(galaxies["z_phot"]).all()
    assert 0.1 < (galaxies["flags"] > 0).mean() < 0.9
    redshifts = Table.read(tmp_path / "store.zarr" / "redshifts.parquet")
    unseen = redshifts[redshifts["use"] == "test"]
    rows = {source: row for row, source in enumerate(catalogue["reference_id"])}
    z_phot = catalogue["z_phot"][[rows[source] for source in unseen["source_id"]]]
    deviation = np.abs(z_phot - unseen["z_spec"]) / (1 + unseen["z_spec"])
    assert len(unseen) > 5 and np.median(deviation) < 0.05
    assert "20 are observed" in shown and (tmp_path / "diagnosis" / "diagnosis.png").is_file()
