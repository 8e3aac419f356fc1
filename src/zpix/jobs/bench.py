"""How fast is zpix on this machine: its network beside others, training, simulation, reading, large fields?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal, get_args

from zpix.detector.device import choose_device
from zpix.errors import ConfigError
from zpix.outputs import whole_file
from zpix.progress import progress_bar
from zpix.speed.contenders import Contest, gflop_per_tile
from zpix.speed.figures import Benchmark, TrainingRate
from zpix.speed.machine import this_machine
from zpix.speed.network import race
from zpix.speed.rates import reading_rate, simulation_rate, training_rate
from zpix.speed.scaling import COUNTS, measure_scaling
from zpix.speed.shapes import SHAPES, Backbone, describe_shape, make_contest

#: What can be measured.
BenchPart = Literal["network", "training", "simulation", "reading", "scaling"]

_PARTS: tuple[BenchPart, ...] = get_args(BenchPart)
# The network reduces an image in steps of two up to this factor.
_STRIDE = 64


def bench(
    *parts: BenchPart,
    model: str | Path | None = None,
    backbone: Backbone | None = None,
    size_pix: int = 512,
    rounds: int = 5,
    processes: int = 1,
    compile: bool = False,
    device: str = "auto",
    counts: Sequence[int] = COUNTS,
    out: str | Path | None = None,
) -> Benchmark:
    """Measure the speed of zpix on this machine, beside torchvision's and, if it is installed, detectron2's.

    Other processes are started: in a script, call it under `if __name__ == "__main__":`.

    Parameters
    ----------
    *parts : str
        What to measure: "network", "training", "simulation", "reading" or "scaling"; by default all but "scaling",
        which takes long.
    model : str or Path, optional
        Checkpoint that searches a simulated tile; the shipped model by default.
    backbone : {"resnet18", "resnet50"}, optional
        A network of random weights instead: "resnet18" has the default shape, "resnet50" the paper's.
    size_pix : int, default: 512
        Side of a tile in pixels, a multiple of 64.
    rounds : int, default: 5
        Number of rounds, in each of which every implementation takes a turn.
    processes : int, default: 1
        Number of processes at the same time, of one thread each; training is also measured in one process of as many
        threads.
    compile : bool, default: False
        Whether the compiled network is measured too.
    device : str, default: "auto"
        "auto", "cpu", "cuda" or "cuda:N".
    counts : sequence of int, default: (10, 100, 1000)
        Numbers of tiles of the fields of "scaling".
    out : str or Path, optional
        JSON file for every figure.

    Returns
    -------
    Benchmark
        The figures; `tables()` gives them as text.

    Raises
    ------
    ConfigError
        If an argument is out of its range.
    MissingExtraError
        If a simulated tile is needed and the simulator is not installed.
    """
    _check(parts, model=model, backbone=backbone, size_pix=size_pix, rounds=rounds, processes=processes, counts=counts)
    chosen = parts or tuple(part for part in _PARTS if part != "scaling")
    machine = this_machine(choose_device(device))
    searching = {"network", "scaling"} & set(chosen)
    name, contest = make_contest(model, backbone, size_pix=size_pix, device=device) if searching else ("", None)
    result = Benchmark(machine, name, size_pix, rounds, processes)
    if "network" in chosen:
        assert contest is not None
        result = _with_network(result, contest, compiled=compile)
    if "training" in chosen:
        result = _with_training(result, [backbone] if backbone else list(SHAPES), device=device)
    if "simulation" in chosen:
        with progress_bar("simulation", rounds) as bar:
            rate = simulation_rate(size=size_pix, rounds=rounds, processes=processes, bar=bar)
        result = replace(result, simulated_tiles=rate)
    if "reading" in chosen:
        with progress_bar("reading", rounds) as bar:
            result = replace(result, windows=reading_rate(size=size_pix, rounds=rounds, bar=bar))
    if "scaling" in chosen:
        assert contest is not None
        with progress_bar("scaling", 1) as bar:
            scaling = measure_scaling(contest, counts=tuple(counts), processes=processes, rounds=rounds, bar=bar)
        result = replace(result, scaling=scaling)
    if out is not None:
        with whole_file(out) as partial:
            partial.write_text(json.dumps(asdict(result), indent=2), encoding="utf-8")
    return result


def _with_network(result: Benchmark, contest: Contest, *, compiled: bool) -> Benchmark:
    """Add how fast each implementation of the network is."""
    with progress_bar("the network", 1) as bar:
        times = race(contest, rounds=result.rounds, processes=result.processes, compiled=compiled, bar=bar)
        return replace(result, gflop_per_tile=gflop_per_tile(contest), race=times)


def _with_training(result: Benchmark, names: Sequence[str], *, device: str) -> Benchmark:
    """Add how fast networks of these shapes are trained, in several processes and in one of as many threads."""
    layouts = dict.fromkeys([(result.processes, 1), (1, result.processes)])
    rates = []
    with progress_bar("training", result.rounds * len(names) * len(layouts)) as bar:
        for shape in (SHAPES[name] for name in names):
            for processes, threads in layouts:
                rate = training_rate(
                    shape, size=result.size, rounds=result.rounds, processes=processes, threads=threads,
                    device=device, bar=bar,
                )  # fmt: skip
                rates.append(TrainingRate(describe_shape(shape), processes, threads, rate))
    return replace(result, training=rates)


def _check(
    parts: Sequence[str],
    *,
    model: object,
    backbone: str | None,
    size_pix: int,
    rounds: int,
    processes: int,
    counts: Sequence[int],
) -> None:
    """Refuse arguments that are out of their range."""
    for part in parts:
        if part not in _PARTS:
            raise ConfigError(f"part '{part}': allowed are {', '.join(_PARTS)}")
    if backbone is not None and backbone not in SHAPES:
        raise ConfigError(f"backbone '{backbone}': allowed are {', '.join(SHAPES)}")
    if backbone is not None and model is not None:
        raise ConfigError("give a model or a backbone of random weights, not both")
    if size_pix < 2 * _STRIDE or size_pix % _STRIDE:
        raise ConfigError(f"size_pix is {size_pix}: it must be a multiple of {_STRIDE}, {2 * _STRIDE} or more")
    if "scaling" in parts and size_pix < 4 * _STRIDE:
        raise ConfigError(
            f"size_pix is {size_pix}: scaling needs tiles of {4 * _STRIDE} pixels or more, for their margins"
        )  # fmt: skip
    for name, value in (("rounds", rounds), ("processes", processes), ("counts", min(counts, default=0))):
        if value < 1:
            raise ConfigError(f"{name} is {value}: it must be 1 or more")
