import numpy as np

from zpix.image import make_tiles
from zpix.search import keep_owned, seen_once
from zpix.search.seams import light_reach
from zpix.sources import Detections, ZMixture

SHAPE = (300, 300)


def detections(boxes: np.ndarray, seed: int = 0) -> Detections:
    n = len(boxes)
    one = np.ones((n, 1))
    score = np.random.default_rng(seed).uniform(0.5, 1, n).astype(np.float32)
    return Detections(
        boxes.astype(np.float32), score, np.ones(n, np.int64), np.zeros(n, np.float32), np.ones((n, 4, 4), np.float32),
        ZMixture(one, one, one),
    )  # fmt: skip


def seen_by_tiles(boxes: np.ndarray, *, wobble: float, seed: int = 0):
    """Every tile sees every source in its read region, each with its own small error."""
    rng = np.random.default_rng(seed)
    parts = []
    for tile in make_tiles(SHAPE, tile_size=192, margin=64):
        wrong = boxes + rng.uniform(-wobble, wobble, boxes.shape)
        local = wrong - np.array([tile.read.x0, tile.read.y0, tile.read.x0, tile.read.y0])
        whole = (local >= 0).all(1) & (local[:, 2] <= tile.read.width) & (local[:, 3] <= tile.read.height)
        parts.append((tile, keep_owned(detections(local[whole], seed=tile.index), tile)))
    return parts


def joined(parts) -> tuple[Detections, np.ndarray]:
    """Detections of all tiles, and the rows that are one source each."""
    everything = Detections.concatenate([found for _, found in parts])
    tile = np.concatenate([np.full(len(found), tile.index) for tile, found in parts])
    tiles = {tile.index: tile for tile, _ in parts}
    return everything, seen_once(everything.box, everything.score, tile, tiles)


def test_sources_on_seams_are_kept_once():
    rng = np.random.default_rng(1)
    centre = np.array([(x, y) for x in range(12, 290, 20) for y in range(12, 290, 20)], float)
    centre += rng.uniform(-4, 4, centre.shape)
    centre[::3, 0] = np.round(centre[::3, 0] / 128) * 128 - 0.5  # exactly on a seam
    boxes = np.concatenate([centre - 5, centre + 5], 1)
    boxes = boxes[(boxes >= 0).all(1) & (boxes <= 300).all(1)]
    parts = seen_by_tiles(boxes, wobble=0.8)
    everything, rows = joined(parts)
    found = everything[rows]
    distance = np.abs(found.centre_xy[:, None] - (0.5 * (boxes[:, :2] + boxes[:, 2:]) - 0.5)[None]).max(2)
    apart = np.abs(boxes[:, None] - boxes[None]).max(2) + 99 * np.eye(len(boxes)) > 4  # two true sources on one spot
    alone = apart.all(1)
    assert (((distance < 1.0).sum(0) == 1) | ~alone).all()
    assert len(everything) > len(found)
    assert (np.diff(rows) > 0).all()


def test_close_pairs_seen_by_one_tile_are_both_kept():
    boxes = np.array([[20, 20, 40, 40], [24, 24, 44, 44]], float)  # IoU 0.47 of one tile survives its own NMS
    parts = seen_by_tiles(boxes, wobble=0.0)
    assert len(joined(parts)[1]) == 2


def test_an_empty_field_is_an_empty_result():
    parts = seen_by_tiles(np.zeros((0, 4)), wobble=0.0)
    assert len(joined(parts)[1]) == 0


def test_light_is_followed_no_further_than_every_tile_sees():
    assert light_reach(128) == 120 and light_reach(64) == 60 and light_reach(0) == 16
