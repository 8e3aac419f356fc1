"""Where does the time of a call go?

Functions and layers are watched from outside, by putting a timed call in their place: what is timed knows nothing of
it, and costs nothing where no one watches.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn

#: What no stage accounts for.
REST = "the rest"

Answer = TypeVar("Answer")


class StageClock:
    """Seconds that each stage took, without those of the stages inside it."""

    def __init__(self, device: torch.device) -> None:
        self.seconds: dict[str, float] = {}
        self._device = device
        self._inside = [0.0]  # for each call under way, seconds of the watched calls inside it

    def watch(self, owner: Any, name: str, *stages: str) -> None:
        """Time `owner.name`, an attribute that is called; with several stages its calls are those in turn."""
        call, turns = getattr(owner, name), itertools.cycle(stages)

        @functools.wraps(call)
        def timed(*args: Any, **kwargs: Any) -> Any:
            return self._time(next(turns), call, *args, **kwargs)

        setattr(owner, name, timed)

    def watch_layer(self, layer: nn.Module, *stages: str) -> None:
        """Time a layer, from outside of what has been compiled if it has been."""
        compiled = getattr(layer, "_compiled_call_impl", None) is not None
        self.watch(layer, "_compiled_call_impl" if compiled else "forward", *stages)

    def time(self, call: Callable[[], Answer], stage: str = REST) -> Answer:
        """Time a call; around a whole tile, `REST` is what no stage inside accounts for."""
        return self._time(stage, call)

    def _time(self, stage: str, call: Callable[..., Answer], *args: Any, **kwargs: Any) -> Answer:
        self._inside.append(0.0)
        start = self.now()
        try:
            return call(*args, **kwargs)
        finally:
            spent = self.now() - start
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent - self._inside.pop()
            self._inside[-1] += spent

    def now(self) -> float:
        """Seconds of a monotonic clock, once the device has done all that it was told to."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter()


def answer_instead(owner: Any, name: str, answer: Any) -> None:
    """Let `owner.name` compute what it computes, and then answer something else."""
    call = getattr(owner, name)

    def answered(*args: Any, **kwargs: Any) -> Any:
        call(*args, **kwargs)
        return answer

    setattr(owner, name, answered)


def remember_answers(owner: Any, name: str) -> list[Any]:
    """A list that receives what `owner.name` answers from now on."""
    call, answers = getattr(owner, name), []

    def remembered(*args: Any, **kwargs: Any) -> Any:
        answers.append(call(*args, **kwargs))
        return answers[-1]

    setattr(owner, name, remembered)
    return answers
