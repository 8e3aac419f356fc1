"""Processes that take turns."""

import os

import pytest

from tests.detector.scenery import small_model
from tests.speed.crew_work import adding, failing
from zpix.config import InferenceConfig
from zpix.speed.contenders import Contest, build_torchvision, take_turns
from zpix.speed.load import noise_load
from zpix.speed.turns import Crew, cost_of


@pytest.mark.slow
def test_a_crew_works_together_or_one_by_one_with_its_own_threads(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with Crew(adding, (100,), processes=2, threads=1) as crew:
        crew.ready()
        assert os.environ["OMP_NUM_THREADS"] == "7"
        assert crew.turn(10) == [(110, "1"), (111, "1")]
        assert crew.ask(1, 20) == (121, "1")
    assert not any(process.is_alive() for process in crew._processes)


def test_a_cost_is_that_of_one_time(monkeypatch):
    now = [0.0, 0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    monkeypatch.setattr("time.process_time", lambda: now[1])

    def work():
        now[0] += 2.0
        now[1] += 1.0

    assert cost_of(work, times=3) == cost_of(work, at_least_s=5.0) == cost_of(work)
    assert (now[0], cost_of(work).passed, cost_of(work).computed) == (14.0, 2.0, 1.0)


@pytest.mark.slow
def test_what_goes_wrong_in_a_process_is_told():
    with Crew(failing, ()) as crew, pytest.raises(RuntimeError, match="no such network"):
        crew.ready()


@pytest.mark.slow
def test_a_contender_takes_its_turns_in_a_process_of_its_own():
    contest = Contest(small_model(), noise_load(9, 128), InferenceConfig(device="cpu"))
    with Crew(take_turns, (build_torchvision, contest)) as crew:
        crew.ready()
        (turn,) = crew.turn()
    assert turn.sources == len(contest.load.answers.sources)
    assert 0 < turn.stages["pyramid"] < turn.seconds
