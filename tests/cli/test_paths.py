"""A wrong path is told at once, before torch is loaded, in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from zpix.cli.paths import require_inputs
from zpix.errors import InputFileError

# Commands with a path that does not exist, and what the sentence names. {d}: a directory with a file that exists.
WRONG = {
    "run {d}/nowhere -o {d}/out": "nowhere",
    "run {d}/a.fits {d}/b.fits -o {d}/out": "b.fits",
    "run F115W={d}/b.fits -o {d}/out": "b.fits",
    "run {d}/empty -o {d}/out": "holds no mosaic",
    "run {d}/a.fits -o {d}/out --model {d}/no.safetensors": "no.safetensors",
    "run {d}/a.fits -o {d}/out --config {d}/no.toml": "no.toml",
    "run {d}/a.fits -o {d}/out --dust {d}/no.fits": "no.fits",
    "run {d}/a.fits -o {d}/out --reference {d}/no.csv": "reference '{d}/no.csv'",
    "run {d}/a.fits -o {d}/empty": "already exists",
    "demo -o {d}/out --model {d}/no.safetensors": "no.safetensors",
    "demo -o {d}/empty": "already exists",
    "simulate -o {d}/out --config {d}/no.toml": "no.toml",
    "align {d}/no.fits -o {d}/out": "no.fits",
    "prepare {d}/a.fits --segmentation {d}/a.fits --catalogue {d}/no.csv -o {d}/out": "catalogue '{d}/no.csv'",
    "prepare --redshifts {d}/no.fits -o {d}/out.fits": "no.fits",
    "prepare --redshifts {d}/no.csv:q=4,3 -o {d}/out.fits": "redshifts '{d}/no.csv'",
    "pretrain {d}/no.zarr -o {d}/out": "no.zarr",
    "train {d}/no.zarr -o {d}/out": "no.zarr",
    "train {d}/empty -o {d}/out --init {d}/no.safetensors": "no.safetensors",
    "calibrate {d}/no.safetensors {d}/empty": "no.safetensors",
    "bench --model {d}/no.safetensors": "no.safetensors",
    "info {d}/no.safetensors": "no.safetensors",
    "evaluate {d}/no.fits {d}/a.fits -o {d}/out": "catalogue '{d}/no.fits'",
    "evaluate {d}/a.fits {d}/no.fits -o {d}/out": "truth '{d}/no.fits'",
    "compare {d}/empty -o {d}/out --templates {d}/no.param": "no.param",
    "match {d}/a.fits {d}/no.fits": "no.fits",
    "diagnose {d}/a.fits --redshifts {d}/no.csv -o {d}/out": "no.csv",
    "fetch model --checksums {d}/no.txt": "no.txt",
}

# Runs each command line in one process, and prints exit codes and sentences, and whether torch was loaded.
SCRIPT = """
import contextlib, io, json, sys
from zpix.cli import main
told = []
for line in json.load(sys.stdin):
    sys.argv, error = ["zpix", *line.split()], io.StringIO()
    try:
        with contextlib.redirect_stderr(error):
            main()
        code = 0
    except SystemExit as end:
        code = end.code
    told.append([code, error.getvalue(), "torch" in sys.modules])
json.dump(told, sys.stdout)
"""


def test_wrong_paths_are_told_before_torch_is_loaded(tmp_path: Path):
    (tmp_path / "a.fits").touch()
    (tmp_path / "empty").mkdir()
    lines = [line.format(d=tmp_path) for line in WRONG]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=json.dumps(lines), capture_output=True, text=True, timeout=60, check=True
    )
    for line, word, (code, sentence, torch) in zip(lines, WRONG.values(), json.loads(done.stdout), strict=True):
        assert code == 2 and not torch, (line, sentence)
        assert sentence.startswith("zpix: ") and sentence.count("\n") == 1 and "Traceback" not in sentence, sentence
        assert word.format(d=tmp_path) in sentence, (line, sentence)
    assert {path.name for path in tmp_path.iterdir()} == {"a.fits", "empty"}


def test_paths_that_exist_and_names_that_are_none_are_let_pass(tmp_path: Path):
    (tmp_path / "a.fits").touch()
    (tmp_path / "z:1.csv").touch()
    require_inputs(
        mosaics=[tmp_path / "a.fits", f"F444W={tmp_path / 'a.fits'}"],
        model="imagenet",
        redshifts=[f"{tmp_path / 'a.fits'}:q=4,3", tmp_path / "z:1.csv"],
        dust="sfd",
        catalogue=None,
    )
    with pytest.raises(InputFileError, match="left segmentation"):
        require_inputs(left_segmentation=tmp_path / "none.fits")
