"""What stands on the disk when a run fails, is interrupted or killed, and how it goes on."""

from __future__ import annotations

import multiprocessing
import shutil
import time

import pytest

from tests.finished_runs import contents, kill_in_second_block
from zpix.catalogue import read_catalogue
from zpix.errors import InputFileError, OutputError
from zpix.jobs.run import run, write_run
from zpix.search.searcher import Searcher


def test_an_existing_directory_is_kept(finished, blob_field, tiny_model, blob_search):
    out, _ = finished
    before = contents(out)
    with pytest.raises(OutputError, match=r"already exists.*--overwrite"):
        run(blob_field, out=out, model=tiny_model, config=blob_search)
    assert contents(out) == before


def test_a_failure_leaves_the_earlier_run(tmp_path, finished, blob_field, tiny_model, blob_search):
    out = tmp_path / "out"
    shutil.copytree(finished[0], out)
    with pytest.raises(InputFileError):
        run(tmp_path / "nowhere", out=out, model=tiny_model, config=blob_search, overwrite=True)
    assert contents(out) == contents(finished[0])
    nothing = blob_search.model_copy(update={"score_threshold": 1.0})
    run(blob_field, out=out, model=tiny_model, config=nothing, overwrite=True)
    assert len(read_catalogue(out / "catalogue.fits")) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.slow
def test_a_failure_while_writing_leaves_what_was_found(
    finished, tmp_path, blob_field, tiny_model, blob_search, monkeypatch
):
    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("zpix.search.products.write_regions", full)
        with pytest.raises(OutputError, match="No space left"):
            run(blob_field, out=tmp_path / "out", model=tiny_model, config=blob_search)
    assert [path.name for path in tmp_path.iterdir()] == [".out.partial"]
    assert {path.name for path in (tmp_path / ".out.partial").iterdir()} == {"parts", "settings.json"}
    monkeypatch.setattr("zpix.search.searcher.Searcher._predict", None)  # nothing is searched again
    run(blob_field, out=tmp_path / "out", model=tiny_model, config=blob_search)
    assert contents(tmp_path / "out") == contents(finished[0])
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_interrupted_run_goes_on_where_it_was(finished, tmp_path, blob_field, tiny_model, blob_search, monkeypatch):
    """The field has two blocks; the first try ends at the second."""
    predict, searched = Searcher._predict, []

    def interrupted(self, batch):
        searched.append(len(batch))
        if len(searched) == 3:
            raise KeyboardInterrupt
        return predict(self, batch)

    monkeypatch.setattr("zpix.search.searcher.Searcher._predict", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(blob_field, out=tmp_path / "out", model=tiny_model, config=blob_search)
    assert not (tmp_path / "out").exists()
    with pytest.raises(OutputError, match=r"unfinished run with other settings.*inference.*--overwrite"):
        run(blob_field, out=tmp_path / "out", model=tiny_model, config=blob_search.model_copy(update={"dust": "0.02"}))
    run(blob_field, out=tmp_path / "out", model=tiny_model, config=blob_search)
    assert sum(searched) == 4, "three tiles, one of them twice"
    assert contents(tmp_path / "out") == contents(finished[0])


def test_tiles_side_by_side_give_the_same(finished, tmp_path, blob_field, tiny_model, blob_search, monkeypatch):
    inside, most = [], []

    def counted(self, batch):
        inside.append(batch)
        while len(inside) < 2 and not most:  # the first tile waits for another one beside it
            time.sleep(0.01)
        most.append(len(inside))
        found = predict(self, batch)
        inside.remove(batch)
        return found

    predict = Searcher._predict
    monkeypatch.setattr("zpix.search.searcher.Searcher._predict", counted)
    monkeypatch.setattr("zpix.search.whole_field.choose_at_once", lambda *_, **__: 3)
    run(blob_field, out=tmp_path / "out", model=tiny_model, config=blob_search)
    assert max(most) > 1
    assert contents(tmp_path / "out") == contents(finished[0])


@pytest.mark.slow
def test_other_settings_begin_anew_when_asked(tmp_path, blob_field, tiny_model, blob_search):
    parts = tmp_path / ".out.partial" / "parts"
    parts.mkdir(parents=True)
    (parts / "block-000000.parquet").write_text("of another run")
    (parts.parent / "settings.json").write_text("{}")
    with pytest.raises(OutputError, match="unfinished run with other settings"):
        run(blob_field, out=tmp_path / "out", model=tiny_model, config=blob_search)
    assert len(run(blob_field, out=tmp_path / "out", model=tiny_model, config=blob_search, overwrite=True))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.slow
def test_two_processes_find_the_same(finished, tmp_path, blob_field, tiny_model, blob_search):
    two = blob_search.model_copy(update={"workers": 2})
    assert write_run(blob_field, out=tmp_path / "out", model=tiny_model, config=two).workers == 2
    assert contents(tmp_path / "out") == contents(finished[0])


@pytest.mark.slow
def test_an_interruption_ends_the_workers(tmp_path, blob_field, tiny_model, blob_search, monkeypatch, caplog):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("zpix.progress.ProgressBar.advance", interrupted)  # when the first of two blocks is done
    with pytest.raises(KeyboardInterrupt):
        run(blob_field, out=tmp_path / "out", model=tiny_model, config=blob_search.model_copy(update={"workers": 2}))
    assert multiprocessing.active_children() == []
    assert "the same command goes on after them" in caplog.text
    assert list((tmp_path / ".out.partial" / "parts").glob("block-*.parquet"))


@pytest.mark.slow
def test_a_killed_run_goes_on(finished, tmp_path, blob_field, tiny_model, blob_search, quick_programs):
    out = tmp_path / "out"
    kill_in_second_block(blob_field, out, model=tiny_model, config=blob_search, programs=quick_programs)
    run(blob_field, out=out, model=tiny_model, config=blob_search)
    assert contents(out) == contents(finished[0])
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
