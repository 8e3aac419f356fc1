"""Does `zpix check` say what is true of mosaics, and does a run do with it what it says?"""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.io import fits

import zpix
from tests.image.examined_fields import BANDS, blob_image, with_pixels
from zpix.cli import app
from zpix.errors import GridError, OutputError
from zpix.image import tangent_wcs, write_mosaic
from zpix.search.array_image import ArrayImage


@pytest.fixture(scope="module")
def image() -> ArrayImage:
    return blob_image()


@pytest.fixture(scope="module")
def spoiled(image, tmp_path_factory):
    """Mosaics with a sky and a wrong PIXAR_SR in one band and errors of another scale in another."""
    flux, error = image.pixels.flux.copy(), image.pixels.error.copy()
    flux[2] += 0.05
    error[0] /= 4
    place = written(tmp_path_factory.mktemp("spoiled") / "field", with_pixels(image, flux=flux, error=error))
    path = place / "blobs_f444w_drz.fits"
    fits.setval(path, "PIXAR_SR", value=4.4 * fits.getval(path, "PIXAR_SR", ext=1), ext=1)
    return place


def written(place, image):
    write_mosaic(place, image.pixels, bands=BANDS, wcs=tangent_wcs(53.16, -27.79, image.shape, 0.03), prefix="blobs")
    return place


def test_check_measures_and_says(spoiled, tiny_model, tmp_path):
    verdict = zpix.check(spoiled, out=tmp_path / "check", model=tiny_model)
    assert {repair.band for repair in verdict.repairs} == {"F115W", "F444W"}
    assert verdict.examination["F444W"].sky_njy == pytest.approx(0.05, abs=0.005)
    said = " ".join(verdict.sentences())
    assert "sky level" in said and "F115W ×" in said and "The mosaics lack F090W" in said
    assert {path.name for path in (tmp_path / "check").iterdir()} == {"check.json", "check.png"}
    told = json.loads((tmp_path / "check" / "check.json").read_text())
    assert [own["band"] for own in told["bands"]] == list(BANDS) and len(told["repairs"]) == 2
    with pytest.raises(OutputError):
        zpix.check(spoiled, out=tmp_path / "check", model=tiny_model)


def test_the_command_prints_a_table_sentences_or_json(spoiled, tiny_model, capsys):
    app(["check", str(spoiled), "--model", str(tiny_model)], standalone_mode=False)
    printed = capsys.readouterr().out
    assert "384 × 384 pixels" in printed and "F444W" in printed and "Errors" not in printed.split("The errors")[0]
    assert "F444W ('" in printed and "the WCS's area is used." in printed
    app(["check", str(spoiled), "--model", str(tiny_model), "--json"], standalone_mode=False)
    told = json.loads(capsys.readouterr().out)
    assert told["windows"] == 4
    (remark,) = told["remarks"]
    assert "PIXAR_SR is 9.308e-14 sr, but a pixel of the WCS has 2.115e-14 sr" in remark


@pytest.mark.parametrize("as_given", [None, pytest.param(True, marks=pytest.mark.slow)])
def test_a_run_repairs_unless_told_not_to(spoiled, tiny_model, blob_search, tmp_path, as_given, caplog):
    zpix.write_run(spoiled, out=tmp_path / "result", model=tiny_model, config=blob_search, as_given=as_given)
    told = json.loads((tmp_path / "result" / "run.json").read_text())
    readme = (tmp_path / "result" / "README.md").read_text()
    assert "## The mosaics" in readme and "sky level" in readme and "| F444W | 100 % |" in readme
    assert told["examination"]["bands"][2]["sky"] == pytest.approx(2.5, abs=0.25)  # as the mosaics are
    assert {own["band"] for own in told["repairs"]} == (set() if as_given else {"F115W", "F444W"})
    assert told["repairs"] == told["examination"]["repairs"]
    (remark,) = told["examination"]["remarks"]
    assert "PIXAR_SR is 9.308e-14 sr" in remark and f"- {remark}." in readme
    assert ("as asked" in caplog.text) == bool(as_given)


@pytest.mark.slow
def test_arrays_are_repaired_as_files_are(image, tiny_model, blob_search):
    flux = image.pixels.flux.copy()
    flux[2] += 0.5
    found = [
        zpix.predict(own, image.pixels.error, bands=BANDS, model=tiny_model, config=blob_search, as_given=given)
        for own, given in ((image.pixels.flux, None), (flux, None), (flux, True))
    ]
    healthy, repaired, as_given = (float(np.nanmedian(own["flux_f444w"])) for own in found)
    assert abs(repaired - healthy) < 0.1 * abs(as_given - healthy)


def test_bands_that_contradict_each_other_are_refused(image, tiny_model, blob_search, tmp_path):
    flux = image.pixels.flux.copy()
    flux[1] = np.roll(flux[1], 3, axis=1)
    place = written(tmp_path / "field", with_pixels(image, flux=flux))
    with pytest.raises(GridError, match="F200W"):
        zpix.run(place, out=tmp_path / "result", model=tiny_model, config=blob_search)
    assert not (tmp_path / "result").exists()
    assert isinstance(zpix.check(place, model=tiny_model).refused, GridError)
