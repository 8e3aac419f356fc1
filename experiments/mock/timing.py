"""How fast is the simulator, how much memory does it need, and is the sky the same for any number of workers?"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import multiprocessing
import os
import platform
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS
from zpix.outputs import write_json
from zpix.scenes import draw_scene, write_field

from .goals import NOT_MEASURED, Goal, markdown

_STAGES_FILE = Path(__file__).parents[2] / "benchmarks" / "scene_stages.py"
GOAL_SECONDS = 3.0
GOAL_RATE = 2000 / 3600  # tiles per second with two workers: 2,000 tiles in an hour
GOAL_MIB = 4096.0  # of the large field, which any laptop has
_SAMPLE_SECONDS = 0.5


@dataclass(frozen=True)
class Speed:
    """Seconds per 512 × 512 tile of nine bands.

    Attributes
    ----------
    tile_seconds : list of float
        Whole scenes in one process, without the first, which fills the caches.
    stage_seconds : dict of str to float
        Median of each stage.
    two_workers_per_second : float
        Tiles of two processes together, after a first tile of each.
    """

    tile_seconds: list[float]
    stage_seconds: dict[str, float]
    two_workers_per_second: float


@dataclass(frozen=True)
class LargeField:
    """One large simulated field.

    Attributes
    ----------
    shape : (int, int), pixels
        Height and width.
    workers : int
        Number of processes.
    seed : int
        Seed.
    seconds : float
        Wall time.
    sources, detectable : int
        Numbers of sources.
    disk_gib : float
        Size of all files.
    anonymous_mib : float
        Peak of the memory of the process tree that is not backed by files.
    resident_mib : float
        Peak of all resident memory, with pages of files being written, which the system may drop.
    machine : str
        Where it was measured.
    """

    shape: tuple[int, int]
    workers: int
    seed: int
    seconds: float
    sources: int
    detectable: int
    disk_gib: float
    anonymous_mib: float
    resident_mib: float
    machine: str


def measure_speed(first_seed: int, *, tiles: int, config: SimulationConfig) -> Speed:
    """Time whole scenes, their stages, and two processes together."""
    draw_scene(first_seed, config=config)
    seconds = []
    for seed in range(first_seed + 1, first_seed + 1 + tiles):
        started = time.perf_counter()
        draw_scene(seed, config=config)
        seconds.append(time.perf_counter() - started)
    stages = _stage_times(range(first_seed + 200, first_seed + 200 + tiles))
    return Speed(seconds, stages, _rate_of_two(first_seed, tiles, config))


def same_for_any_workers(seed: int, *, size: int) -> bool:
    """Tell whether one and two workers write the same bytes for a field of `size` pixels."""
    with tempfile.TemporaryDirectory() as place:
        folders = [write_field(Path(place) / str(n), shape=(size, size), seed=seed, workers=n) for n in (1, 2)]
        return hashes(folders[0]) == hashes(folders[1])


def hashes(folder: Path) -> dict[str, str]:
    """Compute the SHA-256 of every file of a directory, by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def measure_large_field(folder: Path, *, size: int, seed: int, workers: int) -> LargeField:
    """Simulate a square field into `folder`, and measure the memory of all its processes."""
    with _MemoryWatch() as watch:
        started = time.perf_counter()
        write_field(folder, shape=(size, size), seed=seed, workers=workers, overwrite=True)
        seconds = time.perf_counter() - started
    with fits.open(folder / "truth.fits", memmap=True) as file:
        detectable = np.asarray(file[1].data["detectable"])
    return LargeField(
        shape=(size, size),
        workers=workers,
        seed=seed,
        seconds=seconds,
        sources=len(detectable),
        detectable=int(detectable.sum()),
        disk_gib=sum(path.stat().st_size for path in folder.iterdir()) / 2**30,
        anonymous_mib=watch.anonymous_mib,
        resident_mib=watch.resident_mib,
        machine=f"{platform.machine()}, {len(os.sched_getaffinity(0))} processors",
    )


def keep(path: Path, found: LargeField) -> None:
    """Write a large field's numbers as JSON."""
    write_json(path, asdict(found))


def kept(path: Path) -> LargeField | None:
    """Read the numbers of a large field; None if there are none."""
    if not path.is_file():
        return None
    values = json.loads(path.read_text())
    return LargeField(**(values | {"shape": tuple(values["shape"])}))


def stage_table(speed: Speed) -> str:
    """Tabulate the seconds of each stage."""
    rows = [[name, f"{seconds:.3f}"] for name, seconds in speed.stage_seconds.items()]
    return markdown(["stage", "seconds per tile"], [*rows, ["all stages", f"{sum(speed.stage_seconds.values()):.3f}"]])


def large_table(found: LargeField | None) -> str:
    """Tabulate time, memory and size of the large field."""
    if found is None:
        return "Not measured: see `--large-field`."
    rows = [
        ["size", f"{found.shape[1]:,} × {found.shape[0]:,} pixels, nine bands, {found.disk_gib:.1f} GiB of files"],
        ["processes", f"{found.workers} workers on {found.machine}"],
        ["wall time", f"{found.seconds / 60:.1f} min"],
        ["sources, of which detectable", f"{found.sources:,}, {found.detectable:,}"],
        ["peak memory of all processes", f"{found.anonymous_mib:,.0f} MiB"],
        ["the same with pages of files", f"{found.resident_mib:,.0f} MiB"],
    ]
    return markdown(["", ""], rows)


def timing_goals(speed: Speed, identical: bool, large: LargeField | None) -> list[Goal]:
    """Check speed, memory and repeatability."""
    median = float(np.median(speed.tile_seconds))
    rate = speed.two_workers_per_second
    memory = NOT_MEASURED if large is None else f"{large.anonymous_mib:,.0f} MiB, {large.shape[1]:,} pixels square"
    return [
        Goal(6, "time per tile, one core", f"at most {GOAL_SECONDS:g} s", f"{median:.2f} s", median <= GOAL_SECONDS),
        Goal(
            6,
            "tiles of two workers",
            "2,000 in an hour",
            f"{3600 * rate:,.0f} in an hour ({rate:.2f} per second)",
            rate >= GOAL_RATE,
        ),
        Goal(6, "same bytes with 1 and 2 workers", "all files", "the same" if identical else "different", identical),
        Goal(
            6,
            "peak memory of a large field",
            f"at most {GOAL_MIB:,.0f} MiB (this page's own)",
            memory,
            None if large is None else large.anonymous_mib <= GOAL_MIB,
        ),
    ]


class _MemoryWatch:
    """Measures the peak memory of this process and its children while a block runs, from /proc twice a second."""

    def __init__(self) -> None:
        self.anonymous_mib = self.resident_mib = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            anonymous, resident = tree_memory_mib(os.getpid())
            self.anonymous_mib = max(self.anonymous_mib, anonymous)
            self.resident_mib = max(self.resident_mib, resident)


def tree_memory_mib(root: int) -> tuple[float, float]:
    """Read anonymous and all resident memory of a process and its descendants, in MiB; Linux only."""
    parents, memory = {}, {}
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            fields = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines() if ":" in line)
        except OSError:  # it has ended since
            continue
        process = int(place.name)
        parents[process] = int(fields["PPid"])
        kib = [int(fields[name].split()[0]) if name in fields else 0 for name in ("RssAnon", "RssShmem", "VmRSS")]
        memory[process] = (kib[0] + kib[1]) / 1024, kib[2] / 1024
    members = {root}
    while more := {process for process, parent in parents.items() if parent in members} - members:
        members |= more
    found = [memory[process] for process in members if process in memory]
    return sum(anonymous for anonymous, _ in found), sum(resident for _, resident in found)


def _stage_times(seeds: range) -> dict[str, float]:
    """Median seconds of each stage, by the benchmark's own function."""
    spec = importlib.util.spec_from_file_location("scene_stages", _STAGES_FILE)
    assert spec is not None and spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    stages, _ = benchmark.stage_times(seeds)
    return {name: float(np.median(seconds)) for name, seconds in stages.items()}


def _rate_of_two(first_seed: int, tiles: int, config: SimulationConfig) -> float:
    """Tiles per second of two processes, after a first tile of each."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        ends = list(pool.map(_draw_several, [first_seed + 250, first_seed + 350], [tiles, tiles], [config, config]))
    # counted over the time in which both ran, after the first tile of each
    started, ended = max(times[0] for times in ends), min(times[-1] for times in ends)
    done = sum(sum(started < moment <= ended for moment in times) for times in ends)
    return done / (ended - started) if ended > started else float("nan")


def _draw_several(first_seed: int, tiles: int, config: SimulationConfig) -> list[float]:
    """Draw tiles one after another; returns the times, on the common clock, at which each was finished."""
    moments = []
    for seed in range(first_seed, first_seed + tiles + 1):
        draw_scene(seed, bands=JADES_BANDS, config=config)
        moments.append(time.time())
    return moments
