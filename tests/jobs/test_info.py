"""What there is to know of a model, a training store and the result of a run (the last in test_run_bands.py)."""

from __future__ import annotations

import shutil

import pytest

import zpix
from tests.training.scenery import BANDS, blob_store
from zpix.cli.describing import describe
from zpix.errors import InputFileError


def test_of_the_shipped_model():
    facts = zpix.info()
    assert facts["kind"] == "model" and facts["name"] == "zpix-default-9"
    assert facts["counts"]["train"]["redshifts"] == 32702 and len(facts["model"]["bands"]) == 27
    lines = describe(facts)
    table = next(number for number, line in enumerate(lines) if line.startswith("measured"))
    assert lines[table].endswith("redshifts of simulated galaxies with F444W < 28:") and any(
        "COSMOS-Web " in line for line in lines[table:]
    )
    assert table <= 10 and max(map(len, lines)) < 160
    assert lines[2].split() == ["network", "resnet10,", "redshift", "head", "bands,", "classes", "galaxy", "star"]
    assert "widths, conformal intervals, eight bits, novelty" in lines[table - 1]


def test_of_a_model_that_tells_little_and_of_the_directory_of_a_training(tmp_path, tiny_model):
    assert any(line.startswith("learnt from") and "does not tell" in line for line in describe(zpix.info(tiny_model)))
    shutil.copy(tiny_model, tmp_path / "model.safetensors")
    assert zpix.info(tmp_path)["path"] == str(tmp_path / "model.safetensors")


def test_of_a_training_store(tmp_path):
    store = blob_store(tmp_path / "store.zarr")
    facts = zpix.info(store.path)
    assert facts["kind"] == "training store" and tuple(facts["bands"]) == BANDS
    assert [facts["counts"][split]["tiles"] for split in ("train", "validation")] == [
        store.count("train"), store.count("validation"),
    ]  # fmt: skip
    lines = describe(facts)
    assert len(lines) <= 10 and any(line.startswith("train ") and "redshifts" in line for line in lines)


def test_of_something_else(tmp_path):
    with pytest.raises(InputFileError, match="neither a model, nor a training store, nor the result of a run"):
        zpix.info(tmp_path)
