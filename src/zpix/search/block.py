"""What does a process need to search blocks of a mosaic, and where does it leave what it finds?"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from zpix.config import InferenceConfig
from zpix.detector import load_checkpoint
from zpix.image import BandRepair, NoiseCurve, reopen_mosaic
from zpix.search.apertures import ReferenceApertures
from zpix.search.blocks import Block
from zpix.search.parts import Part, read_part, write_part
from zpix.search.searched_bands import narrowed
from zpix.search.searcher import BlockSummary, Searcher
from zpix.search.workers import computing_with

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Search:
    """Everything that a process needs to search blocks of a mosaic; it can be sent to any process.

    Attributes
    ----------
    model : Path
        The checkpoint.
    mosaics : tuple of Path
        Files of the mosaic, one for each band.
    bands : tuple of str
        Bands of the mosaic, perhaps as the user names them.
    config : InferenceConfig
        Settings of the search.
    parts : Path
        Directory of the parts.
    threads : int
        Threads of the network, the same in every process.
    facts : tuple of (str, object)
        What goes into the header of the catalogue.
    reference : Path or None
        File of a reference catalogue that was placed on the mosaic, each of whose sources gets a redshift.
    reference_segmentation : Path or None
        Its segmentation map.
    repairs : tuple of BandRepair
        What is done to the pixels when they are read.
    noise : NoiseCurve or None
        Scatter of sums of these pixels over their errors, in the bands that are searched.
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
    repairs: tuple[BandRepair, ...] = ()
    noise: NoiseCurve | None = None

    def part(self, block: Block) -> Path:
        """Return the path of a block's part, a file that exists once the block is searched.

        Parameters
        ----------
        block : Block
            A block of the field.

        Returns
        -------
        Path
            In `parts`.
        """
        return self.parts / f"block-{block.index:06d}.parquet"

    def keep(self, block: Block, part: Part) -> None:
        """Write the part of a block.

        Parameters
        ----------
        block : Block
            The block that was searched.
        part : Part
            Its sources.
        """
        write_part(self.part(block), part)

    def read(self, block: Block) -> Part:
        """Read the part of a block that was searched.

        Parameters
        ----------
        block : Block
            A block of the field.

        Returns
        -------
        Part
            Its sources.
        """
        return read_part(self.part(block))


def search_block(search: Search, block: Block) -> BlockSummary:
    """Search one block and write its part; the network stays loaded for the next one.

    Parameters
    ----------
    search : Search
        Description of the search.
    block : Block
        The block.

    Returns
    -------
    BlockSummary
        Its numbers.
    """
    with _one_at_a_time, computing_with(search.threads):  # a dask worker may have several threads of its own
        (found,) = _searcher(search, 1).search([block])
    return found


def search_blocks(search: Search, blocks: Iterable[Block], *, at_once: int = 1) -> Iterator[BlockSummary]:
    """Search blocks one after the other in this process; stages of successive blocks overlap.

    Parameters
    ----------
    search : Search
        Description of the search.
    blocks : iterable of Block
        Blocks of its field.
    at_once : int, default 1
        Number of batches of tiles that the network looks at side by side.

    Yields
    ------
    BlockSummary
        Of each block, in order, once its part is written.
    """
    with _one_at_a_time, computing_with(search.threads):
        yield from _searcher(search, at_once).search(blocks)


@lru_cache(maxsize=1)
def _searcher(search: Search, at_once: int) -> Searcher:
    """Load what a search needs."""
    mosaic = reopen_mosaic(search.mosaics, search.bands, search.repairs)
    reference = None
    if search.reference is not None:
        segmentation = search.reference_segmentation
        reference = ReferenceApertures(search.reference, shape=mosaic.shape, segmentation=segmentation)
    checkpoint = narrowed(load_checkpoint(search.model), mosaic.bands)
    return Searcher(
        checkpoint, mosaic, search.config, keep=search.keep, reference=reference, facts=dict(search.facts),
        noise=search.noise, at_once=at_once,
    )  # fmt: skip
