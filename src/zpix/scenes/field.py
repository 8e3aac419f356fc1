"""How does a simulated field become FITS files?

Blocks of the size of the sky's cells are observed one after another, by one process or several, and written
where they belong: memory stays flat and the pixels do not depend on the number of workers.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table, vstack
from astropy.wcs import WCS
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from zpix.config import SimulationConfig
from zpix.errors import ConfigError, OutputError
from zpix.image import JADES_BANDS, MosaicWriter, Region, ebv_at, tangent_wcs
from zpix.outputs import whole_file
from zpix.scenes.sky import Scene, Sky

#: Centre of GOODS-S in degrees.
GOODS_S = (53.16, -27.79)

_FITS_BLOCK = 2880


def simulate(
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
    """Simulate a field and write it to the directory `out`.

    It then holds `mock_<band>_drz.fits` in the JADES layout, `segmentation.fits` (ids in HDU 0), `truth.fits`
    (see `zpix.scenes.truth`, with ra and dec in degrees) and `simulation.json`, the resolved settings.

    Parameters
    ----------
    shape : (ny, nx)
        In pixels.
    ra, dec : float
        Centre of the field in degrees; unless the settings give one, E(B−V) is that of the SFD map there.
    workers : int
        Processes; the pixels are the same for any number.
    progress : callable, optional
        Called with the number of finished and of all blocks.

    Raises
    ------
    ConfigError
        If the shape or the number of workers is not positive.
    OutputError
        If files of these names exist and `overwrite` is false, or cannot be written.
    """
    folder, settings = Path(out), config or SimulationConfig()
    if min(shape) < 1:
        raise ConfigError(f"shape = {shape}: a field needs at least one row and one column")
    if workers < 1:
        raise ConfigError(f"workers = {workers}: allowed are 1 and more")
    if settings.ebv is None:
        settings = settings.model_copy(update={"ebv": float(ebv_at(np.array([ra]), np.array([dec]))[0])})
    for name in ("segmentation.fits", "truth.fits", "simulation.json"):
        if (folder / name).exists() and not overwrite:
            raise OutputError(f"'{folder / name}' exists already: choose another directory or allow overwriting")
    sky = Sky(seed, tuple(bands), settings)
    wcs = tangent_wcs(ra, dec, shape, settings.pixel_scale_arcsec)
    header = {"SIMSEED": seed, "SIMEBV": sky.ebv, "SIMDEPTH": sky.depth, "SIMHIZ": settings.high_z_boost}
    blocks = list(_blocks(sky, shape))
    tables, segments = [], _Tally()
    with (
        MosaicWriter(
            folder, bands=sky.bands, shape=shape, wcs=wcs, prefix="mock", header=header, overwrite=overwrite
        ) as mosaic,
        _segmentation_file(folder / "segmentation.fits", shape, wcs) as segmentation,
    ):
        for done, (block, scene) in enumerate(_observed(sky, shape, blocks, workers), start=1):
            mosaic.write(block, scene.pixels)
            segmentation[block.slices] = scene.segmentation
            segments.add(block, scene.segmentation)
            tables.append(_owned_rows(scene.truth, block, Region.whole(shape)))
            if progress:
                progress(done, len(blocks))
        truth = _merged(tables, segments, wcs)
        truth.meta = dict(header)
        with whole_file(folder / "truth.fits") as path:
            truth.write(path, format="fits")
        resolved = {"seed": seed, "ra": ra, "dec": dec, "shape": shape, "bands": sky.bands}
        text = json.dumps(resolved | settings.model_dump(), indent=2)
        with whole_file(folder / "simulation.json") as path:
            path.write_text(text + "\n")
    return folder


def _blocks(sky: Sky, shape: tuple[int, int]) -> Iterator[Region]:
    """The cells that make up the field, clipped to it."""
    size, field = sky.config.cell_size_pix, Region.whole(shape)
    for row, column in sky.cells(field):
        cell = Region(column * size, row * size, (column + 1) * size, (row + 1) * size)
        yield cell.intersection(field)


def _observed(sky: Sky, shape: tuple[int, int], blocks: list[Region], workers: int) -> Iterator[tuple[Region, Scene]]:
    """Blocks and their scenes in order; a few are in the making at a time."""
    field = Region.whole(shape)
    first_ids = _first_ids(sky, field)
    if workers == 1:
        for block in blocks:
            yield block, sky.observe(block, bounds=field, first_ids=first_ids)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: deque[tuple[Region, Future[Scene]]] = deque()
        for block in blocks:
            waiting.append((block, pool.submit(sky.observe, block, bounds=field, first_ids=first_ids)))
            if len(waiting) > 2 * workers:
                region, future = waiting.popleft()
                yield region, future.result()
        for region, future in waiting:
            yield region, future.result()


def _first_ids(sky: Sky, field: Region) -> dict[tuple[int, int], int]:
    """Id of the first source of each cell of the field and of the cells around it."""
    first, ids = 1, {}
    for cell in sky.cells(field.grown(sky.config.cell_size_pix)):
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


def _merged(tables: list[Table], segments: _Tally, wcs: WCS) -> Table:
    """All rows by id, each once, with sky positions and the segments that the map holds."""
    table = vstack(tables, metadata_conflicts="silent")
    table.sort(["id", "snr"])
    ids = np.asarray(table["id"])
    table = table[np.append(ids[1:] != ids[:-1], True)[: len(ids)]]
    for row, identifier in enumerate(np.asarray(table["id"])):
        count, box = segments.found.get(int(identifier), (0, (0, 0, 0, 0)))
        table["n_pix"][row] = count
        for name, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True):
            table[name][row] = value
    table["detectable"] = table["n_pix"] > 0
    ra, dec = wcs.pixel_to_world_values(np.asarray(table["x"]), np.asarray(table["y"]))
    table.add_column(np.asarray(ra, dtype=float), name="ra", index=1)
    table.add_column(np.asarray(dec, dtype=float), name="dec", index=2)
    table["ra"].unit = table["dec"].unit = "deg"
    return table


class _Tally:
    """Pixels and box of every segment, added up block by block."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[int, tuple[int, int, int, int]]] = {}

    def add(self, block: Region, segmentation: NDArray[np.int32]) -> None:
        ids, compact, counts = np.unique(segmentation, return_inverse=True, return_counts=True)
        places = find_objects(compact.reshape(segmentation.shape) + 1)
        for identifier, count, place in zip(ids, counts, places, strict=True):
            if identifier == 0:
                continue
            y, x = place
            box = (block.x0 + x.start, block.y0 + y.start, block.x0 + x.stop, block.y0 + y.stop)
            if int(identifier) in self.found:
                more, other = self.found[int(identifier)]
                count += more
                box = (*map(min, box[:2], other[:2]), *map(max, box[2:], other[2:]))
            self.found[int(identifier)] = int(count), box


@contextmanager
def _segmentation_file(path: Path, shape: tuple[int, int], wcs: WCS) -> Iterator[NDArray]:
    """The pixels (y, x), int32, of a FITS image on disk, to be filled block by block."""
    axes = [("SIMPLE", True), ("BITPIX", 32), ("NAXIS", 2), ("NAXIS1", shape[1]), ("NAXIS2", shape[0])]
    header = fits.Header(axes)
    header.update(wcs.to_header(relax=True))
    text = header.tostring().encode("ascii")
    n_bytes = 4 * shape[0] * shape[1]
    with whole_file(path) as unfinished:
        unfinished.write_bytes(text)
        os.truncate(unfinished, len(text) + -(-n_bytes // _FITS_BLOCK) * _FITS_BLOCK)
        pixels = np.memmap(unfinished, ">i4", "r+", offset=len(text), shape=shape)
        yield pixels
        pixels.flush()
