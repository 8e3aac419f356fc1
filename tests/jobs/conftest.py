"""Fixtures of the jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import zpix


def small_picture(path: Path, *_what: Any, **_options: Any) -> None:
    """Stand in for `zpix.plots.draw_detections` where the picture is looked at."""
    Image.new("RGB", (8, 8)).save(path)


@pytest.fixture(scope="module", autouse=True)
def runs_without_pictures(without_pictures) -> None:
    """As for all tests that ask for it."""


@pytest.fixture(scope="session")
def blob_result(blob_field, blob_search, tiny_model, tmp_path_factory) -> Path:
    """The result of a run on `blob_field`, which tests look at and add to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zpix.plots.draw_detections", small_picture)
        place = tmp_path_factory.mktemp("finished") / "result"
        zpix.run(blob_field, out=place, model=tiny_model, config=blob_search)
    return place


@pytest.fixture(scope="module")
def finished(tmp_path_factory, blob_field, tiny_model, blob_search) -> tuple[Path, zpix.Catalogue]:
    """A run over the field with its catalogue, done once for each file of tests, which leave it as it is."""
    out = tmp_path_factory.mktemp("run") / "result"
    return out, zpix.run(blob_field, out=out, model=tiny_model, config=blob_search)
