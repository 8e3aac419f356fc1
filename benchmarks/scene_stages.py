"""How long does one simulated tile take, stage by stage?  Run: python benchmarks/scene_stages.py [TILES]"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

import numpy as np

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS, Region
from zpix.scenes import Sky

WINDOW = Region(0, 0, 512, 512)


def stage_times(seeds: Iterable[int]) -> tuple[dict[str, list[float]], list[int]]:
    """Seconds of each stage for each 512 × 512 tile of nine bands, and the number of sources in its reach."""
    config = SimulationConfig(psf_angle_deg=0.0)
    stages: dict[str, list[float]] = {"draw sources": [], "colours": [], "render + label": [], "noise": []}
    n_sources = []
    for seed in seeds:
        sky = Sky(seed, JADES_BANDS, config)
        times = [time.perf_counter()]
        population, _ = sky._sources(WINDOW.grown(512), None)
        times.append(time.perf_counter())
        fluxes, sizes, near = sky._light(population, WINDOW)
        times.append(time.perf_counter())
        model, _ = sky._draw(WINDOW, WINDOW, population[near], fluxes[near], sizes[near], None)
        times.append(time.perf_counter())
        sky._observation.pixels(WINDOW, model, 0)
        times.append(time.perf_counter())
        n_sources.append(len(near))
        for stage, seconds in zip(stages.values(), np.diff(times), strict=True):
            stage.append(float(seconds))
    return stages, n_sources


def main(n_tiles: int) -> None:
    """Print seconds per tile; the first tile, which fills the caches, is left out."""
    started = time.perf_counter()
    Sky(0, JADES_BANDS, SimulationConfig(psf_angle_deg=0.0)).observe(WINDOW)
    print(f"first tile (imports, filters, PSFs)  {time.perf_counter() - started:6.2f} s")
    stages, n_sources = stage_times(range(1, n_tiles + 1))
    for name, seconds in stages.items():
        print(f"{name:36s} {np.mean(seconds):6.3f} s")
    total = sum(np.mean(seconds) for seconds in stages.values())
    print(f"{'one tile':36s} {total:6.3f} s, {np.mean(n_sources):.0f} sources in reach")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
