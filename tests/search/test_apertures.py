"""Sources of a reference catalogue are placed once, owned by one tile each, and keep their pixels."""

from __future__ import annotations

import numpy as np
import torch
from astropy.io import fits

from zpix.detector.mask_head import MASK_SIZE, mask_targets
from zpix.image import make_tiles
from zpix.search.apertures import ReferenceApertures, write_placed

SHAPE = (180, 280)


def scattered(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Segmentation map of n rectangles, some of them hidden in part, and their boxes."""
    rng = np.random.default_rng(1)
    segments = np.zeros(SHAPE, np.int32)
    for number in range(1, n + 1):
        x, y, width, height = *rng.integers(0, (270, 170)), *rng.integers(2, 40, 2)
        segments[y : y + height, x : x + width] = number
    boxes = []
    for number in range(1, n + 1):
        y, x = np.nonzero(segments == number)
        boxes.append([x.min(), y.min(), x.max() + 1, y.max() + 1] if len(x) else [5, 5, 8, 8])
    return segments, np.array(boxes, float)


def test_every_source_is_owned_once_and_its_pixels_are_those_of_the_map(tmp_path):
    segments, box = scattered(60)
    fits.writeto(tmp_path / "map.fits", segments)
    write_placed(tmp_path / "placed.npy", np.arange(1, 61), box)
    reference = ReferenceApertures(tmp_path / "placed.npy", shape=SHAPE, segmentation=tmp_path / "map.fits")
    owned = []
    for tile in make_tiles(SHAPE, tile_size=192, margin=64):
        known = reference.owned_by(tile, mask_size=MASK_SIZE)
        owned += known.id.tolist()
        assert len(known.boxes) == len(known.id) and len(known.segments) == len(known.own)
        for row, identifier in enumerate(known.id[known.own]):
            window, x, y = known.segments.window(row)
            part = segments[y : y + window.shape[0], x : x + window.shape[1]]
            np.testing.assert_array_equal(window, part == identifier)
            assert window.sum() == (segments == identifier).sum()
        # Masks are those that the network learns from, of the map seen from the tile.
        seen = np.zeros((tile.read.height, tile.read.width), np.int32)
        inside = segments[tile.read.y0 : tile.read.y1, tile.read.x0 : tile.read.x1]
        seen[: inside.shape[0], : inside.shape[1]] = inside
        own = known.own
        learnt = mask_targets(
            torch.from_numpy(seen)[None], torch.from_numpy(known.boxes.box[own]),
            torch.zeros(len(own), dtype=torch.long), torch.from_numpy(known.id[own]),
        )  # fmt: skip
        np.testing.assert_array_equal(known.boxes.mask[own], learnt.numpy())
        hidden = np.setdiff1d(np.arange(len(known.id)), own)
        assert np.isnan(known.boxes.mask[hidden]).all()
    assert sorted(owned) == list(range(1, 61))


def test_without_a_map_masks_are_the_networks(tmp_path):
    write_placed(tmp_path / "placed.npy", np.array([4]), np.array([[-3.0, 10, 3, 16]]))  # its centre is on the edge
    (tile,) = make_tiles((64, 64), tile_size=192, margin=64)
    known = ReferenceApertures(tmp_path / "placed.npy", shape=(64, 64)).owned_by(tile, mask_size=MASK_SIZE)
    assert known.id.tolist() == [4] and len(known.own) == len(known.segments) == 0
    assert known.boxes.box.tolist() == [[0, 10, 3, 16]] and np.isnan(known.boxes.mask).all()
