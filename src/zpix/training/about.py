"""What does a model say of itself and of the data it was trained on?"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.detector import About
from zpix.sources.classes import label_of
from zpix.training.store import SPLITS, Split, Store


def about_store(store: Store) -> About:
    """Describe the data of a store for the models that are trained on it.

    Parameters
    ----------
    store : Store
        The data.

    Returns
    -------
    About
        Its training data, counts, redshift range and code version.
    """
    return About(
        training_data=store.about,
        counts=store_counts(store),
        z_range=z_range_of(known_redshifts(store, "train")),
        code_version=version("zpix"),
    )


def z_range_of(redshifts: NDArray[np.float32]) -> tuple[float, float]:
    """Give the range of redshifts that a model learns from.

    Parameters
    ----------
    redshifts : ndarray, shape (n,)
        Known redshifts.

    Returns
    -------
    (float, float)
        The least and the largest, to two decimals; zeros if there are none.
    """
    if len(redshifts) == 0:
        return 0.0, 0.0
    return round(float(redshifts.min()), 2), round(float(redshifts.max()), 2)


def name_of(source: str | Path) -> str:
    """Name a checkpoint that training begins with.

    Parameters
    ----------
    source : str or Path
        Its path.

    Returns
    -------
    str
        File and directory; the rest of the path depends on the machine.
    """
    return "/".join(Path(source).parts[-2:])


def known_redshifts(store: Store, split: Split) -> NDArray[np.float32]:
    """List the known redshifts of a split.

    Parameters
    ----------
    store : Store
        The data.
    split : {"train", "validation", "test"}
        Part of it.

    Returns
    -------
    ndarray, shape (n,), float32
        Redshifts of the sources that have one.
    """
    redshift: NDArray[np.float32] = store.sources(split)["redshift"]
    return redshift[np.isfinite(redshift)]


def store_counts(store: Store) -> dict[str, dict[str, int]]:
    """Count what a store holds.

    Parameters
    ----------
    store : Store
        The data.

    Returns
    -------
    dict of str to dict of str to int
        Tiles, sources of each class, and redshifts, of each split.
    """
    counts: dict[str, dict[str, int]] = {}
    for split in SPLITS:
        sources = store.sources(split)
        counts[split] = {
            "tiles": store.count(split),
            **{name: int((sources["label"] == label_of(name)).sum()) for name in store.classes},
            "redshifts": int(np.isfinite(sources["redshift"]).sum()),
        }
    return counts
