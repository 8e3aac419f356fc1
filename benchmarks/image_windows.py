"""How long does it take to write a nine-band mosaic, and to read windows of it, and in how much memory?

Run `python benchmarks/image_windows.py [SIDE]`; the mosaic has SIDE pixels a side (default 4096) in a
temporary directory. Windows are read with a warm file cache, at random places and in the order of tiles.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time

import numpy as np

from zpix.image import (
    JADES_BANDS,
    MosaicWriter,
    Pixels,
    Region,
    make_tiles,
    open_mosaic,
    tangent_wcs,
)


def write(folder: str, side: int) -> None:
    """Write a mosaic of noise, block by block."""
    flux = np.random.default_rng(0).normal(size=(9, 1024, 1024)).astype(np.float32)
    block = Pixels(flux, np.ones_like(flux), np.ones(flux.shape, bool))
    wcs = tangent_wcs(53.1, -27.8, (side, side), 0.03)
    with MosaicWriter(folder, bands=JADES_BANDS, shape=(side, side), wcs=wcs) as writer:
        for y in range(0, side, 1024):
            for x in range(0, side, 1024):
                writer.write(Region(x, y, x + 1024, y + 1024), block)


def milliseconds(mosaic, regions: list[Region]) -> str:
    """Times of reading these regions, as text."""
    times = []
    for region in regions:
        start = time.perf_counter()
        mosaic.read(region)
        times.append(1e3 * (time.perf_counter() - start))
    return f"median {np.median(times):.1f} ms, fastest {min(times):.1f} ms"


def peak_mib() -> float:
    """Largest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(side: int) -> None:
    """Write a mosaic of this size, then read windows of it."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        write(folder, side)
        size_mib = 2 * 9 * 4 * side**2 / 2**20
        print(f"write {size_mib:.0f} MiB: {time.perf_counter() - start:.1f} s, peak {peak_mib():.0f} MiB")
        start = time.perf_counter()
        with open_mosaic(folder) as mosaic:
            print(f"open: {1e3 * (time.perf_counter() - start):.0f} ms")
            for size in (size for size in (512, 1024) if size < side):
                corners = np.random.default_rng(1).integers(0, side - size, (50, 2))
                places = [Region(x, y, x + size, y + size) for x, y in corners]
                print(f"random {size}: {milliseconds(mosaic, places)}")
                tiles = make_tiles(mosaic.shape, tile_size=size, margin=64)[:50]
                print(f"tiles {size}: {milliseconds(mosaic, [tile.read for tile in tiles])}")
        print(f"peak {peak_mib():.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4096)
