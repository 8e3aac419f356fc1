"""Does a tile cost the same however many there are, and do two processes do twice as much as one?

The chain in memory: one tile's pixels again and again, in the places of the tiles of a field, through the network, the
seams, the photometry and the merging into one list of sources.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from zpix.catalogue import Stamps, measure_stamps, place_masks, segment_masks, without_duplicates
from zpix.image import Tile, make_tiles
from zpix.progress import ProgressBar
from zpix.search import Predictor, claimed, keep_owned, seen_once
from zpix.sources import Detections
from zpix.speed.contenders import Contest
from zpix.speed.turns import Cost, Crew, cost_of

#: Tiles of the fields.
COUNTS = (10, 100, 1000)

_MARGIN_PIX = 64
_SHORTEST_TURN_S = 5.0  # small fields are searched again and again


@dataclass(frozen=True)
class Scaling:
    """Cost per tile of fields of so many tiles, and the gain of several processes.

    Attributes
    ----------
    per_tile : of one process, by the number of tiles
    sources : of the largest field
    processes, gain : how many times the rate of one process that many processes reach
    """

    per_tile: dict[int, Cost]
    sources: int
    processes: int
    gain: float

    @property
    def spread(self) -> float:
        """Processor time of a tile in the most costly field, over that in the least costly, less one."""
        costs = [cost.computed for cost in self.per_tile.values()]
        return max(costs) / min(costs) - 1


def measure_scaling(
    contest: Contest, *, counts: tuple[int, ...], processes: int, rounds: int, bar: ProgressBar
) -> Scaling:
    """Cost per tile against the number of tiles, and the rate of several processes over that of one."""
    bar.set(0, sum(counts))
    costs: dict[int, Cost] = {}
    with Crew(search_fields, (contest,), processes=processes) as crew:
        crew.ready()
        for count in counts:
            cost, sources = crew.ask(0, count)
            costs[count] = cost / count
            bar.advance(count)
        gains = []
        for _ in range(rounds):
            alone = crew.ask(0, counts[0])[0].passed
            gains.append(sum(alone / cost.passed for cost, _ in crew.turn(counts[0])))
    return Scaling(costs, sources, processes, float(np.median(gains)))


def search_fields(contest: Contest, member: int) -> Callable[[int], tuple[Cost, int]]:
    """A turn: the cost of a field of so many tiles, and its sources."""
    predictor = contest.predictor()
    find_in_field(predictor, contest, 2)

    def turn(count: int) -> tuple[Cost, int]:
        found: list[int] = []
        work = partial(find_in_field, predictor, contest, count)
        return cost_of(lambda: found.append(len(work())), at_least_s=_SHORTEST_TURN_S), found[0]

    return turn


def find_in_field(predictor: Predictor, contest: Contest, count: int) -> Detections:
    """Sources of a field of `count` tiles with the same pixels: what `zpix run` does, without files."""
    config, pixels = contest.config, contest.load.pixels
    tiles = field_tiles(count, pixels.shape[1])
    parts, segments = [], []
    for tile in tiles:
        own = keep_owned(predictor.predict(pixels, dust=contest.load.dust, within=claimed(tile)), tile)
        probability = place_masks(own)
        measure_stamps(probability, pixels, origin_xy=(tile.read.x0, tile.read.y0), threshold=config.mask_threshold)
        parts.append(own)
        segments.append(segment_masks(probability, threshold=config.mask_threshold))
    joined, stamps = Detections.concatenate(parts), Stamps.concatenate(segments)
    owner = np.repeat([tile.index for tile in tiles], [len(own) for own in parts])
    once = seen_once(joined.box, joined.score, owner, {tile.index: tile for tile in tiles})
    single = without_duplicates(joined.box[once], joined.score[once], stamps[once], max_iou=config.nms_iou)
    return joined[once[single]]


def field_tiles(count: int, size: int) -> list[Tile]:
    """The first `count` tiles of `size` pixels a side of a field that is about square."""
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    step = size - 2 * _MARGIN_PIX
    shape = (rows * step + 2 * _MARGIN_PIX, columns * step + 2 * _MARGIN_PIX)
    return make_tiles(shape, tile_size=size, margin=_MARGIN_PIX)[:count]
