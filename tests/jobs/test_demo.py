"""A demo treats what exists as a run does."""

from __future__ import annotations

import pytest

import zpix
from zpix.errors import OutputError


def test_an_existing_place_is_kept(tmp_path):
    place = tmp_path / "demo"
    (place / "field").mkdir(parents=True)
    with pytest.raises(OutputError, match="demo: already exists; use --overwrite"):
        zpix.demo(place, size_pix=64)
    (place / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        zpix.demo(place, size_pix=64, overwrite=True)
    assert not any((place / "field").iterdir())
