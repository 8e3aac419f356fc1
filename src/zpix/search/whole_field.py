"""How are the blocks of one field searched, here or on a cluster, and what do they come to?"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from zpix.config import InferenceConfig
from zpix.progress import progress_bar
from zpix.search.block import Search, search_block, search_blocks
from zpix.search.blocks import Block, make_blocks
from zpix.search.searcher import BlockSummary
from zpix.search.workers import choose_at_once, choose_workers, in_processes, load_ahead, on_cluster

log = logging.getLogger(__name__)


@dataclass
class FieldSummary:
    """A finished run in numbers.

    Attributes
    ----------
    sources, stars : int
        Number of rows of the catalogue, and of those that are stars.
    detections, faint : int
        Number of sources that the network found by itself, and of those of them that hardly stand out of the noise.
    tiles : int
        Number of tiles that were searched.
    workers : int
        Number of processes that searched the field.
    origins : dict of str to int
        With a reference catalogue, number of sources by origin: "matched", "forced" and "new".
    seconds : dict of str to float
        Wall-clock time of `search`, `assembling` and `other products`, and how long all processes together were
        `reading`, at `inference`, `measuring` and `writing parts`. What was done before an interruption is not counted.
    """

    sources: int = 0
    stars: int = 0
    detections: int = 0
    faint: int = 0
    tiles: int = 0
    workers: int = 1
    origins: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def expect_search(config: InferenceConfig, shape: tuple[int, int], *, scheduler: str | None = None) -> None:
    """Begin to load what other processes will need to search a mosaic, if it is large enough for some.

    Parameters
    ----------
    config : InferenceConfig
        Settings of the search.
    shape : (int, int), pixels
        Height and width of the mosaic.
    scheduler : str, optional
        Address of a `dask.distributed` scheduler whose workers will search, in place of this machine.
    """
    if scheduler is not None:
        return
    blocks = make_blocks(shape, config)
    if choose_workers(config, tiles=sum(len(block.tiles) for block in blocks), blocks=len(blocks)) > 1:
        load_ahead(search_block)


def find_sources(search: Search, blocks: Sequence[Block], *, scheduler: str | None = None) -> FieldSummary:
    """Search the blocks that have no part yet.

    Parameters
    ----------
    search : Search
        Description of the search.
    blocks : sequence of Block
        All blocks of the field.
    scheduler : str, optional
        Address of a `dask.distributed` scheduler whose workers search, in place of this machine.

    Returns
    -------
    FieldSummary
        Tiles, workers and seconds; sources are counted when the parts are put together.

    Raises
    ------
    WorkerError, SchedulerError
        If the processes that share the work keep dying.
    """
    todo = [block for block in blocks if not search.part(block).exists()]
    summary = FieldSummary(tiles=sum(len(block.tiles) for block in blocks))
    left = sum(len(block.tiles) for block in todo)
    start, found_now = time.perf_counter(), 0
    try:
        with progress_bar("finding sources", summary.tiles, done=summary.tiles - left) as bar:
            for found in _searched(search, todo, summary, scheduler):
                found_now += found.detections
                rate = found_now / (time.perf_counter() - start)
                bar.advance(found.tiles, note=f"{found_now} sources, {rate:.0f} per second")
                for stage, spent in found.seconds.items():
                    summary.seconds[stage] = summary.seconds.get(stage, 0.0) + spent
    except KeyboardInterrupt:
        log.warning("finished blocks are kept: the same command goes on after them")
        raise
    summary.seconds = {"search": time.perf_counter() - start} | summary.seconds
    return summary


def _searched(
    search: Search, blocks: Sequence[Block], summary: FieldSummary, scheduler: str | None
) -> Iterator[BlockSummary]:
    """Search blocks with as many processes as suit them."""
    if scheduler is not None:
        return on_cluster(partial(search_block, search), blocks, scheduler=scheduler)
    tiles = sum(len(b.tiles) for b in blocks)
    summary.workers = choose_workers(search.config, tiles=tiles, blocks=len(blocks))
    if summary.workers == 1:
        return search_blocks(search, blocks, at_once=choose_at_once(search.config, tiles=tiles))
    return in_processes(partial(search_block, search), blocks, workers=summary.workers)
