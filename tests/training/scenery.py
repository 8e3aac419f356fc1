"""A small training store of blobs."""

from __future__ import annotations

from pathlib import Path

from tests.detector.scenery import blobs
from zpix.sources.classes import DEFAULT_CLASSES, labels_of
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.store import Split, Store, StoreWriter

BANDS = ("A", "B", "C")


def blob_store(
    path: Path, *, train: int = 4, validation: int = 1, size: int = 64, classes: tuple[str, str] = DEFAULT_CLASSES
) -> Store:
    """Tiles of four blobs, two of each class; the second of each pair has a redshift."""
    writer = StoreWriter(path, bands=BANDS, tile_size=size, pixel_scale_arcsec=0.03, settings={})
    splits: list[Split] = ["train"] * train + ["validation"] * validation  # type: ignore[assignment]
    for seed, split in enumerate(splits):
        scene = blobs(BANDS, images=1, count=4, size=size, seed=seed)
        writer.add(
            split,
            AnnotatedTile(
                scene.flux[0].numpy(),
                scene.error[0].numpy(),
                scene.segmentation[0].numpy(),
                0.02,
                labels_of([classes[label - 1] for label in scene.labels[0]]),
                scene.redshifts[0].numpy(),
                scene.labels[0].numpy(),
            ),
        )
    writer.close({"kind": "blobs"})
    return Store(path)
