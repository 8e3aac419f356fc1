import json

import numpy as np
import pytest

from tests.detector.scenery import small_model
from zpix.detector import Checkpoint, Detector
from zpix.errors import BandError, OutputError
from zpix.image import Pixels, Region, open_mosaic, resample_bands, tangent_wcs, write_mosaic
from zpix.search.resampled import resample_for_run

MODEL = Checkpoint(Detector(small_model(bands=("F200W", "F444W"), pixel_scale_arcsec=0.03)))


def image(folder, band, scale, shape, *, dec=-27.8, prefix="mosaic"):
    noise = np.random.default_rng(len(band + prefix)).normal(0, 1, (1, *shape)).astype(np.float32)
    wcs = tangent_wcs(53.1, dec, shape, scale)
    return write_mosaic(folder, Pixels(noise, noise * 0 + 1, noise < 9), bands=[band], wcs=wcs, prefix=prefix)[0]


@pytest.fixture
def fields(tmp_path):
    folder = tmp_path / "field"
    image(folder, "F200W", 0.02, (150, 180))
    image(folder, "F277W", 0.05, (30, 40))  # which the model does not know
    image(folder, "F444W", 0.04, (75, 90))
    return folder


def test_the_files_are_those_of_align(fields, tmp_path):
    moved = resample_for_run(fields, MODEL, out=tmp_path / "result", overwrite=False)
    assert [path.name for path in moved.paths] == ["resampled_f200w_drz.fits", "resampled_f444w_drz.fits"]
    assert moved.about["resampled"]["as_by"] == "zpix align --pixel-scale 0.03"
    assert [mosaic["path"] for mosaic in moved.about["mosaics"]] == [
        str(fields / f"mosaic_{band}_drz.fits") for band in ("f200w", "f444w")
    ]
    same = resample_bands([*fields.glob("*f200w*"), *fields.glob("*f444w*")], tmp_path / "aligned", pixel_scale=0.03)
    assert [path.read_bytes() for path in moved.paths] == [path.read_bytes() for path in same]
    moved.remove()
    assert {path.name for path in tmp_path.iterdir()} == {"field", "aligned"}


def test_what_can_be_searched_is_left_alone(tmp_path):
    for band in ("F200W", "F444W"):
        image(tmp_path / "field", band, 0.0305, (60, 70))
    assert resample_for_run(tmp_path / "field", MODEL, out=tmp_path / "result", overwrite=False) is None


def test_a_band_that_the_model_does_not_know_is_left_out_where_it_lies_on_another_grid(tmp_path):
    for band in ("F200W", "F444W"):
        image(tmp_path / "field", band, 0.03, (64, 64))
    image(tmp_path / "field", "F160W", 0.06, (32, 32))
    moved = resample_for_run(tmp_path / "field", MODEL, out=tmp_path / "result", overwrite=False)
    with open_mosaic(moved.paths) as mosaic, open_mosaic(tmp_path / "field", bands=MODEL.bands) as given:
        assert mosaic.bands == MODEL.bands
        one, other = (each.read(Region.whole(given.shape)) for each in (mosaic, given))
    np.testing.assert_allclose(one.flux, other.flux, rtol=1e-6)


def test_a_band_on_the_scale_of_the_model_is_not_resampled(fields, tmp_path):
    image(tmp_path / "other", "F444W", 0.03, (100, 120), dec=-27.8 + 4e-6)
    paths = [fields / "mosaic_f200w_drz.fits", tmp_path / "other" / "mosaic_f444w_drz.fits"]
    moved = resample_for_run(paths, MODEL, out=tmp_path / "result", overwrite=False)
    assert moved.about["resampled"]["as_by"] == "zpix align --reference F444W"
    with open_mosaic(paths[1]) as before, open_mosaic(moved.paths, bands=["F444W"]) as after:
        one, other = (mosaic.read(Region.whole(mosaic.shape)) for mosaic in (before, after))
    np.testing.assert_allclose(other.flux, one.flux, rtol=1e-6)


def test_it_goes_on_after_an_interruption(fields, tmp_path, monkeypatch):
    monkeypatch.setattr("zpix.image.alignment._BLOCK", 64)
    whole = resample_for_run(fields, MODEL, out=tmp_path / "one", overwrite=False)
    told = []

    def stop(bar, done, total):
        told.append(done)
        if told == [1, 2, 3]:
            raise KeyboardInterrupt

    monkeypatch.setattr("zpix.progress.ProgressBar.set", stop)
    with pytest.raises(KeyboardInterrupt):
        resample_for_run(fields, MODEL, out=tmp_path / "two", overwrite=False)
    moved = resample_for_run(fields, MODEL, out=tmp_path / "two", overwrite=False)
    assert told == [1, 2, 3, 4], "of four blocks each is resampled once"
    assert [path.read_bytes() for path in moved.paths] == [path.read_bytes() for path in whole.paths]
    assert (
        resample_for_run(fields, MODEL, out=tmp_path / "two", overwrite=False) == moved
    )  # kept for the search that follows
    assert len(told) == 4


def test_files_of_other_mosaics_are_refused_or_replaced(fields, tmp_path):
    moved = resample_for_run(fields, MODEL, out=tmp_path / "result", overwrite=False)
    (fields / "mosaic_f200w_drz.fits").unlink()
    with pytest.raises(OutputError, match=r"result: an unfinished run with other settings.*--overwrite"):
        resample_for_run(fields, MODEL, out=tmp_path / "result", overwrite=False)
    again = resample_for_run(fields, MODEL, out=tmp_path / "result", overwrite=True)
    assert [path.name for path in again.paths] == ["resampled_f444w_drz.fits"]
    assert json.loads((moved.place / "resampled.json").read_text()) == again.record


def test_nothing_is_left_after_a_mistake(fields, tmp_path):
    twin = fields / "copy_f444w_drz.fits"
    twin.write_bytes((fields / "mosaic_f444w_drz.fits").read_bytes())
    with pytest.raises(BandError, match="same exposures"):
        resample_for_run(fields, MODEL, out=tmp_path / "result", overwrite=False)
    assert [path.name for path in tmp_path.iterdir()] == ["field"]
