"""What the experiments after Merz et al. 2026 need in a tiny size."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from tests.experiments.paper_scenery import FIT, MODEL, SEARCH, SKY, TRAINING
from zpix.config import write_config
from zpix.detector import Checkpoint, Detector, save_checkpoint
from zpix.training.mock import MockTile, draw_tile
from zpix.training.store import StoreWriter


@pytest.fixture(scope="module")
def tiny_options(tmp_path_factory) -> list:
    """Options that make any of the experiments tiny."""
    config = tmp_path_factory.mktemp("config") / "tiny.toml"
    write_config(config, model=MODEL, simulation=SKY, pretraining=FIT, training=TRAINING, inference=SEARCH)
    size = ["--tile-size", 192, "--tiles", 8, "--test-seeds", 1, "--test-size", 256, "--workers", 1, "--seed", 1]
    return ["--config", config, *size]


@pytest.fixture
def tiles_here(monkeypatch):
    """Tiles are drawn in this process, since to start others takes longer, and losses are not drawn."""

    class Here(ThreadPoolExecutor):
        def __init__(self, workers: int, mp_context: object, **ignored: object) -> None:
            super().__init__(1)

    for module in ("jobs.prepare", "training.drawn_colours"):
        monkeypatch.setattr(f"zpix.{module}.ProcessPoolExecutor", Here)
    monkeypatch.setattr("zpix.jobs.train.draw_losses", lambda losses: None)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def untrained_model(tmp_path_factory) -> Path:
    """A model that has learnt nothing."""
    path = tmp_path_factory.mktemp("start") / "model.safetensors"
    torch.manual_seed(0)
    save_checkpoint(path, Checkpoint(Detector(MODEL)))
    return path


@pytest.fixture(scope="module")
def store_of_spectra(tmp_path_factory) -> Path:
    """A store with few redshifts, that two of the experiments can learn from."""
    path = tmp_path_factory.mktemp("store") / "store.zarr"
    writer = StoreWriter(path, bands=MODEL.bands, tile_size=192, pixel_scale_arcsec=0.03, settings={})
    for index in range(8):
        tile = draw_tile(MockTile(1, index, 192, MODEL.bands, SKY, "spectroscopic"))
        writer.add("validation" if index == 7 else "train", tile)
    writer.close({"kind": "mock"})
    return path
