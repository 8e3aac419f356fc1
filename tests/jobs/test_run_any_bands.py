"""A model that serves any bands searches a mosaic in the bands that it has."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import zpix
from tests.detector.scenery import small_model
from zpix.cli.describing import describe
from zpix.config import BAND_SETS
from zpix.detector import About, Checkpoint, Detector, MeasuredSet, MeasuredSurveys, load_checkpoint, save_checkpoint
from zpix.errors import BandError
from zpix.image import JADES_BANDS, open_mosaic
from zpix.jobs import calibrate as calibrating
from zpix.jobs.run import run
from zpix.search import Predictor, searcher
from zpix.sources import Novelty

from .test_run_bands import field_of

LEFT = ("F115W", "F200W", "F277W", "F444W")
SURVEYS = MeasuredSurveys("F444W < 28", (MeasuredSet("a survey", LEFT[1:], 0.1, 0.2, 50),))


@pytest.fixture(scope="module")
def any_model(tmp_path_factory) -> Path:
    """A network with random weights, taught 14 bands, with ordinary sources of nine of them."""
    torch.manual_seed(0)
    taught = BAND_SETS["JADES with ACS"]
    detector = Detector(small_model(bands=taught, redshift_head="bands", image_channels="ranges")).eval()
    checkpoint = Checkpoint(detector, About(name="any", z_range=(0.0, 15.0)), surveys=SURVEYS)
    widths = checkpoint.for_bands(JADES_BANDS).detector.redshift_head.feature_widths
    rng = np.random.default_rng(0)
    features = rng.normal(0, 3, (1000, sum(widths))).astype(np.float32)
    novelty = Novelty.fit(features, 10 ** rng.uniform(0, 3, 1000), widths=widths).to_arrays()
    arrays = {name: torch.from_numpy(values) for name, values in novelty.items()}
    path = tmp_path_factory.mktemp("any") / "any.safetensors"
    save_checkpoint(path, replace(checkpoint, novelty=arrays, novelty_bands=JADES_BANDS))
    return path


@pytest.fixture(scope="module")
def few(tmp_path_factory, blob_field) -> Path:
    return field_of(tmp_path_factory.mktemp("few") / "field", blob_field, LEFT)


@pytest.fixture(scope="module")
def result(tmp_path_factory, few, any_model, blob_search) -> Path:
    place = tmp_path_factory.mktemp("any") / "result"
    with pytest.MonkeyPatch.context() as patch:
        seen = []
        patch.setattr(searcher, "Predictor", lambda *given: seen.append(given[0].bands) or Predictor(*given))
        run(few, out=place, model=any_model, config=blob_search)
    assert seen == [LEFT]  # and not 14
    return place


def test_the_catalogue_has_the_bands_of_the_mosaic_and_nothing_is_missing(result):
    catalogue = zpix.read_catalogue(result)
    assert catalogue.bands == LEFT and catalogue.missing_bands == ()
    assert len(catalogue) and (catalogue["n_bands"] == 4).any()
    assert [name for name in catalogue.columns if name.startswith("flux_f")] == [f"flux_{b.lower()}" for b in LEFT]
    assert np.isfinite(catalogue["novelty"]).any()  # described in nine bands, of which these are four


def test_the_readme_and_run_json_say_what_to_expect(result):
    text = (result / "README.md").read_text("utf-8")
    assert "- Expect redshifts at least as good as in the 3 bands of a survey" in text
    assert "Not observed" not in text
    told = json.loads((result / "run.json").read_text())["expected"]
    assert told["measured"]["survey"] == "a survey" and not told["is_exact"]


def test_processes_and_arrays_give_the_same(result, few, any_model, blob_search, tmp_path, caplog):
    whole = zpix.read_catalogue(result)
    two = run(few, out=tmp_path / "two", model=any_model, config=blob_search, workers=2)
    with open_mosaic(few) as mosaic, caplog.at_level(logging.INFO):
        pixels = mosaic.read(zpix.Region(0, 0, mosaic.shape[1], mosaic.shape[0]))
        arrays = zpix.predict(
            pixels.flux, pixels.error, mosaic.wcs, bands=mosaic.bands, model=any_model, config=blob_search
        )
    assert "at least as good as" in caplog.text
    for name in ("x", "z_phot", "flux_f444w", "novelty"):
        np.testing.assert_array_equal(two[name], whole[name])
        np.testing.assert_allclose(arrays[name], whole[name], rtol=1e-5)
    assert arrays.bands == LEFT


def test_two_bands_are_refused_unless_forced(tmp_path, blob_field, any_model, blob_search):
    field = field_of(tmp_path / "field", blob_field, LEFT[1:3])
    options = {"out": tmp_path / "result", "model": any_model, "config": blob_search}
    with pytest.raises(BandError, match="fewer than 3 bands"):
        run(field, **options)
    assert run(field, force=True, **options).bands == LEFT[1:3]


def test_check_and_info_say_the_same(few, any_model):
    said = zpix.check(few, model=any_model).sentences()
    assert any("at least as good as in the 3 bands of a survey" in sentence for sentence in said)
    assert not any("lack" in sentence for sentence in said)
    lines = describe(zpix.info(any_model))
    assert any("serves others too" in line for line in lines)
    assert lines[-1].split() == ["a", "survey", "3", "bands", "scatter", "0.1", "outliers", "20%", "50", "galaxies"]
    assert zpix.info(any_model)["surveys"] == SURVEYS.to_saved()


def test_a_store_of_some_bands_calibrates_a_model(any_model):
    checkpoint = load_checkpoint(any_model)

    class Tiles:
        bands = LEFT[::-1]

    with pytest.MonkeyPatch.context() as patch:
        asked = []
        patch.setattr(calibrating, "check_store", lambda store, model, needs: asked.append(model.bands))
        fitting = calibrating._in_bands_of(Tiles(), checkpoint)
        assert fitting.bands == LEFT and asked == [LEFT[::-1]]
        Tiles.bands = ("HSC-G",)
        assert calibrating._in_bands_of(Tiles(), checkpoint) is checkpoint and asked[1] == checkpoint.bands
