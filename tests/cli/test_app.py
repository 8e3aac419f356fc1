"""The command line: a mistake is one sentence and exit code 2, and leaves nothing half-written behind."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from tests.cli.commands import call, mosaics, one_sentence
from tests.training.scenery import blob_store
from zpix.catalogue import read_catalogue
from zpix.cli import main
from zpix.config import load_config


def settings(place: Path) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    file = place / "settings.toml"
    file.write_text(
        "[inference]\ntile_size = 192\nmargin = 64\nscore_threshold = 0.0\nproposals_per_megapixel = 2000\n"
        'device = "cpu"\ndust = "0.02"\n'
    )
    return file


def test_a_run_says_what_it_found_and_where(tmp_path, monkeypatch, capsys, blob_field, tiny_model):
    out = tmp_path / "result"
    code = call(
        monkeypatch, "run", blob_field, "--out", out, "--model", tiny_model, "--config", settings(tmp_path),
        "--precision", "fp32", "--dust", "0.03",
    )  # fmt: skip
    captured = capsys.readouterr()
    catalogue = read_catalogue(out / "catalogue.fits")
    assert code == 0 and all("detections" in line for line in captured.err.splitlines())  # the network knows nothing
    assert captured.out.startswith(f"{len(catalogue)} sources (")
    for name in ("catalogue.fits", "catalogue.parquet", "pdfs.hdf5", "segmentation.fits", "regions.reg"):
        assert str(out / name) in captured.out
    # options win over the file, the file over the defaults, and what was used is kept
    used = load_config(out / "config.toml").inference
    assert (used.tile_size, used.precision, used.dust, used.margin) == (192, "fp32", "0.03", 64)
    np.testing.assert_allclose(catalogue["ebv"], 0.03)


def test_an_existing_output_is_kept(tmp_path, monkeypatch, capsys, blob_field, tiny_model):
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "notes.txt").write_text("mine")
    for options, word in ([], "already exists"), (["--overwrite"], "notes.txt"):
        code = call(monkeypatch, "run", blob_field, "--out", tmp_path / "result", "--model", tiny_model, *options)
        one_sentence(capsys, code, word)
        assert (tmp_path / "result" / "notes.txt").read_text() == "mine"


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch, capsys, blob_field, tiny_model):
    def full(path, *_arguments, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("zpix.search.products.write_config", full)
    code = call(
        monkeypatch, "run", blob_field, "-o", tmp_path / "out" / "run", "-m", tiny_model, "-c", settings(tmp_path)
    )
    one_sentence(capsys, code, "config.toml: No space left on device")
    assert not (tmp_path / "out" / "run").exists()


def test_an_error_of_ours_is_not_hidden(tmp_path, monkeypatch, blob_field, tiny_model):
    def broken(*_arguments, **_options):
        raise AssertionError("an invariant of zpix")

    monkeypatch.setattr("zpix.jobs.run.find_sources", broken)
    monkeypatch.setattr(sys, "argv", ["zpix", "run", str(blob_field), "-o", str(tmp_path / "o"), "-m", str(tiny_model)])
    with pytest.raises(AssertionError, match="an invariant"):
        main()
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing(tmp_path, monkeypatch, capsys, blob_field, tiny_model):
    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("zpix.jobs.run.find_sources", interrupted)
    code = call(monkeypatch, "run", blob_field, "--out", tmp_path / "run", "--model", tiny_model)
    assert code == 130
    assert capsys.readouterr().err == "zpix: interrupted\n"
    assert list(tmp_path.iterdir()) == []


def script(*arguments: str, **options) -> subprocess.CompletedProcess:
    code = "from zpix.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True, timeout=60, check=False, **options
    )


def test_a_closed_pipe_is_no_error_to_read_about():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        result = script("--help", stdout=closed)
    assert result.returncode == 1 and result.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_standard_output_is_one_sentence():
    with open("/dev/full", "w") as full:
        result = script("--version", stdout=full)
    assert result.returncode == 2 and result.stderr == "zpix: No space left on device\n"


def test_version_and_help(monkeypatch, capsys):
    assert call(monkeypatch, "--version") == 0
    assert capsys.readouterr().out.count(".") == 2
    assert call(monkeypatch, "--help") == 0
    shown = capsys.readouterr().out
    for command in ("run", "demo", "simulate", "prepare", "pretrain", "train", "evaluate", "diagnose", "align", "info"):
        assert f" {command} " in shown
        assert call(monkeypatch, command, "--help") == 0
        capsys.readouterr()


def test_info_shows_what_a_model_knows(monkeypatch, capsys, tiny_model):
    assert call(monkeypatch, "info", tiny_model) == 0
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) <= 10 and "tiny" in shown and " F444W" in shown and "resnet18" in shown
    assert call(monkeypatch, "info", tiny_model, "--json") == 0
    shown = capsys.readouterr().out
    assert '"name": "tiny"' in shown and '"F444W"' in shown and '"resnet18"' in shown


MISTAKES = {
    "info {m}/none.safetensors": "none.safetensors",
    "prepare -o {out}": "segmentation map",
    "prepare {m} --segmentation {m}/list.csv --catalogue {m}/list.csv -o {out}": "list.csv",
    "prepare {m} --segmentation {m}/a_f444w_drz.fits --catalogue {m}/no.csv -o {out}": "no.csv",
    "prepare {m} --segmentation {m}/a_f444w_drz.fits --catalogue {m}/list.csv -o {out}": "smaller than a tile",
    "prepare --redshifts {m}/no.fits -o {out}.fits": "no.fits",
    "prepare --redshifts {m}/list.csv -o {out}.fits": "no column 'z_spec'",
    "prepare --redshifts {m}/list.csv -o {out}": ".parquet, .fits, .csv",
    "prepare {m} --redshifts {m}/list.csv:q=4 -o {out}": "segmentation map",
    "prepare --mock 3 --fractions 0.5 0.1 0.1 -o {out}": "sum to one",
    "prepare {m} --mock 3 -o {out}": "give one of them",
    "prepare --mock 0 -o {out}": "mock = 0",
    "prepare --mock 3 --config {m}/jaguar.toml -o {out}": "no column 'RA'",
    "simulate --size 64 --catalogue {m}/none.fits -o {out}": "none.fits",
    "simulate --size 64 --catalogue {m}/a_f444w_drz.fits -o {out}": "has no table",
    "prepare --mock 3 --workers 0 -o {out}": "workers = 0",
    "train {m}/no.zarr -o {out}": "no.zarr",
    "train {store} -o {out}": "A B C",
    "pretrain {store} -o {out}": "A B C",
    "train {store} -o {out} --init {m}/no.safetensors": "no.safetensors",
    "train {store} -o {out} --config {m}/abc.toml --redshift-head {model}": "--backbone, which takes any",
    "train {store} -o {out} --backbone {m}/no.safetensors --config {m}/abc.toml": "no.safetensors",
    "pretrain {store} {store} -o {out}": "part = backbone",
    "pretrain -o {out}": "mock = TILES",
    "pretrain {store} --mock 2 -o {out}": "mock = TILES",
    "pretrain --mock 0 -o {out}": "mock = 0",
    "pretrain --mock 2 --part backbone -o {out}": "images of a store",
    "pretrain {store} -o {out} --backbone imagenet": "part = backbone",
    "pretrain {m}/5x64x64_training.hdf5 -o {out}": "part = backbone",
    "pretrain {store} {store} -o {out} --part backbone": "one store",
    "pretrain {m}/no.hdf5 -o {out} --part backbone": "no.hdf5",
    "pretrain {m}/5x64x64_testing.hdf5 -o {out} --part backbone": "test set",
    "pretrain {m}/5x64x64_validation.hdf5 -o {out} --part backbone": "training file",
    "train {store} -o {out} --config {m}/abc.toml --device abacus": "'abacus'",
    "train {store} -o {m}/list.csv --config {m}/abc.toml": "list.csv",
    "evaluate {m}/no.fits {m}/list.csv -o {out}": "no.fits",
    "evaluate {m}/list.csv {m}/list.csv -o {out}": "list.csv",
    "compare {m} -o {out} --templates {m}/no.param": "no.param",
    "compare {m} -o {out} --templates {m}/list.csv": "no truth.fits",
    "diagnose {m}/no.fits -o {out}": "no.fits",
    "diagnose {m}/list.csv -o {out}": "flux_<band>",
    "diagnose {m}/list.csv -o {out} --number -1": "number = -1",
    "diagnose {m}/list.csv -o {m}": "already exists",
    "align {m} -o {out} --reference F999W": "F999W",
    "align {m} -o {m}": "another directory",
    "simulate -o {out} --size 0": "size_pix = 0",
    "simulate -o {out} --workers 0": "workers = 0",
}


@pytest.mark.parametrize("command", MISTAKES)
def test_mistakes_of_other_commands(command, tmp_path, monkeypatch, capsys, tiny_model):
    place, out = tmp_path / "input", tmp_path / "output" / "new"
    mosaics(place, "a_f444w")
    out.parent.mkdir()
    (place / "list.csv").write_text("id,ra,dec\n1,53.16,-27.79\n")
    Table({"ID": [1]}).write(place / "jaguar.fits")
    for part in ("training", "testing", "validation"):
        (place / f"5x64x64_{part}.hdf5").touch()
    (place / "jaguar.toml").write_text(f"[simulation]\ncatalogues = ['{place / 'jaguar.fits'}']\n")
    (place / "abc.toml").write_text('[model]\nbands = ["A", "B", "C"]\n')
    store = blob_store(tmp_path / "store.zarr").path if "{store}" in command else ""
    filled = command.format(m=place, out=out, store=store, model=tiny_model)
    code = call(monkeypatch, *filled.split())
    one_sentence(capsys, code, MISTAKES[command])
    assert list(out.parent.iterdir()) == []


def test_weights_that_cannot_be_fetched_are_one_sentence(tmp_path, monkeypatch, capsys):
    def unreachable(*args, **options):
        raise FileNotFoundError("Please check your connection")

    place = tmp_path / "output"
    place.mkdir()
    (tmp_path / "abc.toml").write_text('[model]\nbands = ["A", "B", "C"]\n')
    store = blob_store(tmp_path / "store.zarr").path
    for command in ("train", "pretrain --part backbone"):
        words = [*command.split(), str(store), "-o", str(place / "new"), "--config", str(tmp_path / "abc.toml")]
        with monkeypatch.context() as patch:
            patch.setattr("zpix.detector.carrying.pretrained_body", unreachable)
            code = call(patch, *words, "--backbone", "imagenet")
        one_sentence(capsys, code, "cannot be downloaded")
    assert list(place.iterdir()) == []


def test_files_are_named_by_band_on_the_command_line(monkeypatch, tmp_path):
    one, other = (mosaics(tmp_path / name, "image")[0] for name in ("a", "b"))
    assert call(monkeypatch, "align", f"f200w={one}", f"F444W={other}", "--out", tmp_path / "out") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "aligned_f200w_drz.fits",
        "aligned_f444w_drz.fits",
    ]


def test_a_band_that_no_filter_has_is_one_sentence(monkeypatch, capsys, tmp_path):
    (path,) = mosaics(tmp_path / "a", "image")
    assert call(monkeypatch, "align", f"F44W={path}", "--out", tmp_path / "out") == 2
    assert (
        capsys.readouterr().err
        == "zpix: 'F44W' is no filter of JWST or HST, such as F444W or F850LP; is F444W meant?\n"
    )
    assert not (tmp_path / "out").exists()
