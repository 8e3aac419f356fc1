"""A model is adapted to a small simulated field, with the field's own catalogue or the model's detections."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.table import Table

import zpix
from zpix.adaptation import search_near
from zpix.cli.describing import describe
from zpix.config import AdaptationConfig, Config, InferenceConfig, ModelConfig, SimulationConfig, override
from zpix.detector import load_checkpoint
from zpix.errors import CatalogueError, ConfigError, OutputError
from zpix.image import open_mosaic
from zpix.jobs import adapt as job
from zpix.jobs.adapt import PRODUCTS, adapt
from zpix.sources import GALAXY
from zpix.training.drawn_colours import draw_colours

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
    monkeypatch.setattr(job, "draw_colours", partial(draw_colours, tile_size=192))


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


@pytest.fixture(scope="module")
def whole(field, model, tmp_path_factory):
    """An adaptation that nobody interrupted."""
    place = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "draw_colours", partial(draw_colours, tile_size=192))
        return place / "out", adapted(field, model, place / "out", spectra_of(field, place / "spectra.fits"))


@pytest.mark.slow
def test_a_model_is_adapted_to_a_field_and_says_so(whole):
    place, account = whole
    assert {path.name for path in place.iterdir()} <= set(PRODUCTS)
    made = load_checkpoint(place / "model.safetensors")
    told = made.about.adaptation
    assert account.chosen == "adapted" == told["changed"]  # weights were random before
    assert told["spectra"] == len(account.spectra) >= 20 and told["redshifts"] == ["spectra.fits"]
    assert made.about.name == "small, adapted" and made.novelty
    assert "By magnitude and redshift" in (place / "report.md").read_text()
    assert (place / "adaptation.png").stat().st_size > 10_000
    with (place / "suspects.csv").open() as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == len(account.suspects()) and account.model == place / "model.safetensors"
    told = "\n".join(describe(zpix.info(account.model)))
    assert f"{len(account.spectra)} spectra, adapted; held out: scatter" in told


@pytest.mark.slow
def test_a_killed_adaptation_comes_to_the_same_model(whole, field, model, tmp_path, monkeypatch):
    spectra = spectra_of(field, tmp_path / "spectra.fits")
    tune = job.held_out_candidates

    def killed(*args, **kwargs):
        tune(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(job, "held_out_candidates", killed)
    with pytest.raises(KeyboardInterrupt):
        adapted(field, model, tmp_path / "out", spectra)
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(job, "held_out_candidates", tune)
    adapted(field, model, tmp_path / "out", spectra)
    assert all(
        (tmp_path / "out" / n).read_bytes() == (whole[0] / n).read_bytes() for n in ("report.md", "suspects.csv")
    )
    again, before = (load_checkpoint(place / "model.safetensors") for place in (tmp_path / "out", whole[0]))
    assert again.about == before.about
    for name, value in before.detector.state_dict().items():
        assert (again.detector.state_dict()[name] == value).all(), name
    with pytest.raises(OutputError, match="already exists"):
        adapted(field, model, tmp_path / "out", spectra)


@pytest.mark.slow
def test_without_a_catalogue_spectra_go_to_what_the_model_finds(field, model, tmp_path):
    config = override(SETTINGS.inference, score_threshold=0.0, proposals_per_megapixel=4000)
    settings = SETTINGS.model_copy(update={"inference": config})
    with open_mosaic(field) as mosaic:
        ra, dec = mosaic.sky(np.array([192.0]), np.array([192.0]))
        found = search_near(mosaic, load_checkpoint(model), config, ra=ra, dec=dec, place=tmp_path / "tiles")
    found, apart = found[found.label == GALAXY], []
    for row in range(len(found)):  # weights are random, and many boxes lie at one place
        if all(np.hypot(found.ra[row] - found.ra[o], found.dec[row] - found.dec[o]) > 0.8 / 3600 for o in apart):
            apart.append(row)
    rows = np.array(apart)
    listed = {"ra": found.ra[rows], "dec": found.dec[rows], "z_spec": np.linspace(0.5, 4, len(rows))}
    Table({**listed, "z_spec_flag": np.full(len(rows), "A")}).write(tmp_path / "spectra.fits")
    account = adapt(field, out=tmp_path / "out", redshifts=tmp_path / "spectra.fits", model=model, config=settings)
    assert len(account.spectra) >= 10


@pytest.mark.slow
def test_without_spectra_the_mock_teaches_and_judges(field, model, tmp_path):
    account = adapted(field, model, tmp_path / "out")
    assert account.spectra is None and account.suspects() == [] and account.chosen in ("as it was", "adapted")
    report = (tmp_path / "out" / "report.md").read_text()
    assert "simulated galaxies" in report and "labels" not in report
    assert load_checkpoint(tmp_path / "out" / "model.safetensors").about.adaptation["spectra"] == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ra": 40.0}, r"none of the \d+ redshifts of 'spectra.fits' lies on the mosaics: they are around RA 40.000"),
        ({"z_spec_flag": "C"}, r"'spectra.fits': gives no redshift to learn from \(\d+ listed, \d+ not secure\)"),
        ({"z_spec": 1.5}, r"nearly all of the \d+ spectra have one redshift \(z = 1.500 to 1.500\)"),
        ({"count": 7}, r"\d spectra have a source within 0.3 arcsec, and 10 are needed to learn from and to judge by"),
    ],
)
def test_spectra_that_cannot_teach_are_refused(field, model, tmp_path, monkeypatch, changes, words):
    monkeypatch.setattr(job, "draw_colours", None)  # all is said before the long work
    count = changes.pop("count", 60)
    spectra = spectra_of(field, tmp_path / "spectra.fits", count=count)
    table = Table.read(spectra)
    for name, value in changes.items():
        table[name] = value
    table.write(spectra, overwrite=True)
    with pytest.raises(CatalogueError, match=words):
        adapted(field, model, tmp_path / "out", spectra)
    assert not (tmp_path / "out").exists()


def test_options_that_do_not_go_together_are_refused(field, model, tmp_path):
    with pytest.raises(ConfigError, match="segmentation is the map of a catalogue"):
        adapted(field, model, tmp_path / "out", catalogue=None)
    with pytest.raises(ConfigError, match="workers = 0: must be 1 or more"):
        adapted(field, model, tmp_path / "out", workers=0)


def test_a_model_with_flux_factors_is_given_fluxes_divided_by_them(model):
    rng, shape = np.random.default_rng(0), (2, 128, 128)
    flux = rng.normal(0, 1, shape).astype(np.float32)
    flux[:, 50:60, 50:60] += 40
    error, known = np.ones(shape, np.float32), load_checkpoint(model)
    factors = np.array([1.0, 1.1], np.float32)[:, None, None]
    with_factors = replace(known, about=replace(known.about, flux_factors={"F444W": 1.1}))
    config = override(SETTINGS.inference, score_threshold=0.0, proposals_per_megapixel=1000)
    given = {"config": config, "as_given": True, "force": True}
    told = zpix.predict(flux, error, model=with_factors, **given)
    plain = zpix.predict(flux / factors, error / factors, model=known, **given)
    assert len(told) == len(plain) > 3
    for name in ("flux_f444w", "z_phot", "z840"):
        np.testing.assert_allclose(told[name], plain[name], rtol=1e-4)
