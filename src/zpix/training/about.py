"""What does a model say of itself and of the data it was trained on?"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.sources import CLASS_NAMES
from zpix.training.store import SPLITS, Split, Store


def about_store(store: Store) -> dict[str, Any]:
    """What a model should remember of the data it learnt from."""
    known = known_redshifts(store, "train")
    z_range = [round(float(z), 2) for z in np.quantile(known, [0.0, 1.0])] if len(known) else [0.0, 0.0]
    return {
        "training_data": store.about,
        "counts": store_counts(store),
        "z_range": z_range,
        "code_version": version("zpix"),
    }


def name_of(source: str | Path) -> str:
    """File and directory: more of a path says where somebody keeps things, not what they are."""
    return "/".join(Path(source).parts[-2:])


def known_redshifts(store: Store, split: Split) -> NDArray[np.float32]:
    """Known redshifts of a split."""
    redshift = store.sources(split)["redshift"]
    return redshift[np.isfinite(redshift)]


def store_counts(store: Store) -> dict[str, Any]:
    """Tiles, sources of each class, and redshifts of each split."""
    counts: dict[str, Any] = {}
    for split in SPLITS:
        sources = store.sources(split)
        counts[split] = {
            "tiles": store.count(split),
            **{name: int((sources["label"] == value).sum()) for value, name in enumerate(CLASS_NAMES) if value},
            "redshifts": int(np.isfinite(sources["redshift"]).sum()),
        }
    return counts
