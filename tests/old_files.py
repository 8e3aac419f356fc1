"""Files that an older version of zpix wrote; see tests/data/README.md."""

from __future__ import annotations

import lzma
import tarfile
from pathlib import Path

DATA = Path(__file__).parent / "data"


def old_model(folder: Path) -> Path:
    """A model of the bands A, B and C."""
    path = folder / "model.safetensors"
    path.write_bytes(lzma.decompress((DATA / "model.safetensors.xz").read_bytes()))
    return path


def old_store(folder: Path) -> Path:
    """A training store of the same bands, with a tile to train on and one to validate on."""
    with tarfile.open(DATA / "store.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "store"


def old_state() -> Path:
    """A training's state after an epoch."""
    return DATA / "state.safetensors"
