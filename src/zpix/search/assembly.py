"""How do the parts of a field become one catalogue, without all of it in memory?

Strips of blocks are taken up from the bottom of the mosaic to its top. What lies low enough that no source of the next
strip can reach it is settled: seen once, numbered, and done with once its pixels are drawn. The rest waits. No box is
larger than a tile, so a settled source has met everything that it could touch.

With a reference catalogue, parts also hold what the network says of each of its sources. The field is then assembled
twice: first the detections alone, which are matched with the reference; then those of them that stay, and the sources
of the reference that none of them is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import Catalogue, Stamps, flag_value, touching_masks, without_duplicates
from zpix.config import InferenceConfig
from zpix.image import Tile
from zpix.search.blocks import Block
from zpix.search.parts import Part
from zpix.search.seams import SEAM_PIX, seen_once
from zpix.sources import box_centres

# Height of a strip in tiles, at least: a tile's height of it waits for the next strip and is looked at twice.
_TILES_PER_STRIP = 4


@dataclass(frozen=True)
class Strip:
    """The next sources of the catalogue, and what may be drawn.

    Attributes
    ----------
    catalogue : Catalogue
        Sources by position (y, then x), with their final ids and flags.
    key : (N,) int64
        Of these sources; the same in every assembly.
    segments, ids, score
        The pixels (Stamps) of all sources that reach the rows below `drawn`, their ids and their scores.
    drawn : int or None
        Rows of the mosaic below which nothing more will come; None for all.
    """

    catalogue: Catalogue
    key: NDArray[np.int64]
    segments: Stamps
    ids: NDArray[np.int32]
    score: NDArray[np.float32]
    drawn: int | None


@dataclass(frozen=True, eq=False)
class Counterparts:
    """Which sources of a reference catalogue the detections of a field are.

    Attributes
    ----------
    key : (N,) int64
        Of the detections that stay in the catalogue, in ascending order.
    reference_id : (N,) int64
        -1 for a detection that is new.
    iou : (N,) float32
        Overlap of their boxes, NaN where that is not what they were matched by.
    """

    key: NDArray[np.int64]
    reference_id: NDArray[np.int64]
    iou: NDArray[np.float32]


class SearchedBlocks(Protocol):
    """Where the parts of a field are, such as a `Search` or `KeptParts`."""

    @property
    def config(self) -> InferenceConfig:
        """Settings of the search."""

    def read(self, block: Block) -> Part:
        """Return the part of a block."""


def assemble(
    search: SearchedBlocks, blocks: Sequence[Block], counterparts: Counterparts | None = None
) -> Iterator[Strip]:
    """Put the parts of a field together, whose blocks have all been searched.

    Parameters
    ----------
    search : Search or KeptParts
        Gives the parts.
    blocks : sequence of Block
        All blocks of the field.
    counterparts : Counterparts, optional
        From `find_counterparts`, where there is a reference catalogue; without them strips hold the detections alone.

    Yields
    ------
    Strip
        Of the catalogue, from the bottom of the mosaic to its top.
    """
    size = search.config.tile_size
    strips = _strips(blocks, least_height=_TILES_PER_STRIP * size)
    tiles = {tile.index: tile for block in blocks for tile in block.tiles}
    settled = waiting = search.read(blocks[0])[:0]
    count = 0
    for number, strip in enumerate(strips, start=1):
        parts = (_wanted(search.read(block), counterparts) for block in strip)
        waiting = Part.concatenate([waiting, *parts])
        gathered = Part.concatenate([settled, waiting[_by_position(waiting)]])
        stays = np.ones(len(gathered), bool)
        if counterparts is None:
            stays = _decide(gathered, len(settled), tiles, search.config)
        blended = np.zeros(len(gathered), bool)
        blended[stays] = touching_masks(gathered.segments[stays])
        y = box_centres(gathered.catalogue.box)[:, 1]
        limit = np.inf if number == len(strips) else _top(strip) - size - 4 * SEAM_PIX
        undecided = np.arange(len(gathered)) >= len(settled)
        now = stays & undecided & (y < limit)
        fresh = _numbered(gathered[now], first=count + 1, blended=blended[now])
        waiting = gathered[undecided & (y >= limit)]
        settled = Part.concatenate([settled, fresh])
        count += len(fresh)
        drawn = None if number == len(strips) else int(limit - 0.5 * size) - 1
        yield Strip(
            fresh.catalogue, fresh.key, settled.segments, settled.catalogue["id"], settled.catalogue["score"], drawn
        )
        if drawn is not None:
            settled = settled[settled.segments.box[:, 3] >= drawn]


def _strips(blocks: Sequence[Block], *, least_height: int) -> list[list[Block]]:
    """Blocks by rows, with as many rows together as make up a height in pixels."""
    strips: list[list[Block]] = []
    for block in blocks:
        if not strips or (block.row != strips[-1][-1].row and _top(strips[-1]) - _bottom(strips[-1]) >= least_height):
            strips.append([])
        strips[-1].append(block)
    return strips


def _decide(gathered: Part, settled: int, tiles: Mapping[int, Tile], config: InferenceConfig) -> NDArray[np.bool_]:
    """Which of N sources stay, (N,). The first `settled` ones do."""
    box, score = gathered.catalogue.box, gathered.catalogue["score"]
    stays = np.zeros(len(gathered), bool)
    once = seen_once(box, score, gathered.tile, tiles)
    once = np.union1d(np.arange(settled), once)
    columns = gathered.catalogue.columns
    centre = np.column_stack([columns["x"], columns["y"]])
    if "origin" in columns:
        centre[columns["origin"] == "forced"] = np.nan  # sources of the reference are described wherever they lie
    single = without_duplicates(
        box[once], score[once], gathered.segments[once], centre_xy=centre[once], max_iou=config.nms_iou
    )
    stays[once[single]] = True
    stays[:settled] = True
    return stays


def _wanted(part: Part, counterparts: Counterparts | None) -> Part:
    """Sources of a part for the catalogue.

    Its detections; or, with `counterparts`, those that stay, with their origin, and the sources of the reference that
    none of them matches.
    """
    columns = part.catalogue.columns
    if "origin" not in columns:
        return part
    forced = columns["origin"] == "forced"
    if counterparts is None:
        return part[~forced]
    missed = forced & ~np.isin(columns["reference_id"], counterparts.reference_id)
    place = np.searchsorted(counterparts.key, part.key)
    stays = ~forced & (np.append(counterparts.key, -1)[place] == part.key)
    identifier, iou, origin = (columns[name].copy() for name in ("reference_id", "reference_iou", "origin"))
    identifier[stays] = counterparts.reference_id[place[stays]]
    iou[stays] = counterparts.iou[place[stays]]
    origin[stays & (identifier >= 0)] = "matched"
    flags = columns["flags"] | np.where(origin == "new", flag_value("UNMATCHED"), 0)
    named = part.catalogue.with_columns(reference_id=identifier, reference_iou=iou, origin=origin, flags=flags)
    return replace(part, catalogue=named)[stays | missed]


def _numbered(part: Part, *, first: int, blended: NDArray[np.bool_]) -> Part:
    """The same sources with ids from `first` on, and the flag BLENDED where it holds."""
    ids = np.arange(first, first + len(part))
    flags = part.catalogue["flags"] | np.where(blended, flag_value("BLENDED"), 0)
    return replace(part, catalogue=part.catalogue.with_columns(id=ids, flags=flags))


def _by_position(part: Part) -> NDArray[np.intp]:
    """Order of sources from the bottom up, then from left to right; one place seen by two tiles by their index."""
    x, y = box_centres(part.catalogue.box).T
    return np.lexsort((part.tile, x, y))


def _bottom(strip: Sequence[Block]) -> int:
    return min(tile.owned.y0 for tile in strip[0].tiles)


def _top(strip: Sequence[Block]) -> int:
    return max(tile.owned.y1 for tile in strip[-1].tiles)
