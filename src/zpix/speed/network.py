"""How fast is the network, in our hands and in those of others?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import torch

from zpix.config import override
from zpix.detector.device import choose_precision
from zpix.progress import ProgressBar
from zpix.speed.clock import StageClock
from zpix.speed.contenders import (
    STAGES,
    Contest,
    Turn,
    Work,
    answers_of,
    build_detectron2,
    build_fast,
    build_plain,
    build_torchvision,
    has_detectron2,
    has_openvino,
    take_turns,
)
from zpix.speed.turns import Crew

_NAMES = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}


@dataclass(frozen=True)
class Round:
    """A contender's part of one round, all its processes together.

    Attributes
    ----------
    seconds_per_tile : of the machine: two processes that take a second for a tile each give a half
    computing : seconds of a processor that a tile took, mean over processes; less than what passed if others were busy
    stages : seconds per tile of one process, mean over processes
    sources : of the tile
    """

    seconds_per_tile: float
    computing: float
    stages: dict[str, float]
    sources: int


@dataclass(frozen=True)
class Race:
    """Rounds of every contender, in which all took a turn one after the other."""

    rounds: dict[str, list[Round]]

    def seconds_per_tile(self, name: str) -> float:
        """Median of the rounds."""
        return median(r.seconds_per_tile for r in self.rounds[name])

    def computing(self, name: str) -> float:
        """Median of the rounds: seconds of a processor per tile."""
        return median(r.computing for r in self.rounds[name])

    def stage_seconds(self, name: str) -> dict[str, float]:
        """Median of the rounds for every stage, per tile and process."""
        return {stage: median(r.stages.get(stage, 0.0) for r in self.rounds[name]) for stage in STAGES}

    def ratio(self, slow: str, fast: str) -> float:
        """How many times as fast `fast` is: the median of the ratios of each round, so that drifts cancel."""
        pairs = zip(self.rounds[slow], self.rounds[fast], strict=True)
        return median(a.seconds_per_tile / b.seconds_per_tile for a, b in pairs)

    def sources(self, name: str) -> int:
        """Sources of the tile, found or given."""
        return self.rounds[name][0].sources


def race(contest: Contest, *, rounds: int, processes: int, compiled: bool, bar: ProgressBar) -> Race:
    """Let every contender take a turn in every round."""
    with ExitStack() as stack:
        crews = {
            name: stack.enter_context(Crew(take_turns, (build, own), processes=processes))
            for name, build, own in contenders(contest, compiled=compiled)
        }
        bar.set(0, len(crews) * rounds)
        for crew in crews.values():
            crew.ready()
        results: dict[str, list[Round]] = {name: [] for name in crews}
        for _ in range(rounds):
            for name, crew in crews.items():
                results[name].append(_together(crew.turn()))
                bar.advance()
    return Race(results)


def contenders(contest: Contest, *, compiled: bool) -> list[tuple[str, Callable[[Contest, StageClock], Work], Contest]]:
    """Name, how to build it, and its settings, of all that can run here; the slow ones first."""

    def with_settings(**changes: Any) -> Contest:
        return Contest(contest.model, contest.load, override(contest.config, **changes))

    fp32 = with_settings(precision="fp32", compile=False)
    entries: list[tuple[str, Callable[[Contest, StageClock], Work], Contest]] = []
    if has_detectron2():
        from zpix.speed.detectron import detectron2_name

        given = fp32.load if fp32.load.answers else replace(fp32.load, answers=answers_of(fp32))
        entries.append((detectron2_name(), build_detectron2, Contest(fp32.model, given, fp32.config)))
    entries += [
        ("torchvision", build_torchvision, fp32),
        ("zpix plain", build_plain, fp32),
        ("zpix fp32", build_fast, fp32),
    ]
    precision = _NAMES[choose_precision("auto", contest.device)]
    if precision != "fp32":
        entries.append((f"zpix {precision}", build_fast, with_settings(precision=precision, compile=False)))
    if contest.device.type == "cpu" and has_openvino():
        entries.append(("zpix int8", build_fast, with_settings(precision="int8", compile=False)))
    if compiled:
        entries.append((f"zpix {precision} compiled", build_fast, with_settings(precision=precision, compile=True)))
    return entries


def _together(turns: list[Turn]) -> Round:
    stages = {s: sum(turn.stages.get(s, 0.0) for turn in turns) / len(turns) for s in STAGES}
    computing = sum(turn.computing for turn in turns) / len(turns)
    return Round(1 / sum(1 / turn.seconds for turn in turns), computing, stages, turns[0].sources)
