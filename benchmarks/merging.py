"""How long does it take to make one catalogue of what the tiles of a field hold?

Run `python benchmarks/merging.py [SOURCES]` (100,000 by default): sources at random places of a field as full as JADES,
seen by tiles of 1,024 pixels; seams, photometry's masks, duplicates, point estimates and flags, and writing.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from zpix.catalogue import (
    Photometry,
    build_catalogue,
    touching_masks,
    without_duplicates,
    write_catalogue_fits,
    write_catalogue_parquet,
)
from zpix.image import JADES_BANDS, Tile, make_tiles
from zpix.inference import keep_owned, merge
from zpix.sources import Detections, ZMixture

Answer = TypeVar("Answer")

_SOURCES_PER_PIXEL = 91 / 512**2


def timed(what: str, work: Callable[[], Answer]) -> Answer:
    start = time.perf_counter()
    answer = work()
    print(f"{what:40}{time.perf_counter() - start:8.2f} s")
    return answer


def sky(count: int, side: int, rng: np.random.Generator) -> Detections:
    """Sources of 8 to 40 pixels with round masks and mixtures of 8."""
    sides = np.exp(rng.uniform(np.log(8), np.log(40), (count, 2)))
    centre = rng.uniform(20, side - 20, (count, 2))
    y, x = np.mgrid[:28, :28] / 13.5 - 1
    mask = np.broadcast_to((x**2 + y**2 < 1).astype(np.float32), (count, 28, 28))
    weights = rng.dirichlet(np.ones(8), count)
    return Detections(
        box=np.concatenate([centre - sides / 2, centre + sides / 2], 1).astype(np.float32),
        score=rng.uniform(0.3, 1, count).astype(np.float32),
        label=np.ones(count, np.int64),
        star_probability=np.zeros(count, np.float32),
        mask=mask,
        redshift=ZMixture(weights, rng.uniform(0, 10, (count, 8)), rng.uniform(0.02, 0.5, (count, 8))),
    )


def seen_by(tile: Tile, everything: Detections) -> Detections:
    """What a tile sees of the sky, in its own pixels."""
    x, y = everything.centre_xy.T
    inside = (x >= tile.read.x0) & (x < tile.read.x1) & (y >= tile.read.y0) & (y < tile.read.y1)
    return everything[inside].shifted(-tile.read.x0, -tile.read.y0)


def main(count: int) -> None:
    rng = np.random.default_rng(0)
    side = max(1024, int(np.sqrt(count / _SOURCES_PER_PIXEL)))
    everything = sky(count, side, rng)
    tiles = make_tiles((side, side), tile_size=1024, margin=128)
    seen = [(tile, seen_by(tile, everything)) for tile in tiles]
    print(f"{count} sources, {side} × {side} pixels, {len(tiles)} tiles")
    parts = timed("keep what tiles own", lambda: [(tile, keep_owned(found, tile)) for tile, found in seen])
    rows = timed("merge", lambda: merge(parts))
    joined = timed("join", lambda: Detections.concatenate([found for _, found in parts])[rows])
    single = timed("without duplicates", lambda: without_duplicates(joined, max_iou=0.5, threshold=0.5))
    found = joined[single]
    blended = timed("touching masks", lambda: touching_masks(found, threshold=0.5))
    photometry = Photometry.empty(len(JADES_BANDS), len(found))
    photometry.flux[:], photometry.flux_error[:], photometry.n_bands[:] = 10.0, 1.0, len(JADES_BANDS)
    photometry.n_pix[:], photometry.centre_xy[:] = 100, found.centre_xy
    catalogue = timed(
        "point estimates, intervals, flags",
        lambda: build_catalogue(
            found, photometry, bands=JADES_BANDS, ra=found.centre_xy[:, 0] / 1e5, dec=found.centre_xy[:, 1] / 1e5,
            ebv=np.full(len(found), 0.01, np.float32), blended=blended, z_range=(0.0, 15.0), meta={},
        ),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        timed("write FITS", lambda: write_catalogue_fits(Path(folder) / "c.fits", catalogue))
        timed("write Parquet", lambda: write_catalogue_parquet(Path(folder) / "c.parquet", catalogue))
    print(f"{len(catalogue)} sources in the catalogue")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
