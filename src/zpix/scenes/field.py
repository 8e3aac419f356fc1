"""How does a simulated field become FITS files?

Blocks of the size of the sky's cells are observed one after another, by one process or several, and written
where they belong: memory stays flat and the pixels do not depend on the number of workers. A simulation that was
killed or interrupted goes on after its last whole block when it is started again.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from astropy.table import Table
from astropy.wcs import WCS

from zpix.config import SimulationConfig
from zpix.errors import ConfigError
from zpix.image import JADES_BANDS, MosaicWriter, Region, ebv_at, tangent_wcs
from zpix.image.grids import sky_positions
from zpix.outputs import whole_file
from zpix.progress import in_order
from zpix.scenes.scene import Scene
from zpix.scenes.sky import Sky
from zpix.scenes.unfinished import TrueSegmentationWriter, UnfinishedField, unfinished_field

#: Centre of GOODS-S in degrees.
GOODS_S = (53.16, -27.79)
_PRODUCTS = ("segmentation.fits", "truth.fits", "simulation.json")


def write_field(
    out: str | Path,
    *,
    shape: tuple[int, int] = (1024, 1024),
    seed: int = 0,
    ra: float = GOODS_S[0],
    dec: float = GOODS_S[1],
    bands: tuple[str, ...] = JADES_BANDS,
    config: SimulationConfig | None = None,
    workers: int = 1,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Simulate a field and write it to a directory.

    It then holds `mock_<band>_drz.fits` in the JADES layout, `segmentation.fits` (ids in HDU 0), `truth.fits`
    (see `zpix.scenes.truth_table`, with ra and dec in degrees) and `simulation.json`, the resolved settings and, under
    `drawn`, what was drawn for the field (`zpix.scenes.observing_record`). They appear when all are
    complete; until then they are in the hidden directory `.simulation.part`, from which the same call goes on after an
    interruption.

    Parameters
    ----------
    out : str or Path
        The directory.
    shape : (ny, nx), pixels, default: (1024, 1024)
        Rows and columns.
    seed : int, default: 0
        Seed of all random numbers.
    ra, dec : float, degrees, default: 53.16, -27.79
        Centre of the field; unless the settings give one, E(B−V) is that of the SFD map there.
    bands : tuple of str, default: the nine of JADES
        Names of the bands.
    config : SimulationConfig, optional
        What the sky is drawn with.
    workers : int, default: 1
        Number of processes; the pixels are the same for any number.
    overwrite : bool, default: False
        Whether files of these names, or an unfinished simulation with other settings, are replaced.
    progress : callable, optional
        Called with the number of finished and of all blocks.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    ConfigError
        If the shape or the number of workers is not positive.
    OutputError
        If files of these names exist, or a simulation was begun there with other settings, and `overwrite` is
        false, or if they cannot be written.
    """
    folder, settings = Path(out), config or SimulationConfig()
    if min(shape) < 1:
        raise ConfigError(f"shape = {shape}: a field needs at least one row and one column")
    if workers < 1:
        raise ConfigError(f"workers = {workers}: allowed are 1 and more")
    if settings.ebv is None:
        settings = settings.model_copy(update={"ebv": float(ebv_at(np.array([ra]), np.array([dec]))[0])})
    sky = Sky(seed, tuple(bands), settings)
    resolved = {"seed": seed, "ra": ra, "dec": dec, "shape": shape, "bands": sky.bands} | settings.model_dump()
    products = (*_PRODUCTS, *(f"mock_{band.lower()}_drz.fits" for band in sky.bands))
    begun = {"zpix": version("zpix")} | resolved
    with unfinished_field(folder, begun, products=products, overwrite=overwrite) as unfinished:
        if not unfinished.complete:
            _draw(unfinished, sky, tangent_wcs(ra, dec, shape, settings.pixel_scale_arcsec), shape, workers, progress)
            with whole_file(unfinished.path / "simulation.json") as path:
                path.write_text(json.dumps(resolved | {"drawn": sky.drawn}, indent=2) + "\n")
        unfinished.publish()
    return folder


def _draw(
    unfinished: UnfinishedField,
    sky: Sky,
    wcs: WCS,
    shape: tuple[int, int],
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Mosaics, segmentation map and truth, from the first block that is missing."""
    header = {"SIMSEED": sky.seed, "SIMEBV": sky.ebv, "SIMDEPTH": sky.depth, "SIMHIZ": sky.config.high_z_boost}
    blocks = list(_blocks(sky, shape))
    with (
        MosaicWriter(
            unfinished.path, bands=sky.bands, shape=shape, wcs=wcs, prefix="mock", header=header, resume=True
        ) as mosaic,
        TrueSegmentationWriter(unfinished.path / "segmentation.fits", shape, wcs) as segmentation,
    ):
        for block, scene in _observed(sky, shape, blocks[unfinished.done :], workers):
            mosaic.write(block, scene.pixels)
            segmentation.write(block, scene.segmentation)
            mosaic.flush()
            segmentation.flush()
            rows = _owned_rows(scene.truth, block, Region.whole(shape))
            unfinished.add_block(rows, scene.segmentation, block)
            if progress:
                progress(unfinished.done, len(blocks))
    truth = _merged(unfinished, wcs)
    truth.meta = dict(header)
    with whole_file(unfinished.path / "truth.fits") as path:
        truth.write(path, format="fits")


def _blocks(sky: Sky, shape: tuple[int, int]) -> Iterator[Region]:
    """The cells that make up the field, clipped to it."""
    size, field = sky.config.cell_size_pix, Region.whole(shape)
    for row, column in sky.cells(field):
        cell = Region(column * size, row * size, (column + 1) * size, (row + 1) * size)
        yield cell.intersection(field)


def _observed(sky: Sky, shape: tuple[int, int], blocks: list[Region], workers: int) -> Iterator[tuple[Region, Scene]]:
    """Blocks and their scenes in order; several workers compute a few blocks at a time."""
    field = Region.whole(shape)
    first_ids = _first_ids(sky, field)
    if workers == 1:
        for block in blocks:
            yield block, sky.observe(block, bounds=field, first_ids=first_ids)
        return
    observe = partial(sky.observe, bounds=field, first_ids=first_ids)
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_serve)
    try:
        yield from zip(blocks, in_order(pool, observe, iter(blocks), ahead=2 * workers), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)


def _serve() -> None:
    """Prepare a worker process: its parent handles Ctrl-C, and the worker ends when the parent is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _first_ids(sky: Sky, field: Region) -> dict[tuple[int, int], int]:
    """Id of the first source of each cell of the field and of the cells around it."""
    first, ids = 1, {}
    margin = max(sky.config.cell_size_pix, sky.reach_pix if sky.config.star_haloes else 0)
    for cell in sky.cells(field.grown(margin)):
        ids[cell] = first
        first += len(sky.cell_population(*cell))
    return ids


def _owned_rows(truth: Table, block: Region, field: Region) -> Table:
    """Rows of sources centred in the block, or outside the field, with positions in the field's pixels."""
    table = truth.copy()
    table["x"] += block.x0
    table["y"] += block.y0
    x, y = np.asarray(table["x"]), np.asarray(table["y"])
    return table[block.contains(x, y) | ~field.contains(x, y)]


def _merged(unfinished: UnfinishedField, wcs: WCS) -> Table:
    """One row for each id, in order, with sky positions and the segment that the map holds."""
    table, segment_ids, counts, boxes = unfinished.truth()
    table.sort(["id", "snr"])
    ids = np.asarray(table["id"])
    table = table[np.append(ids[1:] != ids[:-1], True)[: len(ids)]]
    rows = np.searchsorted(np.asarray(table["id"]), segment_ids)
    for name in ("n_pix", "xmin", "ymin", "xmax", "ymax"):
        table[name] = np.zeros_like(table[name])
    table["n_pix"][rows] = counts
    for name, values in zip(("xmin", "ymin", "xmax", "ymax"), boxes.T, strict=True):
        table[name][rows] = values
    table["detectable"] = table["n_pix"] > 0
    ra, dec = sky_positions(wcs, np.asarray(table["x"]), np.asarray(table["y"]))
    table.add_column(np.asarray(ra, dtype=float), name="ra", index=1)
    table.add_column(np.asarray(dec, dtype=float), name="dec", index=2)
    table["ra"].unit = table["dec"].unit = "deg"
    return table
