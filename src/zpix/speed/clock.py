"""How long does each stage of a call take?

Functions and layers are timed from outside, by replacing them with a timed call: their code is not changed, and costs
nothing when it is not timed.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn
from torch.utils.benchmark import Timer

#: Name of the time outside of all stages.
REST = "the rest"

Answer = TypeVar("Answer")


class StageClock:
    """Measures the seconds of each stage, without those of the stages inside it.

    Parameters
    ----------
    device : torch.device
        Device of the network.

    Attributes
    ----------
    seconds : dict of str to float
        Seconds by stage.
    """

    def __init__(self, device: torch.device) -> None:
        self.seconds: dict[str, float] = {}
        self._device = device
        self._inside = [0.0]  # for each call that runs, seconds of the timed calls inside it

    def watch(self, owner: Any, name: str, *stages: str) -> None:
        """Time a function from now on.

        Parameters
        ----------
        owner : object
            Module or object that has the function.
        name : str
            Its name.
        *stages : str
            Stage of its calls; with several, the calls belong to them in turn.
        """
        call, turns = getattr(owner, name), itertools.cycle(stages)

        @functools.wraps(call)
        def timed(*args: Any, **kwargs: Any) -> Any:
            return self._time(next(turns), call, *args, **kwargs)

        setattr(owner, name, timed)

    def watch_layer(self, layer: nn.Module, *stages: str) -> None:
        """Time a layer from now on, compiled or not.

        Parameters
        ----------
        layer : torch.nn.Module
            The layer.
        *stages : str
            Stage of its calls; with several, the calls belong to them in turn.
        """
        compiled = getattr(layer, "_compiled_call_impl", None) is not None
        self.watch(layer, "_compiled_call_impl" if compiled else "forward", *stages)

    def time(self, call: Callable[[], Answer], stage: str = REST) -> Answer:
        """Time one call.

        Parameters
        ----------
        call : callable
            Called without arguments.
        stage : str, optional
            Its stage; by default the time outside of all stages.

        Returns
        -------
        object
            What the call returns.
        """
        return self._time(stage, call)

    def _time(self, stage: str, call: Callable[..., Answer], *args: Any, **kwargs: Any) -> Answer:
        """Call, and add the seconds to a stage."""
        self._inside.append(0.0)
        start = self.now()
        try:
            return call(*args, **kwargs)
        finally:
            spent = self.now() - start
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent - self._inside.pop()
            self._inside[-1] += spent

    def now(self) -> float:
        """Read a monotonic clock after the device has finished its work.

        Returns
        -------
        float
            Seconds.
        """
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter()


def milliseconds(work: Callable[[], Any]) -> float:
    """Measure how long a call takes on one thread.

    Parameters
    ----------
    work : callable
        What is called, again and again for a fifth of a second.

    Returns
    -------
    float, ms
        The median.
    """
    timer = Timer("work()", globals={"work": work}, num_threads=1)
    return 1e3 * float(timer.blocked_autorange(min_run_time=0.2).median)


def answer_instead(owner: Any, name: str, answer: Any) -> None:
    """Let a function do its work, and then return something else.

    Parameters
    ----------
    owner : object
        Module or object that has the function.
    name : str
        Its name.
    answer : object
        What it returns from now on.
    """
    call = getattr(owner, name)

    def answered(*args: Any, **kwargs: Any) -> Any:
        call(*args, **kwargs)
        return answer

    setattr(owner, name, answered)


def remember_answers(owner: Any, name: str) -> list[Any]:
    """Keep what a function returns from now on.

    Parameters
    ----------
    owner : object
        Module or object that has the function.
    name : str
        Its name.

    Returns
    -------
    list
        Receives the results.
    """
    call, answers = getattr(owner, name), []

    def remembered(*args: Any, **kwargs: Any) -> Any:
        answers.append(call(*args, **kwargs))
        return answers[-1]

    setattr(owner, name, remembered)
    return answers
