"""How long does the page of a large field take to make, how much memory, and how fluid is it in a browser?

Run `python benchmarks/view_page.py [SIDE] [FOLDER]`: a mosaic of nine bands and SIDE pixels a side (default 4096; 16384
is as large as JADES, 20 GB of FITS) and a catalogue of 91 sources on 512 × 512 pixels are written to a temporary
directory (set TMPDIR to choose it), or to FOLDER, where they stay and are used again. The page is made from them. With
Playwright and chromium, the page is then opened from disk, panned and zoomed; frames are those of a browser that draws
on the processor.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

import zpix
from zpix.catalogue import Catalogue, SegmentationWriter, Stamps, catalogue_columns, write_catalogue_fits
from zpix.image import JADES_BANDS, MosaicWriter, Pixels, Region, open_mosaic, tangent_wcs

BLOCK_PIX, SOURCES_PER_BLOCK = 1024, 364
NOISE_NJY = 0.5
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
# Counts frames while the mouse pans and the wheel zooms.
COUNT_FRAMES = """() => {
  window.frames_seen = [];
  const tick = (now) => { window.frames_seen.push(now); window.counting = requestAnimationFrame(tick); };
  window.counting = requestAnimationFrame(tick);
}"""
FRAMES = """() => { cancelAnimationFrame(window.counting); return window.frames_seen; }"""


def draw_block(rng: np.random.Generator) -> tuple[Pixels, np.ndarray, np.ndarray]:
    """Pixels of a block of sources in noise, their centres, and radii of their masks."""
    shape = (len(JADES_BANDS), BLOCK_PIX, BLOCK_PIX)
    flux = rng.normal(scale=NOISE_NJY, size=shape).astype(np.float32)
    centre = rng.uniform(30, BLOCK_PIX - 30, (SOURCES_PER_BLOCK, 2))
    radius = np.clip(rng.lognormal(np.log(9), 0.5, SOURCES_PER_BLOCK), 3, 28)
    y, x = np.mgrid[-28:29, -28:29]
    for (cx, cy), size in zip(centre, radius, strict=True):
        blob = np.exp(-0.5 * (np.hypot(x, y) / (0.45 * size)) ** 2).astype(np.float32)
        colour = (rng.uniform(0.5, 6) * np.linspace(rng.uniform(0.2, 2), 1, len(JADES_BANDS))).astype(np.float32)
        flux[:, int(cy) - 28 : int(cy) + 29, int(cx) - 28 : int(cx) + 29] += colour[:, None, None] * blob
    return Pixels(flux, np.full(shape, NOISE_NJY, np.float32), np.ones(shape, bool)), centre, radius


def write_field(place: Path, side: int) -> None:
    """Write mosaics and a result to look at: the same block again and again, with redshifts of its own each time."""
    rng = np.random.default_rng(0)
    block, centre, radius = draw_block(rng)
    wcs = tangent_wcs(53.1, -27.8, (side, side), 0.03)
    starts = range(0, side, BLOCK_PIX)
    with MosaicWriter(place / "mosaics", bands=JADES_BANDS, shape=(side, side), wcs=wcs) as writer:
        for y in starts:
            for x in starts:
                writer.write(Region(x, y, x + BLOCK_PIX, y + BLOCK_PIX), block)
    corners = np.array([(x, y) for y in starts for x in starts])
    xy = (corners[:, None] + centre).reshape(-1, 2)
    size = np.tile(radius, len(corners))
    order = np.argsort(xy[:, 1], kind="stable")
    xy, size = xy[order], size[order]
    (place / "result").mkdir()
    with open_mosaic(place / "mosaics") as mosaic:
        record = {"mosaics": [{"path": str(path)} for path in mosaic.paths], "bands": list(mosaic.bands)}
        (place / "result" / "run.json").write_text(json.dumps(record))
        ra, dec = mosaic.sky(*xy.T)
    write_catalogue_fits(place / "result" / "catalogue.fits", made_up(xy, size, np.stack([ra, dec]), rng))
    half = np.ceil(size).astype(np.int32)
    windows = []
    for (x, y), r, h in zip(xy - np.rint(xy), size, half, strict=True):
        j, i = np.mgrid[-h : h + 1, -h : h + 1]
        windows.append((255 * (np.hypot(i - x, j - y) <= r)).astype(np.uint8).ravel())
    corner = np.rint(xy).astype(np.int32) - half[:, None]
    masks = Stamps(corner, np.stack([2 * half + 1] * 2, 1), np.concatenate(windows))
    with SegmentationWriter(place / "result" / "segmentation.fits", shape=(side, side), wcs=wcs) as writer:
        writer.draw(masks, ids=np.arange(1, len(xy) + 1), score=np.ones(len(xy)))


def made_up(xy: np.ndarray, size: np.ndarray, sky: np.ndarray, rng: np.random.Generator) -> Catalogue:
    """A catalogue in which only what the page shows has sensible values."""
    count = len(xy)
    z = rng.gamma(2, 1.2, (count, 8))
    weight = rng.gamma(0.5, 1, (count, 8)) + 1e-9
    known = {
        "id": np.arange(1, count + 1), "ra": sky[0], "dec": sky[1], "x": xy[:, 0], "y": xy[:, 1],
        "class": np.where(rng.random(count) < 0.03, "star", "galaxy"), "score": rng.uniform(0.3, 1, count),
        "z_phot": z[:, 0], "z160": 0.9 * z[:, 0], "z840": 1.1 * z[:, 0], "z025": 0.8 * z[:, 0], "z975": 1.2 * z[:, 0],
        "zmix_weight": weight / weight.sum(1, keepdims=True), "zmix_mean": z,
        "zmix_width": rng.uniform(0.03, 0.6, z.shape), "n_pix": np.pi * size**2,
        "flags": 1 << rng.integers(0, 11, count),
    }  # fmt: skip
    columns = {}
    for column in catalogue_columns(JADES_BANDS, 8):
        values = known.get(column.name)
        columns[column.name] = rng.uniform(1, 1000, count) if values is None else values
    return Catalogue(columns, JADES_BANDS, {"model": "made up"})


def look_at(page: Path) -> None:
    """Open the page in chromium, pan and zoom it, and print times."""
    from playwright.sync_api import sync_playwright

    executable = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
    if executable is None:
        print("no chromium: the page is not looked at")
        return
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable, args=FLAGS)
        tab = browser.new_page(viewport={"width": 1400, "height": 900})
        start = time.perf_counter()
        tab.goto(page.absolute().as_uri())
        tab.wait_for_selector("body[data-ready]")
        print(f"first view      {time.perf_counter() - start:8.2f} s")
        tab.wait_for_timeout(2000)
        box = tab.locator("#map").bounding_box()
        assert box is not None
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        for what, steps in (("all in view", 0), ("zoomed in", 6), ("at full pixels", 4)):
            tab.mouse.move(*middle)
            for _ in range(steps):
                tab.mouse.wheel(0, -240)
                tab.wait_for_timeout(250)
            tab.wait_for_timeout(1500)
            before = processor_seconds()
            pan(tab, middle)
            print_frames(f"pan, {what}", tab.evaluate(FRAMES), processor_seconds() - before)
            tab.wait_for_timeout(500)
        before = processor_seconds()
        tab.evaluate(COUNT_FRAMES)
        for _ in range(10):
            tab.mouse.wheel(0, 240)
            tab.wait_for_timeout(120)
        print_frames("zoom out", tab.evaluate(FRAMES), processor_seconds() - before)
        start = time.perf_counter()
        tab.fill("[name=pLeast]", "0.9")
        tab.wait_for_selector("body.is-filtered", timeout=30000)
        print(f"P(z > 6) > 0.9  {time.perf_counter() - start:8.2f} s")
        start = time.perf_counter()
        tab.click("[data-name=z_phot]")
        print(f"sort            {time.perf_counter() - start:8.2f} s")
        browser.close()


def pan(tab, middle: tuple[float, float]) -> None:
    """Drag the map to and fro, and count frames."""
    tab.mouse.move(*middle)
    tab.mouse.down()
    tab.evaluate(COUNT_FRAMES)
    for step in range(120):
        tab.mouse.move(middle[0] + 250 * np.sin(step / 12), middle[1] + 150 * np.sin(step / 9))
        tab.wait_for_timeout(8)
    tab.mouse.up()


def processor_seconds() -> float:
    """Processor time of the browser's processes."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        spent += times.user + times.system
    return spent


def print_frames(what: str, times: list[float], busy: float) -> None:
    """Print frames a second, the longest time between two, and what a frame costs the processors.

    On a machine that does other work, the last is what can be compared.
    """
    gaps = np.diff(times)
    print(
        f"{what:24}{1000 / gaps.mean():6.1f} frames per second, 95 % of them within {np.quantile(gaps, 0.95):.0f} ms; "
        f"{1000 * busy / len(gaps):.1f} ms of processors each"
    )


def main(side: int, folder: str | Path | None = None) -> None:
    """Make the page of a field of this size, and print times, sizes and memory."""
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(folder or temporary)
        if not (place / "result" / "segmentation.fits").is_file():
            place.mkdir(parents=True, exist_ok=True)
            write_field(place, side)
        script = f"import zpix; zpix.view({str(place / 'result')!r}, overwrite=True)"
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        wall, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        files = [path for path in (place / "result" / "view").rglob("*") if path.is_file()]
        sources = len(zpix.read_catalogue(place / "result"))
        print(f"{sources} sources, {side} x {side} pixels, {len(JADES_BANDS)} bands")
        print(f"page made in    {wall:8.1f} s, of processors {used.ru_utime - before.ru_utime:.1f} s")
        print(f"peak memory     {used.ru_maxrss / 1024:8.0f} MiB")
        print(f"{len(files)} files   {sum(path.stat().st_size for path in files) / 1e6:8.1f} MB")
        try:
            look_at(place / "result" / "view" / "index.html")
        except ImportError:
            print("no Playwright: the page is not looked at")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4096, sys.argv[2] if len(sys.argv) > 2 else None)
