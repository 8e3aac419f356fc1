"""An output directory appears whole or not at all, and nothing of the user's is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpix.errors import OutputError
from zpix.outputs import other_settings, output_directory, refuse_other_settings

PRODUCTS = ("result.txt",)


def write(path: Path, text: str = "new", *, overwrite: bool = False, fail: bool = False) -> None:
    with output_directory(path, products=PRODUCTS, overwrite=overwrite) as place:
        (place / "result.txt").write_text(text)
        if fail:
            raise KeyboardInterrupt


def tree(path: Path) -> list[str]:
    return sorted(str(item.relative_to(path)) for item in path.rglob("*"))


def test_it_appears_when_it_is_whole(tmp_path):
    with output_directory(tmp_path / "deep" / "out", products=PRODUCTS, overwrite=False) as place:
        assert place.is_dir() and not (tmp_path / "deep" / "out").exists()
    assert tree(tmp_path) == ["deep", "deep/out"]


def test_after_a_failure_nothing_is_left(tmp_path):
    (tmp_path / "kept").mkdir()
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "kept" / "made" / "out", fail=True)
    assert tree(tmp_path) == ["kept"]


def test_what_exists_is_replaced_only_when_asked_and_whole(tmp_path):
    out = tmp_path / "out"
    write(out, "old")
    with pytest.raises(OutputError, match="--overwrite"):
        write(out)
    with pytest.raises(KeyboardInterrupt):
        write(out, overwrite=True, fail=True)
    assert (out / "result.txt").read_text() == "old"
    write(out, overwrite=True)
    assert (out / "result.txt").read_text() == "new"
    assert tree(tmp_path) == ["out", "out/result.txt"]


def test_what_is_not_a_run_is_never_replaced(tmp_path, monkeypatch):
    write(tmp_path / "out")
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    with pytest.raises(OutputError, match=r"holds 'thesis\.tex'"):
        write(tmp_path / "out", overwrite=True)
    with pytest.raises(OutputError, match="is a file"):
        write(tmp_path / "out" / "thesis.tex", overwrite=True)
    monkeypatch.chdir(tmp_path / "out")
    for place in (".", "..", "/"):
        with pytest.raises(OutputError, match="holds"):
            write(Path(place), overwrite=True)
    assert tree(tmp_path) == ["out", "out/result.txt", "out/thesis.tex"]


def test_what_an_earlier_crash_left_is_cleared_away(tmp_path):
    (tmp_path / ".out.partial").mkdir()
    (tmp_path / ".out.partial" / "half.fits").touch()
    write(tmp_path / "out")
    assert tree(tmp_path) == ["out", "out/result.txt"]


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/out: cannot be written: Not a directory"):
        write(tmp_path / "file" / "out")
    assert tree(tmp_path) == ["file"]


def test_settings_that_differ_are_named():
    begun = {"seed": 1, "bands": ["A", "B"], "sky": {"depth": 1.0, "stars": True}}
    refuse_other_settings(None, begun, "out: other settings")
    refuse_other_settings(begun, {**begun, "bands": ("A", "B"), "further": None}, "out: other settings")
    assert other_settings(begun, {**begun, "seed": 2}) == {"seed": ("1", "2")}
    with pytest.raises(OutputError, match=r"settings: sky\.depth is 1\.0 there and 2\.0 here; choose another"):
        refuse_other_settings(begun, {**begun, "sky": {"depth": 2.0, "stars": True}}, "out: other settings")
    other = {"seed": 1, "bands": ["F444W" * 20], "sky": {}}
    with pytest.raises(OutputError, match=r"bands differs, and sky\.depth, sky\.stars differ; remove it"):
        refuse_other_settings(begun, other, "out: other settings", remedy="remove it")
