"""Libraries are loaded without looks for garbage, once in a process."""

from __future__ import annotations

import gc

import pytest

from zpix.cli.loading import loading


@pytest.fixture(autouse=True)
def as_a_fresh_process():
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_collected_while_libraries_are_loaded_and_they_are_left_alone_later():
    with loading():
        assert not gc.isenabled()
        kept = [[]]
    assert gc.isenabled() and gc.get_freeze_count() > 0
    assert not any(one is kept for one in gc.get_objects()), "it is frozen"
    later = [[]]
    assert any(one is later for one in gc.get_objects())


def test_garbage_is_collected_again_after_a_failure_and_a_second_command_freezes_nothing():
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()
    before = gc.get_freeze_count()
    with loading():
        assert gc.isenabled()
    assert gc.get_freeze_count() == before
