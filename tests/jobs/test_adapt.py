"""A model is adapted to a small simulated field, with the field's own catalogue or the model's detections."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.table import Table

from zpix.config import AdaptationConfig, Config, InferenceConfig, ModelConfig, SimulationConfig
from zpix.detector import load_checkpoint
from zpix.jobs import adapt as job
from zpix.jobs.adapt import PRODUCTS, adapt

pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")

BANDS = ("F200W", "F444W")
MODEL = ModelConfig(
    bands=BANDS, redshift_head="bands", pyramid_channels=8, box_hidden=16, mask_layers=1, mixture_components=3,
    built_size_pix=128,
)  # fmt: skip
SKY = SimulationConfig(
    limit_mag=27.5, psf_angle_deg=0.0, star_density=0, brown_dwarf_per_arcmin2=0, cell_size_pix=192, source_density=4.0
)
SETTINGS = Config(
    adaptation=AdaptationConfig(
        tiles=2, realisations=1, folds=2, epochs=2, steps=8, spectra_of_batch=16, mock_of_batch=16, learning_rate=3e-3,
        pull=1e-4,
    ),
    inference=InferenceConfig(tile_size=256, margin=64, device="cpu", precision="fp32", dust="0.01"),
    simulation=SKY,
)  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    import torch

    from zpix.detector import About, Checkpoint, Detector, save_checkpoint

    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    save_checkpoint(path, Checkpoint(Detector(MODEL), About(name="small", z_range=(0.0, 15.0))))
    return path


@pytest.fixture(scope="module")
def field(tmp_path_factory) -> Path:
    from zpix.scenes import write_field

    path = tmp_path_factory.mktemp("sky") / "field"
    return write_field(path, shape=(384, 384), seed=11, bands=BANDS, config=SKY)


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch):
    monkeypatch.setattr(job, "draw_colours", partial(job.draw_colours, tile_size=192))


def spectra_of(field: Path, out: Path, *, count: int = 60, **changes: Any) -> Path:
    """A list of redshifts of the brightest galaxies of a field."""
    truth = Table.read(field / "truth.fits")
    truth = truth[(truth["z"] > 0.02) & truth["detectable"]]
    truth = truth[np.argsort(truth["mag_f444w"])][:count]
    columns = {"id": truth["id"], "ra": truth["ra"], "dec": truth["dec"], "z_spec": truth["z"],
               "z_spec_flag": np.full(len(truth), "A")}  # fmt: skip
    Table({**columns, **changes}).write(out, overwrite=True)
    return out


def adapted(field: Path, model: Path, out: Path, redshifts: Path | tuple = (), **options: Any):
    given = {"catalogue": field / "truth.fits", "segmentation": field / "segmentation.fits"} | options
    return adapt(field, out=out, redshifts=redshifts, model=model, config=SETTINGS, **given)


def test_a_model_is_adapted_to_a_field_and_says_so(field, model, tmp_path):
    spectra = spectra_of(field, tmp_path / "spectra.fits")
    account = adapted(field, model, tmp_path / "out", spectra)
    assert {path.name for path in (tmp_path / "out").iterdir()} <= set(PRODUCTS)
    made = load_checkpoint(tmp_path / "out" / "model.safetensors")
    told = made.about.adaptation
    assert account.chosen == "adapted" == told["changed"]  # weights were random before
    assert told["spectra"] == len(account.spectra) > 30 and told["redshifts"] == ["spectra.fits"]
    assert made.about.name == "small, adapted" and made.novelty
    assert "By magnitude and redshift" in (tmp_path / "out" / "report.md").read_text()
    assert list(csv.DictReader((tmp_path / "out" / "suspects.csv").open())) is not None
