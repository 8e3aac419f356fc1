"""Runs of these tests do without their picture, whose words and numbers take a third of a small run's time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import zpix


def no_picture(path: Path, *_what: Any, **_options: Any) -> None:
    """Stand in for `zpix.plots.draw_detections`, which test_run.py and the tests of the command line call."""
    path.write_bytes(b"no picture")


def small_picture(path: Path, *_what: Any, **_options: Any) -> None:
    """Stand in for the same where the picture is looked at."""
    Image.new("RGB", (8, 8)).save(path)


@pytest.fixture(scope="module", autouse=True)
def without_pictures() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zpix.jobs.run.draw_detections", no_picture)
        yield


@pytest.fixture(scope="session")
def blob_result(blob_field, blob_search, tiny_model, tmp_path_factory) -> Path:
    """The result of a run on `blob_field`, which tests look at and add to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zpix.jobs.run.draw_detections", small_picture)
        place = tmp_path_factory.mktemp("finished") / "result"
        zpix.run(blob_field, out=place, model=tiny_model, config=blob_search)
    return place
