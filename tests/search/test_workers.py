"""Work is shared among processes, and survives them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from zpix.config import InferenceConfig
from zpix.errors import ConfigError, InputFileError, SchedulerError, WorkerError
from zpix.search import choose_at_once, choose_threads, choose_workers, computing_with, in_processes, on_cluster


@dataclass(frozen=True)
class Item:
    index: int


def square(place: Path, item: Item) -> int:
    """The square; 3 ends its process twice, 4 always, and 5 is a mistake."""
    if item.index in (3, 4):
        tried = len(list(place.glob(f"{item.index}-*")))
        (place / f"{item.index}-{tried}").touch()
        if tried < 2 or item.index == 4:
            os.kill(os.getpid(), signal.SIGKILL)
    if item.index == 5:
        raise InputFileError("no such file")
    return item.index**2


def squares(place: Path, *numbers: int, workers: int) -> list[int]:
    return sorted(in_processes(partial(square, place), [Item(number) for number in numbers], workers=workers))


def whereabouts(item: Item) -> tuple[int, int, bool]:
    """This process, the one that started it, and whether it would hear Ctrl-C."""
    return os.getpid(), os.getppid(), signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are forked on Linux alone")
def test_processes_are_forked_from_one_and_do_not_hear_interrupts():
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    places = list(in_processes(whereabouts, [Item(number) for number in range(4)], workers=2))
    processes, parents, hearing = (set(values) for values in zip(*places, strict=True))
    assert len(processes) == 2 and len(parents) == 1
    assert os.getpid() not in processes | parents, "not from this one, which has threads"
    assert hearing == {False}
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before


def test_an_item_survives_two_deaths(tmp_path, caplog):
    assert squares(tmp_path, 3, 1, 2, workers=1) == [1, 4, 9]
    assert caplog.text.count("ended with signal 9") == 2


def test_three_deaths_are_one_sentence(tmp_path):
    with pytest.raises(WorkerError, match=r"block 4 ended 3 worker processes .*signal 9.*--workers"):
        squares(tmp_path, 4, workers=1)


def test_a_mistake_is_passed_on_and_ends_the_others(tmp_path):
    with pytest.raises(InputFileError, match="no such file"):
        squares(tmp_path, 5, 1, workers=2)
    assert multiprocessing.active_children() == []


def test_workers_suit_the_field(monkeypatch):
    monkeypatch.setattr("torch.get_num_threads", lambda: 6)
    memory = SimpleNamespace(available=9 << 30, free=1 << 30)  # the rest are files that were read
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    config = InferenceConfig(device="cpu")
    assert choose_workers(config, tiles=8, blocks=2) == 1
    assert choose_workers(config, tiles=500, blocks=125) == 4, "2 GB each"
    assert choose_workers(config, tiles=500, blocks=3) == 3
    assert choose_workers(config.model_copy(update={"workers": 5}), tiles=8, blocks=8) == 5
    with pytest.raises(ConfigError, match="abacus"):
        choose_workers(config.model_copy(update={"device": "abacus"}), tiles=8, blocks=8)


def test_threads_depend_on_the_field_alone(monkeypatch):
    config = InferenceConfig(device="cpu")
    before = torch.get_num_threads()
    with monkeypatch.context() as patch:
        patch.setattr("torch.get_num_threads", lambda: 6)
        assert choose_threads(config, tiles=5) == 6
        assert choose_threads(config, tiles=6) == 1
        patch.setattr("torch.get_num_threads", lambda: 128)
        assert choose_threads(config, tiles=63) == 128
        assert choose_threads(config, tiles=64) == 1, "several processes share the cores"
    for workers in (0, 1, 9):
        assert choose_threads(config.model_copy(update={"workers": workers}), tiles=500) == 1
    with computing_with(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


def test_numpy_computes_with_one_thread_meanwhile():
    def threads() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["internal_api"] == "openblas"}

    before = threads()
    with threadpool_limits(2), computing_with(1):
        assert threads() <= {1}
    assert threads() == before


def test_tiles_for_all_cores_are_computed_side_by_side(monkeypatch):
    memory = SimpleNamespace(available=64 << 30)
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    monkeypatch.setattr("torch.get_num_threads", lambda: 6)
    config = InferenceConfig(device="cpu")
    assert choose_at_once(config, tiles=5) == 1, "each with all threads"
    assert choose_at_once(config, tiles=6) == 6
    assert choose_at_once(config.model_copy(update={"workers": 2}), tiles=50) == 2
    memory.available = 4 << 30
    assert choose_at_once(config, tiles=50) == 4, "1 GB each"
    memory.available = 1 << 20
    assert choose_at_once(config, tiles=50) == 1
    monkeypatch.setattr("zpix.search.workers.choose_device", lambda _: torch.device("cuda"))
    assert choose_at_once(config, tiles=50) == 1


def test_an_address_without_a_scheduler_is_one_sentence(monkeypatch):
    pytest.importorskip("distributed", reason="the extra 'scale' is not installed")
    monkeypatch.setattr("zpix.search.workers._CONNECT_S", 0.5)
    with pytest.raises(SchedulerError, match=r"tcp://127.0.0.1:9.*no dask scheduler"):
        list(on_cluster(str, [Item(1)], scheduler="tcp://127.0.0.1:9"))
