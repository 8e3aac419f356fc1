"""What zpix has made is written in forms that other programs read."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.table import Table

from tests.catalogue.conftest import make_catalogue, make_detections  # noqa: F401 (fixtures)
from tests.training.scenery import blob_store
from zpix.catalogue import read_catalogue, write_catalogue_fits
from zpix.errors import ConfigError, InputFileError, OutputError
from zpix.jobs import export as exporting
from zpix.jobs.export import export
from zpix.jobs.prepare import prepare
from zpix.training.store import Store


@pytest.fixture
def catalogue(make_catalogue, tmp_path):  # noqa: F811
    write_catalogue_fits(tmp_path / "catalogue.fits", make_catalogue(5))
    return tmp_path / "catalogue.fits"


@pytest.mark.parametrize("ending", ["fits", "parquet", "csv"])
def test_a_catalogue_gets_the_names_of_eazy(catalogue, tmp_path, ending):
    path = export(catalogue, out=tmp_path / f"eazy.{ending}", columns="eazy")
    table = Table.read(path)
    assert len(table) == 5 and {"id", "z_phot", "z_ml", "z160", "f_F444W", "e_F444W"} <= set(table.colnames)
    if ending == "fits":
        assert str(table["f_F444W"].unit) == "uJy" and table.meta["MODEL"].startswith("a 'quoted'")
    with pytest.raises(OutputError, match="--overwrite"):
        export(catalogue, out=path, columns="eazy")
    export(catalogue, out=path, columns="roman", overwrite=True)
    assert "kron_f444w_flux" in Table.read(path).colnames


def test_options_that_do_not_fit_are_told(catalogue, tmp_path):
    blob_store(tmp_path / "store", train=1, validation=0)
    with pytest.raises(ConfigError, match="columns is not given: allowed are eazy and roman"):
        export(catalogue, out=tmp_path / "a.fits")
    with pytest.raises(ConfigError, match="columns and coco are both given"):
        export(catalogue, out=tmp_path / "a", coco=True, columns="eazy")
    with pytest.raises(InputFileError, match="has no segmentation"):
        export(catalogue, out=tmp_path / "a", coco=True)
    with pytest.raises(ConfigError, match="columns is not for a training store"):
        export(tmp_path / "store", out=tmp_path / "a.fits", columns="eazy")
    with pytest.raises(ConfigError, match="give coco"):
        export(tmp_path / "store", out=tmp_path / "coco")
    with pytest.raises(ConfigError, match="coco is not for a model"):
        export(out=tmp_path / "a.onnx", coco=True)
    with pytest.raises(OutputError, match=r"\.pt2 or \.onnx"):
        export(out=tmp_path / "a.pth")
    with pytest.raises(ConfigError, match="multiple of 32"):
        export(out=tmp_path / "a.onnx", size_pix=100)
    with pytest.raises(InputFileError):
        export(tmp_path, out=tmp_path / "a.fits", columns="eazy")
    assert not (tmp_path / "coco").exists()


def test_detections_are_written_as_coco_and_read_again(blob_result, tmp_path):
    catalogue = read_catalogue(blob_result)
    place = export(blob_result, out=tmp_path / "coco", coco=True, size_pix=150)
    images = json.loads((place / "detections.json").read_text())
    height, width = images[0]["height"], images[0]["width"]
    assert max(height, width) == 150 and images[0]["bands"] == list(catalogue.bands)
    assert np.load(place / images[0]["file_name"]).shape == (9, height, width)
    row = {own: number for number, own in enumerate(catalogue["id"].tolist())}
    told = [one for image in images for one in image["annotations"]]
    with_redshift = {one["obj_id"] for one in told if one["redshift"] >= 0}
    assert len(told) > 10 and len(with_redshift) > 5
    for one in told:
        own = row[one["obj_id"]]
        assert one["score"] == pytest.approx(catalogue["score"][own])
        assert images[0]["thing_classes"][one["category_id"]] == catalogue["class"][own]
        assert one["redshift"] in (-1, pytest.approx(catalogue["z_phot"][own], rel=1e-6))
    counts = prepare(
        coco=place / "detections.json", out=tmp_path / "store", bands=catalogue.bands, pixel_scale=0.03,
        tile_size_pix=150, dust=0.01,
    )  # fmt: skip
    store = Store(tmp_path / "store")
    assert sum(counts[split]["tiles"] for split in counts) == len(images)
    first = next(store.read(split, 0) for split in ("train", "validation", "test") if store.count(split))
    assert set(first.source_id.tolist()) <= set(row)


@pytest.mark.parametrize(("ending", "form"), [("pt2", "torch"), ("onnx", "onnx")])
def test_a_model_is_written_with_what_it_says_of_itself(tiny_model, tmp_path, monkeypatch, ending, form):
    asked = {}

    def write(path, network, *, form, about):
        path.write_bytes(b"network")
        asked.update(form=form, about=about, size=network.size, threshold=network.score_threshold)

    monkeypatch.setattr("zpix.detector.exported.export_network", write)
    path = export(tiny_model, out=tmp_path / f"network.{ending}", size_pix=64)
    assert path.read_bytes() == b"network" and asked["form"] == form and asked["size"] == (64, 64)
    about = json.loads(json.dumps(asked["about"]))
    assert about["name"] == "tiny" and about["model"]["bands"][0] == "F090W" and about["size_pix"] == 64
    assert about["outputs"][0] == "boxes" and np.isclose(asked["threshold"], about["score_threshold"])
    assert set(exporting._FORMS) == {".pt2", ".onnx"}
