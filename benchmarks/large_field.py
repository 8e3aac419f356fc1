"""How much time and memory does a run take without the network: reading, measuring, parts, assembling and products?

Run `python benchmarks/large_field.py [SIDE]`: a noise mosaic of nine bands and SIDE pixels a side (default 4096; 16384
is as large as JADES, 19 GB of FITS) is written to a temporary directory (set TMPDIR to choose it) and searched by one
process. In place of the network it finds known sources, 91 on 512 × 512 pixels. Tiles are counted in units of 512 × 512
owned pixels.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import zpix.search.searcher
from zpix.config import InferenceConfig
from zpix.image import JADES_BANDS, MosaicWriter, Pixels, Region, tangent_wcs
from zpix.jobs.run import write_run
from zpix.sources import GALAXY, STAR, Detections, ZMixture

SOURCES_PER_TILE = 91
NOISE_NJY = 0.5  # of a pixel, as in deep fields: a mosaic ten times as noisy would be refused


class KnownSky:
    """Sources at random positions, which every tile finds to a fraction of a pixel."""

    def __init__(self, side: int, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        count = int(SOURCES_PER_TILE * (side / 512) ** 2)
        size = np.clip(rng.lognormal(np.log(18), 0.5, count), 5, 300)
        ratio = rng.uniform(0.7, 1.4, count)
        half = 0.5 * np.stack([size * ratio, size / ratio], 1)
        centre = rng.uniform(0, side, (count, 2))
        centre = centre[np.argsort(centre[:, 1])]
        self.y = centre[:, 1]
        self.box = np.concatenate([centre - half, centre + half], 1).astype(np.float32)
        self.score = rng.uniform(0.25, 1, count).astype(np.float32)
        self.star = rng.uniform(0, 0.6, count).astype(np.float32)
        weights = rng.gamma(0.5, 1, (count, 8)) + 1e-9
        self.redshift = ZMixture(
            weights / weights.sum(1, keepdims=True), rng.gamma(2, 1.2, (count, 8)), rng.uniform(0.03, 0.6, (count, 8))
        )
        u = np.linspace(-1, 1, 28)
        slope = 6 * (u[:, None] ** 2 + u**2 - rng.uniform(0.5, 1.2, (64, 1, 1)))
        self.masks = (1 / (1 + np.exp(slope))).astype(np.float32)

    def seen_in(self, region: Region, *, seed: int, features: int) -> Detections:
        """Detections of a tile as of a perfect network with so many features."""
        low, high = np.searchsorted(self.y, [region.y0 - 200, region.y1 + 200])
        box = self.box[low:high]
        whole = (box[:, :2] >= (region.x0, region.y0)).all(1) & (box[:, 2:] <= (region.x1, region.y1)).all(1)
        rows = low + np.flatnonzero(whole)
        wrong = np.random.default_rng(seed).uniform(-0.4, 0.4, (len(rows), 4)).astype(np.float32)
        corner = np.array([region.x0, region.y0] * 2, np.float32)
        label = np.where(self.star[rows] > 0.5, STAR, GALAXY)
        return Detections(
            self.box[rows] + wrong - corner,
            self.score[rows],
            label,
            np.stack([1 - self.star[rows], self.star[rows]], axis=1),
            self.masks[rows % 64],
            self.redshift[rows],
            np.zeros((len(rows), features), np.float32),
        )


def write_noise(folder: Path, side: int) -> None:
    """Write a mosaic of noise in nine bands."""
    shape = (len(JADES_BANDS), 1024, 1024)
    flux = np.random.default_rng(0).normal(scale=NOISE_NJY, size=shape).astype(np.float32)
    block = Pixels(flux, np.full(shape, NOISE_NJY, np.float32), np.ones(shape, bool))
    wcs = tangent_wcs(53.1, -27.8, (side, side), 0.03)
    with MosaicWriter(folder, bands=JADES_BANDS, shape=(side, side), wcs=wcs) as writer:
        for y in range(0, side, 1024):
            for x in range(0, side, 1024):
                writer.write(Region(x, y, x + 1024, y + 1024), block)


def main(side: int) -> None:
    """Search a field of this size and print times, sizes and memory."""
    sky = KnownSky(side)

    def predict(
        searcher: zpix.search.searcher.Searcher, batch: list[zpix.search.searcher._Window]
    ) -> zpix.search.searcher._Answered:
        features = sum(searcher.predictor.feature_widths)
        seen = [sky.seen_in(w.tile.read, seed=w.tile.index, features=features) for w in batch]
        return zpix.search.searcher._Answered(batch[0].block, batch, seen, 0.0)

    zpix.search.searcher.Searcher._predict = predict
    config = InferenceConfig(device="cpu", precision="fp32", dust="0.01", workers=1)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_noise(place / "mosaics", side)
        start, busy = time.perf_counter(), time.process_time()
        run = write_run(place / "mosaics", out=place / "result", config=config)
        wall, busy = time.perf_counter() - start, time.process_time() - busy
        size = {path.name: path.stat().st_size for path in (place / "result").iterdir()}
    tiles = (side / 512) ** 2
    print(f"{run.sources} sources, {tiles:.0f} tiles of 512 × 512: {wall:.1f} s, of a processor {busy:.1f} s")
    for stage, seconds in run.seconds.items():
        print(f"{stage:16}{seconds:8.2f} s{1e3 * seconds / tiles:8.2f} ms per tile")
    for name, count in sorted(size.items()):
        print(f"{name:20}{count / 1e6:10.1f} MB{count / run.sources:10.0f} bytes per source")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4096)
