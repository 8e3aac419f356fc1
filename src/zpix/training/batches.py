"""What does one step of training look at?

Tiles of the store, turned and mirrored, some with a band hidden, joined to a batch. Every random choice follows from
(seed, epoch, tile), so that a resumed training sees the same batches as an uninterrupted one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import find_objects
from torch import Tensor
from torch.utils.data import Dataset

from zpix.config import BandsSeen
from zpix.detector import Scenes
from zpix.sources.classes import DEFAULT_CLASSES, labels_of
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.augmentation import Orientation, hidden_bands
from zpix.training.bands_seen import draw_bands_seen
from zpix.training.star_segments import cut_star_segments
from zpix.training.store import Split, Store


def segment_boxes(segmentation: NDArray[np.int32], count: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Give the bounds of segments.

    Parameters
    ----------
    segmentation : ndarray, shape (y, x), int
        Source i has the value i + 1.
    count : int
        Number of sources.

    Returns
    -------
    boxes : ndarray, shape (count, 4), float32, pixels
        Half-open boxes (x0, y0, x1, y1); zeros for a source without pixels.
    present : ndarray, shape (count,), bool
        Which sources have a pixel.
    """
    found = find_objects(segmentation, max_label=count)
    present = np.array([place is not None for place in found], dtype=bool)
    boxes = np.array(
        [(p[1].start, p[0].start, p[1].stop, p[0].stop) if p else (0, 0, 0, 0) for p in found],
        dtype=np.float32,
    )
    return boxes.reshape(-1, 4), present


def augment(
    tile: AnnotatedTile,
    rng: np.random.Generator,
    *,
    flips: bool,
    band_dropout: float,
    seen: NDArray[np.bool_] | None = None,
) -> AnnotatedTile:
    """Turn and mirror a tile at random, and hide bands.

    Parameters
    ----------
    tile : AnnotatedTile
        The tile; it is not changed.
    rng : numpy Generator
        Of the random choices.
    flips : bool
        Whether to turn and mirror.
    band_dropout : float
        Probability that a band is hidden; at least one stays.
    seen : ndarray of bool, shape (band,), optional
        Bands that are left; all by default.

    Returns
    -------
    AnnotatedTile
        The changed tile.
    """
    orientation = Orientation.draw(rng) if flips else Orientation()
    error = orientation.of_image(tile.error).copy()  # without a turn it is the same array
    hidden = hidden_bands((len(error),), band_dropout, rng)
    if seen is not None:
        hidden = ~seen if hidden[seen].all() else hidden | ~seen
    error[hidden] = np.inf
    return replace(
        tile,
        flux=orientation.of_image(tile.flux),
        error=error,
        segmentation=orientation.of_image(tile.segmentation),
    )


class StoreDataset(Dataset[Scenes]):
    """Tiles of one split of a store, as tensors.

    Parameters
    ----------
    store : Store
        The data.
    split : {"train", "validation", "test"}
        Part of it.
    seed : int
        Of the random choices.
    flips : bool
        Whether to turn and mirror tiles.
    band_dropout : float
        Probability that a band is hidden.
    classes : tuple of str, default ("galaxy", "star")
        Classes of the model, in order.
    bands_seen : {"all", "sets"}, default "all"
        Whether a tile is seen in all bands, or in a random set of them.
    star_side_pix : int, optional
        Side in pixels that segments of stars are cut to; by default they are left whole.
    """

    def __init__(
        self,
        store: Store,
        split: Split,
        *,
        seed: int,
        flips: bool,
        band_dropout: float,
        classes: tuple[str, ...] = DEFAULT_CLASSES,
        bands_seen: BandsSeen = "all",
        star_side_pix: int | None = None,
    ) -> None:
        self.store, self.split, self.seed, self.classes = store, split, seed, classes
        self.flips, self.band_dropout, self.bands_seen = flips, band_dropout, bands_seen
        self.star_side_pix = star_side_pix
        self.epoch = 0

    def __len__(self) -> int:
        """Return the number of tiles."""
        return self.store.count(self.split)

    def __getitem__(self, index: int) -> Scenes:
        """Return a tile as a batch of one, changed as the epoch has it."""
        rng = np.random.default_rng([self.seed, self.epoch, index])
        tile = self.store.read(self.split, index)
        if self.star_side_pix is not None:
            tile = cut_star_segments(tile, self.star_side_pix)
        seen = draw_bands_seen(self.store.bands, self.bands_seen, rng)
        changed = augment(tile, rng, flips=self.flips, band_dropout=self.band_dropout, seen=seen)
        return tile_to_scene(changed, classes=self.classes)


def tile_to_scene(tile: AnnotatedTile, *, classes: tuple[str, ...] = DEFAULT_CLASSES) -> Scenes:
    """Make a batch of one tile.

    Parameters
    ----------
    tile : AnnotatedTile
        The tile.
    classes : tuple of str, default ("galaxy", "star")
        Classes of the model, in order; those of the tile's sources are among them.

    Returns
    -------
    Scenes
        The tile's sources that have a pixel.
    """
    boxes, present = segment_boxes(tile.segmentation, len(tile))
    segmentation = np.concatenate([[0], np.cumsum(present) * present])[tile.segmentation]  # renumbered without gaps
    return Scenes(
        flux=torch.from_numpy(tile.flux)[None],
        error=torch.from_numpy(tile.error)[None],
        dust=torch.tensor([tile.dust], dtype=torch.float32),
        segmentation=torch.from_numpy(segmentation.astype(np.int32))[None],
        boxes=[torch.from_numpy(boxes[present])],
        labels=[torch.from_numpy(_labels_of_model(tile.label[present], classes))],
        redshifts=[torch.from_numpy(tile.redshift[present])],
    )


def _labels_of_model(labels: NDArray[np.int64], classes: tuple[str, ...]) -> NDArray[np.int64]:
    """Labels (N,) as numbers of the model's classes, from 1."""
    numbers: NDArray[np.int64] = 1 + np.argmax(labels[:, None] == labels_of(classes), axis=1)
    return numbers


def join_scenes(parts: list[Scenes]) -> Scenes:
    """Join several batches.

    Parameters
    ----------
    parts : list of Scenes
        At least one, of images of the same size.

    Returns
    -------
    Scenes
        All their images, in order.
    """

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
