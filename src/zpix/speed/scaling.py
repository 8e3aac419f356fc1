"""Does the cost of a tile depend on the number of tiles, and are two processes twice as fast as one?

All stages run in memory: the pixels of one tile are searched at the position of every tile of a field, from the network
to the photometry and to one list of sources without duplicates at seams.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from zpix.catalogue import Stamps, measure_light, measure_stamps, place_masks, segment_masks, without_duplicates
from zpix.image import Tile, make_tiles
from zpix.progress import ProgressBar
from zpix.search import Predictor, claimed, keep_owned, seen_once
from zpix.sources import Detections
from zpix.speed.contenders import Contest
from zpix.speed.turns import Cost, Crew, cost_of

#: Numbers of tiles of the fields.
COUNTS = (10, 100, 1000)

_MARGIN_PIX = 64
_SHORTEST_TURN_S = 5.0  # small fields are searched repeatedly


@dataclass(frozen=True)
class Scaling:
    """Cost of a tile in fields of several sizes, and the gain of several processes.

    Attributes
    ----------
    per_tile : dict of int to Cost
        Cost of a tile in one process, by the number of tiles.
    sources : int
        Sources of the largest field.
    processes : int
        Number of processes.
    gain : float
        Rate of all processes together over that of one.
    """

    per_tile: dict[int, Cost]
    sources: int
    processes: int
    gain: float

    @property
    def spread(self) -> float:
        """Largest processor time of a tile over the smallest, minus one."""
        costs = [cost.computed for cost in self.per_tile.values()]
        return max(costs) / min(costs) - 1


def measure_scaling(
    contest: Contest, *, counts: tuple[int, ...], processes: int, rounds: int, bar: ProgressBar
) -> Scaling:
    """Measure the cost of a tile against the number of tiles, and the gain of several processes.

    Parameters
    ----------
    contest : Contest
        The network, the tile and the settings.
    counts : tuple of int
        Numbers of tiles of the fields.
    processes : int
        Number of processes.
    rounds : int
        Rounds of the measurement of the gain.
    bar : ProgressBar
        Shows the tiles.

    Returns
    -------
    Scaling
        Costs and gain.
    """
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
    """Build a process that searches fields.

    Parameters
    ----------
    contest : Contest
        The network, the tile and the settings.
    member : int
        Number of the process; not used.

    Returns
    -------
    callable
        Takes a number of tiles; returns the cost of that field and the number of its sources.
    """
    predictor = contest.predictor()
    find_in_field(predictor, contest, 2)

    def turn(count: int) -> tuple[Cost, int]:
        """Search a field of so many tiles."""
        found: list[int] = []
        work = partial(find_in_field, predictor, contest, count)
        return cost_of(lambda: found.append(len(work())), at_least_s=_SHORTEST_TURN_S), found[0]

    return turn


def find_in_field(predictor: Predictor, contest: Contest, count: int) -> Detections:
    """Search a field whose tiles have the same pixels, as `zpix run` does but without files.

    Parameters
    ----------
    predictor : Predictor
        The network.
    contest : Contest
        The tile and the settings.
    count : int
        Number of tiles.

    Returns
    -------
    Detections
        Sources of the field.
    """
    config, pixels = contest.config, contest.load.pixels
    tiles = field_tiles(count, pixels.shape[1])
    parts, segments, centres = [], [], []
    for tile in tiles:
        own = keep_owned(predictor.predict(pixels, dust=contest.load.dust, within=claimed(tile)), tile)
        probability = place_masks(own)
        origin = tile.read.x0, tile.read.y0
        measure_stamps(probability, pixels, origin_xy=origin, threshold=config.mask_threshold)
        light = measure_light(probability, pixels, origin_xy=origin, threshold=config.mask_threshold)
        centres.append(light.centre_xy)
        parts.append(own)
        segments.append(segment_masks(probability, threshold=config.mask_threshold))
    joined, stamps = Detections.concatenate(parts), Stamps.concatenate(segments)
    owner = np.repeat([tile.index for tile in tiles], [len(own) for own in parts])
    once = seen_once(joined.box, joined.score, owner, {tile.index: tile for tile in tiles})
    centre = np.concatenate(centres)[once]
    single = without_duplicates(
        joined.box[once], joined.score[once], stamps[once], centre_xy=centre, max_iou=config.nms_iou
    )
    return joined[once[single]]


def field_tiles(count: int, size: int) -> list[Tile]:
    """Lay out the tiles of a field that is about square.

    Parameters
    ----------
    count : int
        Number of tiles.
    size : int, pixels
        Side of a tile.

    Returns
    -------
    list of Tile
        The first `count` tiles.
    """
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    step = size - 2 * _MARGIN_PIX
    shape = (rows * step + 2 * _MARGIN_PIX, columns * step + 2 * _MARGIN_PIX)
    return make_tiles(shape, tile_size=size, margin=_MARGIN_PIX)[:count]
