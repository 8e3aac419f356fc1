"""How do the parts of a field become one catalogue, without all of it in memory?

Strips of blocks are taken up from the bottom of the mosaic to its top. What lies low enough that no source of the next
strip can reach it is settled: seen once, numbered, and done with once its pixels are drawn. The rest waits. No box is
larger than a tile, so a settled source has met everything that it could touch.

With a reference catalogue, parts also hold what the network says of each of its sources. These are taken up only where
no detection is their counterpart, and are what they are: they neither make way for detections nor the reverse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zpix.catalogue import Catalogue, Part, Stamps, flag_value, read_part, touching_masks, without_duplicates
from zpix.config import InferenceConfig
from zpix.image import Tile
from zpix.inference import SEAM_PIX, Block, seen_once
from zpix.search import Search

# Height of a strip in tiles, at least: a tile's height of it waits for the next strip and is looked at twice.
_TILES_PER_STRIP = 4


@dataclass(frozen=True)
class Strip:
    """The next sources of the catalogue, and what may be drawn.

    Attributes
    ----------
    catalogue : Catalogue
        Sources by position (y, then x), with their final ids and flags.
    segments, ids, score
        The pixels (Stamps) of all sources that reach the rows below `drawn`, their ids and their scores.
    drawn : int or None
        Rows of the mosaic below which nothing more will come; None for all.
    """

    catalogue: Catalogue
    segments: Stamps
    ids: NDArray[np.int32]
    score: NDArray[np.float32]
    drawn: int | None


@dataclass(frozen=True, eq=False)
class Counterparts:
    """Which sources of a reference catalogue N detections are, in the order of their catalogue.

    Attributes
    ----------
    reference_id : (N,) int64
        -1 for a detection that is new.
    iou : (N,) float32
        Overlap of their boxes, NaN where that is not what they were matched by.
    """

    reference_id: NDArray[np.int64]
    iou: NDArray[np.float32]


def assemble(search: Search, blocks: Sequence[Block], counterparts: Counterparts | None = None) -> Iterator[Strip]:
    """Strips of the catalogue of a field whose blocks have all been searched.

    With `counterparts` of the detections, sources of the reference that have none join them; without, there are the
    detections alone.
    """
    size = search.config.tile_size
    strips = _strips(blocks, least_height=_TILES_PER_STRIP * size)
    tiles = {tile.index: tile for block in blocks for tile in block.tiles}
    settled = waiting = read_part(search.part(blocks[0]))[:0]
    count = detected = 0
    for number, strip in enumerate(strips, start=1):
        parts = (_wanted(read_part(search.part(block)), counterparts) for block in strip)
        waiting = Part.concatenate([waiting, *parts])
        known = Part.concatenate([settled, waiting[_by_position(waiting)]])
        stays, blended = _decide(known, len(settled), tiles, search.config)
        y = _centre_xy(known)[:, 1]
        limit = np.inf if number == len(strips) else _top(strip) - size - 4 * SEAM_PIX
        undecided = np.arange(len(known)) >= len(settled)
        now = stays & undecided & (y < limit)
        fresh = _numbered(known[now], first=count + 1, blended=blended[now])
        if counterparts is not None:
            fresh = _named(fresh, counterparts, first=detected)
            detected += int((fresh.catalogue["origin"] != "forced").sum())
        waiting = known[undecided & (y >= limit)]
        settled = Part.concatenate([settled, fresh])
        count += len(fresh)
        drawn = None if number == len(strips) else int(limit - 0.5 * size) - 1
        yield Strip(fresh.catalogue, settled.segments, settled.catalogue["id"], settled.catalogue["score"], drawn)
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


def _decide(
    known: Part, settled: int, tiles: Mapping[int, Tile], config: InferenceConfig
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of N sources stay, and which of those touch another one; (N,) each. The first `settled` ones do stay."""
    box, score = known.catalogue.box, known.catalogue["score"]
    forced = _forced(known)
    stays = forced.copy()
    found = np.flatnonzero(~forced)
    once = found[seen_once(box[found], score[found], known.tile[found], tiles)]
    once = np.union1d(found[found < settled], once)
    single = without_duplicates(box[once], score[once], known.segments[once], max_iou=config.nms_iou)
    stays[once[single]] = True
    stays[:settled] = True
    blended = np.zeros(len(known), bool)
    blended[stays] = touching_masks(known.segments[stays])
    return stays, blended


def _forced(part: Part) -> NDArray[np.bool_]:
    """Which sources are in a part because the reference lists them, (N,)."""
    columns = part.catalogue.columns
    return columns["origin"] == "forced" if "origin" in columns else np.zeros(len(part), bool)


def _wanted(part: Part, counterparts: Counterparts | None) -> Part:
    """The detections of a part, and those sources of the reference that none of them is."""
    forced = _forced(part)
    if not forced.any():
        return part
    if counterparts is None:
        return part[~forced]
    return part[~(forced & np.isin(part.catalogue["reference_id"], counterparts.reference_id))]


def _named(part: Part, counterparts: Counterparts, *, first: int) -> Part:
    """The same sources, the detections among them (from number `first` on, from 0) with what they are."""
    columns = part.catalogue.columns
    names = ("reference_id", "origin", "reference_iou", "flags")
    identifier, origin, iou, flags = (columns[name].copy() for name in names)
    rows = np.flatnonzero(~_forced(part))
    numbers = slice(first, first + len(rows))
    identifier[rows], iou[rows] = counterparts.reference_id[numbers], counterparts.iou[numbers]
    origin[rows] = np.where(identifier[rows] < 0, "new", "matched")
    flags[origin == "new"] |= flag_value("UNMATCHED")
    named = part.catalogue.with_columns(reference_id=identifier, origin=origin, reference_iou=iou, flags=flags)
    return replace(part, catalogue=named)


def _numbered(part: Part, *, first: int, blended: NDArray[np.bool_]) -> Part:
    """The same sources with ids from `first` on, and the flag BLENDED where it holds."""
    ids = np.arange(first, first + len(part))
    flags = part.catalogue["flags"] | np.where(blended, flag_value("BLENDED"), 0)
    return replace(part, catalogue=part.catalogue.with_columns(id=ids, flags=flags))


def _by_position(part: Part) -> NDArray[np.intp]:
    """Order of sources from the bottom up, then from left to right; one place seen by two tiles by their index."""
    x, y = _centre_xy(part).T
    return np.lexsort((part.tile, x, y))


def _centre_xy(part: Part) -> NDArray[np.float32]:
    """Centres of the boxes in pixel coordinates, (N, 2)."""
    box = part.catalogue.box
    return 0.5 * (box[:, :2] + box[:, 2:]) - 0.5


def _bottom(strip: Sequence[Block]) -> int:
    return min(tile.owned.y0 for tile in strip[0].tiles)


def _top(strip: Sequence[Block]) -> int:
    return max(tile.owned.y1 for tile in strip[-1].tiles)
