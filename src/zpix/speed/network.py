"""How fast is the network in zpix, torchvision and detectron2?"""

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
    """One implementation in one round, all its processes together.

    Attributes
    ----------
    seconds_per_tile : float
        Of all processes together: two processes that each take one second for a tile give a half.
    computing : float
        Processor time per tile in seconds, mean over processes.
    stages : dict of str to float
        Seconds per tile of each stage in one process, mean over processes.
    sources : int
        Sources of the tile.
    """

    seconds_per_tile: float
    computing: float
    stages: dict[str, float]
    sources: int


@dataclass(frozen=True)
class Race:
    """Rounds in which all implementations took turns.

    Attributes
    ----------
    rounds : dict of str to list of Round
        Rounds by implementation.
    """

    rounds: dict[str, list[Round]]

    def seconds_per_tile(self, name: str) -> float:
        """Seconds per tile.

        Parameters
        ----------
        name : str
            Implementation.

        Returns
        -------
        float
            Median of the rounds.
        """
        return median(r.seconds_per_tile for r in self.rounds[name])

    def computing(self, name: str) -> float:
        """Processor time per tile.

        Parameters
        ----------
        name : str
            Implementation.

        Returns
        -------
        float
            Seconds, median of the rounds.
        """
        return median(r.computing for r in self.rounds[name])

    def stage_seconds(self, name: str) -> dict[str, float]:
        """Seconds of each stage, per tile and process.

        Parameters
        ----------
        name : str
            Implementation.

        Returns
        -------
        dict of str to float
            Median of the rounds by stage.
        """
        return {stage: median(r.stages.get(stage, 0.0) for r in self.rounds[name]) for stage in STAGES}

    def ratio(self, slow: str, fast: str) -> float:
        """Ratio of the times of two implementations.

        Parameters
        ----------
        slow, fast : str
            Implementations.

        Returns
        -------
        float
            Time of `slow` over that of `fast`: the median of the ratios of each round, so that drifts of the machine's
            speed cancel.
        """
        pairs = zip(self.rounds[slow], self.rounds[fast], strict=True)
        return median(a.seconds_per_tile / b.seconds_per_tile for a, b in pairs)

    def sources(self, name: str) -> int:
        """Sources of the tile, found or given.

        Parameters
        ----------
        name : str
            Implementation.

        Returns
        -------
        int
            Their number.
        """
        return self.rounds[name][0].sources


def race(contest: Contest, *, rounds: int, processes: int, compiled: bool, bar: ProgressBar) -> Race:
    """Let every implementation take a turn in every round.

    Parameters
    ----------
    contest : Contest
        The network, the tile and the settings.
    rounds : int
        Number of rounds.
    processes : int
        Processes of each implementation, of one thread each.
    compiled : bool
        Whether the compiled network takes part.
    bar : ProgressBar
        Shows the turns.

    Returns
    -------
    Race
        All rounds.
    """
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
    """List the implementations that can run here, the slow ones first.

    Parameters
    ----------
    contest : Contest
        The network, the tile and the settings.
    compiled : bool
        Whether the compiled network is one.

    Returns
    -------
    list of (str, callable, Contest)
        Name, function that builds it, and its contest with the precision.
    """

    def with_settings(**changes: Any) -> Contest:
        """The contest with other settings."""
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
    """Join the turns of several processes."""
    stages = {s: sum(turn.stages.get(s, 0.0) for turn in turns) / len(turns) for s in STAGES}
    computing = sum(turn.computing for turn in turns) / len(turns)
    return Round(1 / sum(1 / turn.seconds for turn in turns), computing, stages, turns[0].sources)
