"""How fast is zpix on this machine? The story: the network against others, training, simulation, reading, scaling."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal, get_args

from zpix.config import InferenceConfig, ModelConfig, override
from zpix.detector import default_model, load_checkpoint
from zpix.detector.device import choose_device
from zpix.errors import ConfigError
from zpix.outputs import whole_file
from zpix.progress import progress_bar
from zpix.speed.contenders import Contest, gflop_per_tile
from zpix.speed.figures import Benchmark, TrainingRate
from zpix.speed.load import Load, noise_load
from zpix.speed.machine import this_machine
from zpix.speed.network import race
from zpix.speed.rates import reading_rate, simulation_rate, training_rate
from zpix.speed.scaling import COUNTS, measure_scaling

#: What can be measured.
Part = Literal["network", "training", "simulation", "reading", "scaling"]
PARTS: tuple[Part, ...] = get_args(Part)
#: Networks of which the shape alone is known; their weights are random.
Backbone = Literal["resnet18", "resnet50"]
SHAPES: dict[str, ModelConfig] = {
    "resnet18": ModelConfig(),
    "resnet50": ModelConfig(
        backbone="resnet50", redshift_head="fpn", pyramid_channels=256, box_hidden=1024, mask_layers=4,
        mixture_components=5,
    ),  # of the paper: recipes/merz2026.toml
}  # fmt: skip

# The paper's number of proposals, 1,000 in 512 × 512 pixels, for a network that cannot tell which are worth it.
_PROPOSALS_PER_MEGAPIXEL = 4000
_SCENE_SEED = 1
_STRIDE = 64


def bench(
    *parts: Part,
    model: str | Path | None = None,
    backbone: Backbone | None = None,
    size: int = 512,
    rounds: int = 5,
    processes: int = 1,
    compile: bool = False,
    device: str = "auto",
    counts: Sequence[int] = COUNTS,
    out: str | Path | None = None,
) -> Benchmark:
    """Measure the speed of zpix on this machine, beside torchvision's and, if it is installed, detectron2's.

    Parameters
    ----------
    parts : of `PARTS`; all but "scaling", which takes long, by default
    model : checkpoint, the shipped model by default; it searches a simulated tile
    backbone : a network of random weights instead, which is given sources: "resnet50" has the shape of the paper's
    size : side of a tile in pixels
    rounds : in each of which every implementation takes a turn
    processes : of one thread each, at the same time; training is also measured with as many threads in one process
    compile : also measure the compiled network
    counts : tiles of the fields of "scaling"
    out : JSON file for every figure

    Raises
    ------
    ConfigError
        If an argument is out of its range.
    MissingExtraError
        If a simulated tile is needed and the simulator is not installed.
    """
    _check(parts, model=model, backbone=backbone, size=size, rounds=rounds, processes=processes, counts=counts)
    chosen = parts or tuple(part for part in PARTS if part != "scaling")
    place = choose_device(device)
    machine = this_machine(place)
    searching = {"network", "scaling"} & set(chosen)
    name, contest = make_contest(model, backbone, size=size, device=device) if searching else ("", None)
    result = Benchmark(machine, name, size, rounds, processes)
    if "network" in chosen:
        assert contest is not None
        with progress_bar("the network", 1) as bar:
            result = replace(
                result,
                gflop_per_tile=gflop_per_tile(contest),
                race=race(contest, rounds=rounds, processes=processes, compiled=compile, bar=bar),
            )
    if "training" in chosen:
        shapes = {backbone: SHAPES[backbone]} if backbone else SHAPES
        layouts = dict.fromkeys([(processes, 1), (1, processes)])
        with progress_bar("training", rounds * len(shapes) * len(layouts)) as bar:
            rates = [
                TrainingRate(
                    describe(shape), count, threads,
                    training_rate(
                        shape, size=size, rounds=rounds, processes=count, threads=threads, device=device, bar=bar
                    ),
                )
                for shape in shapes.values()
                for count, threads in layouts
            ]  # fmt: skip
        result = replace(result, training=rates)
    if "simulation" in chosen:
        with progress_bar("simulation", rounds) as bar:
            rate = simulation_rate(size=size, rounds=rounds, processes=processes, bar=bar)
        result = replace(result, simulated_tiles=rate)
    if "reading" in chosen:
        with progress_bar("reading", rounds) as bar:
            rate = reading_rate(size=size, rounds=rounds, bar=bar)
        result = replace(result, windows=rate)
    if "scaling" in chosen:
        assert contest is not None
        with progress_bar("scaling", 1) as bar:
            scaling = measure_scaling(contest, counts=tuple(counts), processes=processes, rounds=rounds, bar=bar)
        result = replace(result, scaling=scaling)
    if out is not None:
        with whole_file(out) as partial:
            partial.write_text(json.dumps(asdict(result), indent=2), encoding="utf-8")
    return result


def make_contest(model: str | Path | None, backbone: Backbone | None, *, size: int, device: str) -> tuple[str, Contest]:
    """The network in words, and with the tile that it is to search."""
    config = InferenceConfig(device=device)
    if backbone is not None:
        shape = SHAPES[backbone]
        given = override(config, proposals_per_megapixel=_PROPOSALS_PER_MEGAPIXEL)
        return f"{describe(shape)}, random weights", Contest(shape, noise_load(len(shape.bands), size), given)
    from zpix.scenes import draw_scene

    path = default_model() if model is None else Path(model)
    checkpoint = load_checkpoint(path)
    scene = draw_scene(_SCENE_SEED, shape=(size, size), bands=checkpoint.bands)
    name = f"{checkpoint.about.get('name', path.stem)} ({describe(checkpoint.config)})"
    return name, Contest(path, Load(scene.pixels, float(scene.ebv)), config)


def describe(model: ModelConfig) -> str:
    """A network's shape in a few words."""
    backbone = model.backbone.replace("resnet", "ResNet")
    return f"{backbone}, pyramid {model.pyramid_channels}, {model.redshift_head} head"


def _check(
    parts: Sequence[str],
    *,
    model: object,
    backbone: str | None,
    size: int,
    rounds: int,
    processes: int,
    counts: Sequence[int],
) -> None:
    for part in parts:
        if part not in PARTS:
            raise ConfigError(f"part '{part}': allowed are {', '.join(PARTS)}")
    if backbone is not None and backbone not in SHAPES:
        raise ConfigError(f"backbone '{backbone}': allowed are {', '.join(SHAPES)}")
    if backbone is not None and model is not None:
        raise ConfigError("give a model or a backbone of random weights, not both")
    if size < 2 * _STRIDE or size % _STRIDE:
        raise ConfigError(f"size is {size}: it must be a multiple of {_STRIDE}, {2 * _STRIDE} or more")
    if "scaling" in parts and size < 4 * _STRIDE:
        raise ConfigError(f"size is {size}: scaling needs tiles of {4 * _STRIDE} pixels or more, for their margins")
    for name, value in (("rounds", rounds), ("processes", processes), ("counts", min(counts, default=0))):
        if value < 1:
            raise ConfigError(f"{name} is {value}: it must be 1 or more")
