"""What does a simulated tile look like as a tile to learn from?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from zpix.config import SimulationConfig
from zpix.image import Region
from zpix.sources import STAR
from zpix.training.store import AnnotatedTile, Labels

if TYPE_CHECKING:  # drawing scenes needs packages that cutting mosaics does without
    from zpix.scenes import Scene

#: A simulated tile: seed, index, size, bands, settings, which labels.
MockTile = tuple[int, int, int, tuple[str, ...], SimulationConfig, Labels]


def draw_tile(tile: MockTile) -> AnnotatedTile:
    """A simulated tile with its labels."""
    return next(draw_again(tile))


def draw_again(tile: MockTile) -> Iterator[AnnotatedTile]:
    """A simulated tile in one realisation of its noise after another, without end."""
    from zpix.scenes import Sky

    seed, index, tile_size, bands, config, labels = tile
    own_seed = int(np.random.SeedSequence([seed, index]).generate_state(1, np.uint64)[0])
    for scene in Sky(own_seed, bands, config).realisations(Region.whole((tile_size, tile_size))):
        yield _annotated(scene, labels)


def _annotated(scene: Scene, labels: Labels) -> AnnotatedTile:
    """A scene as a tile to learn from."""
    identifiers, numbered = np.unique(scene.segmentation, return_inverse=True)
    truth = scene.truth[np.searchsorted(scene.truth["id"], identifiers[identifiers > 0])]
    offset = 0 if (identifiers == 0).any() else 1
    label = np.asarray(truth["label"], np.int64)
    return AnnotatedTile(
        flux=scene.pixels.flux,
        error=scene.pixels.error,
        segmentation=(numbered.reshape(scene.segmentation.shape) + offset).astype(np.int32),
        dust=float(scene.ebv),
        label=label,
        redshift=np.where(label == STAR, np.nan, truth["z" if labels == "all" else "z_spec"]).astype(np.float32),
        source_id=np.asarray(truth["id"], np.int64),
    )
