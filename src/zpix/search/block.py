"""What is in a block of tiles? Read, find, measure and write, each going on while the next waits for nothing.

A thread reads tiles ahead of the network, another one measures and writes behind it. What is found is written as a part
of the catalogue, whole, by any process on any machine: a block is searched in the same way wherever that is.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import Photometry, Stamps, build_catalogue, measure_stamps, place_masks, segment_masks
from zpix.config import InferenceConfig
from zpix.detector import load_checkpoint
from zpix.image import Pixels, Tile, ebv_at, reopen_mosaic
from zpix.search import Block, Predictor, claimed, computing_with, keep_owned
from zpix.search.apertures import ReferenceApertures, TileReference
from zpix.search.parts import Part, write_part
from zpix.sources import ConformalIntervals, Detections, Novelty, WidthCalibration

Item = TypeVar("Item")
Result = TypeVar("Result")

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Search:
    """Everything that a process must know to search blocks of a mosaic; it can be sent to any.

    Attributes
    ----------
    model : path of the checkpoint
    mosaics : paths of the files of the mosaic
    bands : bands of the mosaic, one for each path
    parts : directory of the parts
    threads : of the network, the same in every process
    facts : pairs for the header of the catalogue
    reference : path of a reference catalogue that was placed on the mosaic, whose sources all get a redshift
    reference_segmentation : path of its segmentation map
    """

    model: Path
    mosaics: tuple[Path, ...]
    bands: tuple[str, ...]
    config: InferenceConfig
    parts: Path
    threads: int = 1
    facts: tuple[tuple[str, Any], ...] = ()
    reference: Path | None = None
    reference_segmentation: Path | None = None

    def part(self, block: Block) -> Path:
        """The file of a block's part."""
        return self.parts / f"block-{block.index:06d}.parquet"


@dataclass
class BlockSummary:
    """A block that was searched: how many tiles and detections, and the seconds that each stage worked."""

    tiles: int = 0
    detections: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def search_block(search: Search, block: Block) -> BlockSummary:
    """Search one block and write its part; the network stays loaded for the next one."""
    with _one_at_a_time, computing_with(search.threads):  # a dask worker may have several threads of its own
        (found,) = _searcher(search).search([block])
    return found


def search_blocks(search: Search, blocks: Iterable[Block]) -> Iterator[BlockSummary]:
    """Search blocks one after the other in this process, reading and writing beyond the block at work."""
    with _one_at_a_time, computing_with(search.threads):
        yield from _searcher(search).search(blocks)


@lru_cache(maxsize=1)
def _searcher(search: Search) -> _Searcher:
    return _Searcher(search)


class _Searcher:
    """A network and a mosaic, ready for blocks."""

    def __init__(self, search: Search) -> None:
        self.search_of, self.config = search, search.config
        checkpoint = load_checkpoint(search.model)
        self.mosaic = reopen_mosaic(search.mosaics, search.bands)
        self.predictor = Predictor(checkpoint, search.config)
        self.batch_size = self.predictor.batch_size  # tiles given to the network at once, and read ahead of it
        self.calibration = WidthCalibration.from_saved(checkpoint.about.width_calibration)
        self.conformal = None
        if search.config.intervals == "conformal":
            self.conformal = ConformalIntervals.from_saved(checkpoint.about.conformal)
        self.novelty = Novelty.from_arrays({name: value.numpy() for name, value in checkpoint.novelty.items()})
        # Pixels of tiles that are done with: the largest arrays of all, whose memory would fall into pieces.
        self._spare: deque[Pixels] = deque(maxlen=2 * self.batch_size + 1)
        self._measuring: Future[_Measured] | None = None
        self.reference = None
        if search.reference is not None:
            shape, segmentation = self.mosaic.shape, search.reference_segmentation
            self.reference = ReferenceApertures(search.reference, shape=shape, segmentation=segmentation)
        self.z_range = checkpoint.about.z_range or (0.0, 15.0)

    def search(self, blocks: Iterable[Block]) -> Iterator[BlockSummary]:
        """Search blocks and write their parts, in order."""
        tiles = ((block, tile) for block in blocks for tile in block.tiles)
        with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(1) as writer:
            windows = _ahead(reader, self._read, tiles, depth=self.batch_size)
            writing: deque[Future[BlockSummary]] = deque()
            for block, group in groupby(windows, key=attrgetter("block")):
                found = BlockSummary()
                measured: list[Future[_Measured]] = []
                while batch := list(islice(group, self.batch_size)):
                    _add(found.seconds, "reading", sum(window.seconds for window in batch))
                    start = time.perf_counter()
                    answers = self._predict(batch)
                    _add(found.seconds, "inference", time.perf_counter() - start)
                    if measured:  # one batch at a time waits to be measured
                        measured[-1].result()
                    measured += [writer.submit(self._measure, *pair) for pair in zip(batch, answers, strict=True)]
                    self._measuring = measured[-1]
                writing.append(writer.submit(self._write, block, found, measured))
                if len(writing) > 1:
                    yield writing.popleft().result()
            yield from (part.result() for part in writing)

    def _read(self, place: tuple[Block, Tile]) -> _Window:
        """Pixels of a tile in the model's bands, E(B−V) at its middle, and its sources of the reference."""
        block, tile = place
        if self._measuring is not None and self.batch_size == 1:
            wait([self._measuring])  # two tiles in memory, not three: on a processor the network takes longer than both
        start = time.perf_counter()
        spare = self._spare.popleft() if self._spare else None
        pixels = self.mosaic.read(tile.read, bands=self.predictor.bands, spare=spare)
        middle = self.mosaic.sky(0.5 * (tile.owned.x0 + tile.owned.x1), 0.5 * (tile.owned.y0 + tile.owned.y1))
        dust = float(ebv_at(*(np.atleast_1d(angle) for angle in middle), dust=self.config.dust)[0])
        reference = None
        if self.reference is not None:
            reference = self.reference.owned_by(tile, mask_size=self.predictor.mask_size)
        return _Window(block, tile, pixels, dust, reference, time.perf_counter() - start)

    def _predict(self, batch: list[_Window]) -> list[Detections]:
        """Sources of tiles that the tiles may own; those of the reference come last."""
        reference = [window.reference.boxes for window in batch if window.reference is not None]
        return self.predictor.predict_batch(
            [window.pixels for window in batch],
            dust=[window.dust for window in batch],
            within=[claimed(window.tile) for window in batch],
            reference=reference or None,
        )

    def _measure(self, window: _Window, detections: Detections) -> _Measured:
        """The detections that the tile may own, then the sources of the reference, and the light in their pixels."""
        start = time.perf_counter()
        tile, pixels, reference = window.tile, window.pixels, window.reference
        found = len(detections) - (0 if reference is None else len(reference.id))
        forced = detections[found:].shifted(tile.read.x0, tile.read.y0)
        detections = keep_owned(detections[:found], tile)
        reference_id = np.full(len(detections), -1)
        if reference is not None:
            reference_id = np.concatenate([reference_id, reference.id])
            detections = Detections.concatenate([detections, forced])
        probability = place_masks(detections)
        if reference is not None:
            own = len(detections) - len(reference.id) + reference.own
            probability = probability.replaced(own, reference.segments)
        threshold = self.config.mask_threshold
        photometry = measure_stamps(probability, pixels, origin_xy=(tile.read.x0, tile.read.y0), threshold=threshold)
        self._spare.append(pixels)
        redshift = self.calibration.apply(detections.redshift, photometry.snr)
        return _Measured(
            tile.index,
            reference_id,
            # segments take the place of masks, the distance that of features
            replace(
                detections, redshift=redshift, mask=detections.mask[:, :0, :0], features=detections.features[:, :0]
            ),
            photometry,
            self.novelty.distance(detections.features, photometry.snr),
            segment_masks(probability, threshold=threshold),
            window.dust,
            time.perf_counter() - start,
        )

    def _write(self, block: Block, found: BlockSummary, measured: list[Future[_Measured]]) -> BlockSummary:
        """Write the part of a block."""
        tiles = [future.result() for future in measured]
        start = time.perf_counter()
        counts = [len(tile.detections) for tile in tiles]
        photometry = Photometry.concatenate([tile.photometry for tile in tiles])
        ra, dec = self.mosaic.sky(*photometry.centre_xy.T)
        catalogue = build_catalogue(
            Detections.concatenate([tile.detections for tile in tiles]),
            photometry,
            bands=self.predictor.bands,
            ra=ra,
            dec=dec,
            ebv=np.repeat(np.array([tile.dust for tile in tiles], np.float32), counts),
            blended=np.zeros(len(photometry), bool),  # the neighbours of a block are not known here
            z_range=self.z_range,
            classes=self.predictor.classes,
            novelty=np.concatenate([tile.novelty for tile in tiles]),
            conformal=self.conformal,
            meta=dict(self.search_of.facts),
        )
        if self.reference is not None:
            reference_id = np.concatenate([tile.reference_id for tile in tiles])
            catalogue = catalogue.with_columns(
                reference_id=reference_id,
                origin=np.where(reference_id < 0, "new", "forced"),
                reference_iou=np.full(len(reference_id), np.nan),
            )
        segments = Stamps.concatenate([tile.segments for tile in tiles])
        part = Part.of_block(catalogue, segments, np.repeat([tile.index for tile in tiles], counts))
        _add(found.seconds, "measuring", sum(tile.seconds for tile in tiles) + time.perf_counter() - start)
        start = time.perf_counter()
        write_part(self.search_of.part(block), part)
        _add(found.seconds, "writing parts", time.perf_counter() - start)
        found.tiles, found.detections = len(tiles), len(part)
        return found


@dataclass(frozen=True)
class _Window:
    """A tile of a block as it was read: its pixels, E(B−V) at its middle, its sources of the reference, seconds."""

    block: Block
    tile: Tile
    pixels: Pixels
    dust: float
    reference: TileReference | None
    seconds: float


@dataclass(frozen=True)
class _Measured:
    """What a tile holds: its detections without their masks, which of them are the reference's (others: -1), what was
    measured of them, their distance from ordinary sources, E(B−V), seconds."""

    index: int
    reference_id: NDArray[np.int64]
    detections: Detections
    photometry: Photometry
    novelty: NDArray[np.float32]
    segments: Stamps
    dust: float
    seconds: float


def _ahead(
    pool: ThreadPoolExecutor, function: Callable[[Item], Result], items: Iterable[Item], *, depth: int
) -> Iterator[Result]:
    """Results of a function in order, up to `depth` of them worked out while the caller is busy with earlier ones."""
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) > depth:
            yield waiting.popleft().result()
    yield from (future.result() for future in waiting)


def _add(seconds: dict[str, float], stage: str, spent: float) -> None:
    seconds[stage] = seconds.get(stage, 0.0) + spent
