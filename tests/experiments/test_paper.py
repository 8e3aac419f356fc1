"""The experiments after Merz et al. 2026, each whole in a tiny size: what it prints and writes, and makes only once."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from zpix.config import InferenceConfig, ModelConfig, PretrainingConfig, SimulationConfig, TrainingConfig, write_config
from zpix.detector import Checkpoint, Detector, load_checkpoint, save_checkpoint
from zpix.detector.redshift_head import PyramidRedshiftHead
from zpix.errors import OutputError
from zpix.training.mock import MockTile, draw_tile
from zpix.training.store import StoreWriter

pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")

from experiments.paper.scores import SAMPLES

from experiments import backbones, pretraining, spectroscopic_labels

MODEL = ModelConfig(bands=("F200W", "F444W"), pyramid_channels=8, box_hidden=16, mask_layers=1, mixture_components=3)
SKY = SimulationConfig(  # rich in galaxies of which spectra are taken
    limit_mag=26.5, source_density=6.0, bright_boost=1.0, high_z_boost=0.5, psf_angle_deg=0.0, star_density=0,
    brown_dwarf_per_arcmin2=0, cell_size_pix=192,
)  # fmt: skip
FIT = PretrainingConfig(epochs=1, batch_size=16, realisations=1)
TRAINING = TrainingConfig(batch_size=4, optimizer="adamw", learning_rate=1e-3, warmup_steps=1, precision="fp32")
SEARCH = InferenceConfig(tile_size=256, margin=64, score_threshold=0.0, precision="fp32", device="cpu", dust="0.01")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> list:
    """Options that make any of the experiments tiny."""
    config = tmp_path_factory.mktemp("config") / "tiny.toml"
    write_config(config, model=MODEL, simulation=SKY, pretraining=FIT, training=TRAINING, inference=SEARCH)
    size = ["--tile-size", 192, "--tiles", 8, "--test-seeds", 1, "--test-size", 256, "--workers", 1, "--seed", 1]
    return ["--config", config, *size]


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """Tiles are drawn in this process, since to start others takes longer, and losses are not drawn."""

    class Here(ThreadPoolExecutor):
        def __init__(self, workers: int, mp_context: object) -> None:
            super().__init__(1)

    for module in ("jobs.prepare", "training.drawn_colours"):
        monkeypatch.setattr(f"zpix.{module}.ProcessPoolExecutor", Here)
    monkeypatch.setattr("zpix.jobs.train.draw_losses", lambda losses: None)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Path:
    """A model that has learnt nothing."""
    path = tmp_path_factory.mktemp("start") / "model.safetensors"
    torch.manual_seed(0)
    save_checkpoint(path, Checkpoint(Detector(MODEL)))
    return path


def run(experiment, out: Path, capsys, *options) -> tuple[str, dict]:
    """What an experiment prints, and its JSON."""
    experiment.main([str(option) for option in ("--out", out, *options)])
    name = f"{experiment.__name__.split('.')[-1]}.json"
    return capsys.readouterr().out, json.loads((out / name).read_text("utf-8"))


def tables(printed: str) -> list[list[list[str]]]:
    """The cells of each Markdown table, without their headings."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", printed, re.M)
    cells = [[line.strip("| ").split(" | ") for line in block.splitlines()] for block in blocks]
    assert all(len(row) == len(table[0]) for table in cells for row in table)
    return [table[2:] for table in cells]


def held(out: Path) -> dict[str, int]:
    """When each file was written, but for the answer itself."""
    return {str(path): path.stat().st_mtime_ns for path in out.glob("*/**/*") if path.is_file()}


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """A store with few redshifts, that two of the experiments can learn from."""
    path = tmp_path_factory.mktemp("store") / "store.zarr"
    writer = StoreWriter(path, bands=MODEL.bands, tile_size=192, pixel_scale_arcsec=0.03, settings={})
    for index in range(8):
        tile = draw_tile(MockTile(1, index, 192, MODEL.bands, SKY, "spectroscopic"))
        writer.add("validation" if index == 7 else "train", tile)
    writer.close({"kind": "mock"})
    return path


def check_whole_and_kept(experiment, out: Path, capsys, options: list) -> tuple[list, dict]:
    """The tables and the JSON of an experiment, which are the same the second time, when nothing is made again."""
    printed, found = run(experiment, out, capsys, *options)
    before = held(out)
    assert run(experiment, out, capsys, *options) == (printed, found) and held(out) == before
    for row in found["rows"]:
        assert set(row["redshifts"]) == set(SAMPLES)
        spectra, _, every = row["redshifts"].values()
        assert 0 < spectra["true"] < every["true"] and every["count"] <= every["true"]
        assert all(row[name]["count"] <= row[name]["total"] for name in ("completeness", "purity"))
    made = tables(printed)
    for table in made:
        assert [line[0] for line in table] == [row["name"] for row in found["rows"]]
    return made, found


@pytest.mark.slow
def test_few_redshifts(tmp_path, tiny, start, store, capsys):
    options = [*tiny, "--model", start, "--store", store, "--mock-tiles", 3, "--epochs", 1, "--cutout-epochs", 2]
    made, found = check_whole_and_kept(spectroscopic_labels, tmp_path / "out", capsys, options)
    assert len(made) == len(SAMPLES) and len(made[0]) == 4
    counts = found["learnt_from"]["train"]
    assert counts["tiles"] == 7 and 0 < counts["redshifts"] < counts["galaxy"]
    (tmp_path / "out" / "fpn-spectra" / "row.json").unlink()  # as if stopped after the search
    model = tmp_path / "out" / "fpn-spectra" / "run" / "model.safetensors"
    weights = model.read_bytes()
    assert run(spectroscopic_labels, tmp_path / "out", capsys, *options)[1] == found
    assert model.read_bytes() == weights
    with pytest.raises(OutputError, match="other settings: epochs is"):
        run(spectroscopic_labels, tmp_path / "out", capsys, *options, "--epochs", 2)


@pytest.mark.slow
def test_backbones(tmp_path, tiny, capsys):
    options = [*tiny, "--epochs", 1, "--tiles", 3, "--backbones", "resnet18", "mvitv2_tiny"]
    (trained, redshifts), found = check_whole_and_kept(backbones, tmp_path / "out", capsys, options)
    assert found["learnt_from"]["train"]["tiles"] == 3
    assert float(trained[1][1]) > 20 > float(trained[0][1])  # million weights
    assert trained[0][4:6] == ["-", "-"]  # three tiles leave none to validate
    assert len(redshifts) == 2


@pytest.mark.slow
def test_pretraining(tmp_path, tiny, store, capsys):
    options = [*tiny, "--epochs", 1, "--store", store, "--mock-tiles", 8, "--photometry-tiles", 2]
    made, _ = check_whole_and_kept(pretraining, tmp_path / "out", capsys, options)
    assert len(made) == 1 + len(SAMPLES) and len(made[0]) == 5
    assert "stand-in for GalaxiesML" in made[0][1][0]


def test_a_detector_without_its_redshift_head(tmp_path, start):
    other = MODEL.model_copy(update={"redshift_head": "fpn"})
    path = spectroscopic_labels.without_redshifts(start, other, tmp_path / "bare.safetensors")
    bare, whole = load_checkpoint(path).detector, load_checkpoint(start).detector
    assert bare.config == other and isinstance(bare.redshift_head, PyramidRedshiftHead)
    for name, value in whole.state_dict().items():
        if not name.startswith("redshift_head."):
            torch.testing.assert_close(bare.state_dict()[name], value)
