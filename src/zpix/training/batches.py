"""What does one step of training look at?

Tiles of the store, turned and flipped, some with a band hidden, joined to a batch. Every random choice follows from
(seed, epoch, tile), so that a resumed training sees what the undisturbed one would have seen.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import find_objects
from torch import Tensor
from torch.utils.data import Dataset

from zpix.detector import Scenes
from zpix.training.store import AnnotatedTile, Split, Store


def segment_boxes(segmentation: NDArray[np.int32], count: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Half-open bounds (count, 4) of segments 1 to `count`, and which of them have any pixel."""
    found = find_objects(segmentation, max_label=count)
    present = np.array([place is not None for place in found], dtype=bool)
    boxes = np.array(
        [(p[1].start, p[0].start, p[1].stop, p[0].stop) if p else (0, 0, 0, 0) for p in found],
        dtype=np.float32,
    )
    return boxes.reshape(-1, 4), present


def augment(tile: AnnotatedTile, rng: np.random.Generator, *, flips: bool, band_dropout: float) -> AnnotatedTile:
    """The tile turned by quarter turns, mirrored, and with bands hidden at random; at least one band stays."""
    turns, mirror = (int(rng.integers(4)), bool(rng.integers(2))) if flips else (0, False)

    def turn(image: NDArray) -> NDArray:
        turned = np.rot90(image, turns, axes=(-2, -1))
        return np.ascontiguousarray(turned[..., ::-1] if mirror else turned)

    error = turn(tile.error).copy()  # turning by nothing gives a view
    hidden = rng.random(len(error)) < band_dropout
    if not hidden.all():
        error[hidden] = np.inf
    return AnnotatedTile(
        turn(tile.flux), error, turn(tile.segmentation), tile.dust, tile.label, tile.redshift, tile.source_id
    )


class StoreDataset(Dataset):
    """Tiles of one split of a store, as tensors."""

    def __init__(self, store: Store, split: Split, *, seed: int, flips: bool, band_dropout: float) -> None:
        self.store, self.split, self.seed = store, split, seed
        self.flips, self.band_dropout = flips, band_dropout
        self.epoch = 0

    def __len__(self) -> int:
        return self.store.count(self.split)

    def __getitem__(self, index: int) -> Scenes:
        rng = np.random.default_rng([self.seed, self.epoch, index])
        tile = self.store.read(self.split, index)
        return tile_to_scene(augment(tile, rng, flips=self.flips, band_dropout=self.band_dropout))


def tile_to_scene(tile: AnnotatedTile) -> Scenes:
    """A batch of one."""
    boxes, present = segment_boxes(tile.segmentation, len(tile))
    segmentation = np.concatenate([[0], np.cumsum(present) * present])[tile.segmentation]  # renumbered without gaps
    return Scenes(
        flux=torch.from_numpy(tile.flux)[None],
        error=torch.from_numpy(tile.error)[None],
        dust=torch.tensor([tile.dust], dtype=torch.float32),
        segmentation=torch.from_numpy(segmentation.astype(np.int32))[None],
        boxes=[torch.from_numpy(boxes[present])],
        labels=[torch.from_numpy(tile.label[present])],
        redshifts=[torch.from_numpy(tile.redshift[present])],
    )


def join_scenes(parts: list[Scenes]) -> Scenes:
    """Several batches as one."""

    def stack(name: str) -> Tensor:
        return torch.cat([getattr(part, name) for part in parts])

    return Scenes(
        flux=stack("flux"),
        error=stack("error"),
        dust=stack("dust"),
        segmentation=stack("segmentation"),
        boxes=[boxes for part in parts for boxes in part.boxes],
        labels=[labels for part in parts for labels in part.labels],
        redshifts=[redshifts for part in parts for redshifts in part.redshifts],
    )
