"""Training data of DeepDISC: what is read of them, and that a store survives the way there and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.io import fits

from tests.training.scenery import BANDS, blob_store
from zpix.errors import ConfigError, InputFileError, OutputError, StoreError
from zpix.jobs.export import export
from zpix.jobs.prepare import prepare
from zpix.sources import GALAXY, STAR
from zpix.training.store import SPLITS, Store

SQUARE = [[2, 3, 8, 3, 8, 9, 2, 9]]


@pytest.fixture
def deepdisc(tmp_path):
    """`make(layout)`: three images as DeepDISC keeps them, and the path of their annotations."""
    rng = np.random.default_rng(1)
    flux = rng.normal(0, 2.0, (3, 40, 40)).astype(np.float32)
    flux[:, 3:9, 2:8] += 100

    def make(kind: str, **changes):
        record = {"image_id": 0, "height": 40, "width": 40}
        if kind == "npy":
            np.save(tmp_path / "a_images.npy", flux)
            record["filename"] = "./somewhere/else/a_images.fits"  # DeepDISC reads the .npy of that name
        elif kind == "cube":
            fits.PrimaryHDU(flux).writeto(tmp_path / "a.fits")
            record["file_name"] = "a.fits"
        else:
            for band, plane in zip("gri", flux, strict=True):
                fits.PrimaryHDU(plane).writeto(tmp_path / f"a_{band}.fits")
            record["file_name"] = [f"a_{band}.fits" for band in "gri"]
        record["annotations"] = [
            {"bbox": [2, 3, 6, 6], "bbox_mode": 1, "segmentation": SQUARE, "category_id": 0, "redshift": 1.5,
             "obj_id": 77},
            {"bbox": [3, 4, 2, 2], "bbox_mode": 1, "segmentation": [[3, 4, 5, 4, 5, 6, 3, 6]], "category_id": 1,
             "redshift": 0.0, "obj_id": 2**40},
            {"bbox": [-9, -9, 4, 4], "bbox_mode": 1, "segmentation": [[-9, -9, -5, -9, -5, -5]], "category_id": 0},
        ]  # fmt: skip
        path = tmp_path / "train.json"
        path.write_text(json.dumps([record | changes]))
        return path, flux

    return make


OPTIONS = {"bands": ("G", "R", "I"), "pixel_scale": 0.2, "tile_size_pix": 32, "dust": 0.05}


@pytest.mark.parametrize("kind", ["npy", "cube", "planes"])
def test_images_of_every_kind_are_read(deepdisc, tmp_path, kind):
    path, flux = deepdisc(kind)
    counts = prepare(coco=path, out=tmp_path / "store", zero_point=28.9, **OPTIONS)
    assert counts["train"]["tiles"] == 1 and counts["validation"]["tiles"] == 0
    store = Store(tmp_path / "store")
    assert store.bands == ("G", "R", "I") and store.pixel_scale_arcsec == 0.2
    tile = store.read("train", 0)
    np.testing.assert_allclose(tile.flux, 10 * flux[:, :32, :32], rtol=1e-5)  # 28.9 is 10 nJy
    np.testing.assert_allclose(tile.error, 20, rtol=0.1)  # the scatter of the sky
    assert tile.label.tolist() == [GALAXY, STAR] and tile.source_id.tolist() == [77, 2**40]
    assert tile.redshift[0] == 1.5 and np.isnan(tile.redshift[1]) and tile.dust == pytest.approx(0.05)
    assert (tile.segmentation == 2).sum() == 4 and (tile.segmentation == 1).sum() == 32  # the small one is on top


def test_an_image_smaller_than_a_tile_is_filled_up(deepdisc, tmp_path):
    path, _ = deepdisc("npy")
    prepare(coco=[path], out=tmp_path / "store", **(OPTIONS | {"tile_size_pix": 64}))
    tile = Store(tmp_path / "store").read("train", 0)
    assert np.isinf(tile.error[:, 40:]).all() and np.isfinite(tile.error[:, :40, :40]).all() and len(tile) == 2


def test_the_object_of_coco_itself_is_read(deepdisc, tmp_path):
    path, _ = deepdisc("npy")
    (record,) = json.loads(path.read_text())
    numbers = {0: 5, 1: 3}
    whole = {
        "images": [{"id": 9, "file_name": "a_images.npy", "height": 40, "width": 40}],
        "annotations": [{**a, "image_id": 9, "category_id": numbers[a["category_id"]]} for a in record["annotations"]],
        "categories": [{"id": 5, "name": "galaxy"}, {"id": 3, "name": "star"}],
    }
    path.write_text(json.dumps(whole))
    prepare(coco=path, out=tmp_path / "store", **OPTIONS)
    assert Store(tmp_path / "store").read("train", 0).label.tolist() == [GALAXY, STAR]


def test_images_of_a_file_without_a_split_are_shared_out(deepdisc, tmp_path):
    path, _ = deepdisc("npy")
    path.with_name("all.json").write_text(json.dumps(json.loads(path.read_text()) * 10))
    counts = prepare(coco=path.with_name("all.json"), out=tmp_path / "store", **OPTIONS)
    assert [counts[split]["tiles"] for split in SPLITS] == [7, 1, 2]


def test_a_store_comes_back_as_it_was(tmp_path):
    store = blob_store(tmp_path / "store", train=2, validation=1, classes=("star", "galaxy"))
    export(tmp_path / "store", out=tmp_path / "coco", coco=True)
    files = [tmp_path / "coco" / f"{split}.json" for split in SPLITS]
    prepare(coco=files, out=tmp_path / "again", tile_size_pix=64)
    again = Store(tmp_path / "again")
    assert again.bands == BANDS and again.pixel_scale_arcsec == store.pixel_scale_arcsec
    for split in SPLITS:
        assert again.count(split) == store.count(split)
        for index in range(store.count(split)):
            a, b = store.read(split, index), again.read(split, index)
            for name in ("flux", "error", "segmentation", "label", "redshift", "source_id"):
                np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
            assert a.dust == pytest.approx(b.dust)
    with pytest.raises(OutputError, match="overwrite"):
        export(tmp_path / "store", out=tmp_path / "coco", coco=True)


def test_what_deepdisc_needs_is_written(tmp_path):
    blob_store(tmp_path / "store", train=1, validation=0)
    export(tmp_path / "store", out=tmp_path / "coco", coco=True)
    (record,) = json.loads((tmp_path / "coco" / "train.json").read_text())
    assert {"filename", "image_id", "height", "width"} <= set(record)
    one = record["annotations"][0]
    assert {"bbox", "bbox_mode", "segmentation", "category_id", "redshift", "obj_id"} <= set(one)
    x, y, width, height = one["bbox"]
    corners = np.concatenate([np.reshape(polygon, (-1, 2)) for polygon in one["segmentation"]])
    assert corners.min(0).tolist() == [x, y] and corners.max(0).tolist() == [x + width, y + height]
    assert np.load(tmp_path / "coco" / record["filename"]).shape == (3, 64, 64)


@pytest.mark.parametrize(
    ("options", "error", "word"),
    [
        ({"bands": None}, ConfigError, "bands"),
        ({"pixel_scale": None}, ConfigError, "pixel_scale"),
        ({"bands": ("G",)}, InputFileError, "3 bands: 1"),
        ({"dust": "sfd"}, StoreError, "--dust"),
        ({"mock": 3}, ConfigError, "one of them"),
    ],
)
def test_what_is_missing_is_told(deepdisc, tmp_path, options, error, word):
    path, _ = deepdisc("npy")
    with pytest.raises(error, match=word):
        prepare(coco=path, out=tmp_path / "store", **(OPTIONS | options))


@pytest.mark.parametrize("bands", [("R", "G", "I"), None])
def test_images_that_say_other_bands_are_refused(deepdisc, tmp_path, bands):
    path, _ = deepdisc("npy", bands=["G", "R", "I"])
    (record,) = json.loads(path.read_text())
    path.write_text(json.dumps([record, record | {"bands": ["I", "R", "G"]}]))
    with pytest.raises(ConfigError, match="has G,R,I" if bands else "has I,R,G"):
        prepare(coco=path, out=tmp_path / "store", **(OPTIONS | {"bands": bands}))


@pytest.mark.parametrize("text", ["{", "[1, 2]", '{"images": 3}'])
def test_other_json_is_refused(tmp_path, text):
    (tmp_path / "train.json").write_text(text)
    with pytest.raises(InputFileError, match=r"train\.json"):
        prepare(coco=tmp_path / "train.json", out=tmp_path / "store", **OPTIONS)
