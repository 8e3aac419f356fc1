"""Memory of this process, and numbers that are kept."""

from __future__ import annotations

import mmap
import os

import pytest

from experiments.mock import timing


def test_memory_of_this_process_is_seen():
    before, _ = timing.tree_memory_mib(os.getpid())
    with mmap.mmap(-1, 64 << 20) as held:  # pages of its own: an array could get some that were used before
        for page in range(0, len(held), mmap.PAGESIZE):
            held[page] = 1
        after, resident = timing.tree_memory_mib(os.getpid())
    assert after - before == pytest.approx(64, abs=16) and resident >= after


def test_large_fields_are_kept(tmp_path):
    found = timing.LargeField((9, 9), 2, 1, 3.0, 5, 4, 0.1, 100.0, 120.0, "here")
    assert timing.kept(tmp_path / "large.json") is None
    timing.keep(tmp_path / "large.json", found)
    assert timing.kept(tmp_path / "large.json") == found
    assert "3.0" not in timing.large_table(None) and "100 MiB" in timing.large_table(found)
