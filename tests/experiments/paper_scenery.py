"""Settings that make the experiments after Merz et al. 2026 tiny, and what all of them are checked for."""

from __future__ import annotations

import json
import re
from pathlib import Path

from experiments.paper.scores import SAMPLES

from zpix.config import InferenceConfig, ModelConfig, PretrainingConfig, SimulationConfig, TrainingConfig

MODEL = ModelConfig(bands=("F200W", "F444W"), pyramid_channels=8, box_hidden=16, mask_layers=1, mixture_components=3)
SKY = SimulationConfig(  # rich in galaxies of which spectra are taken
    limit_mag=26.5, source_density=6.0, bright_boost=1.0, high_z_boost=0.5, psf_angle_deg=0.0, star_density=0,
    brown_dwarf_per_arcmin2=0, cell_size_pix=192,
)  # fmt: skip
FIT = PretrainingConfig(epochs=1, batch_size=16, realisations=1)
TRAINING = TrainingConfig(batch_size=4, optimizer="adamw", learning_rate=1e-3, warmup_steps=1, precision="fp32")
SEARCH = InferenceConfig(
    tile_size=256,
    margin=64,
    score_threshold=0.0,
    proposals_per_megapixel=2000,
    precision="fp32",
    device="cpu",
    dust="0.01",
)


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
