"""The stages are found by RAIL, and run in a pipeline file of ceci: images in, an ensemble out."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import qp
import yaml
from rail.core import RailEnv
from rail.core.data import ModelHandle
from rail.estimation.algos.zpix import MosaicHandle, StoreHandle, ZpixEstimator, ZpixInformer
from rail.estimation.estimator import CatEstimator
from rail.estimation.informer import CatInformer

import zpix
from zpix.image import Pixels, tangent_wcs, write_mosaic

MODULE = "rail.estimation.algos.zpix"
BANDS = ("F115W", "F200W", "F444W")
SIZE = 128
SETTINGS = """
[model]
bands = ["F115W", "F200W", "F444W"]
pyramid_channels = 16
box_hidden = 32
mask_layers = 1
mixture_components = 3

[pretraining]
epochs = 1

[training]
epochs = 1
batch_size = 2

[inference]
tile_size = 192
margin = 64
score_threshold = 0.0
proposals_per_megapixel = 2000
dust = "0.01"
precision = "fp32"
"""


@pytest.fixture(scope="session")
def sky(tmp_path_factory) -> Path:
    """Mosaics of blobs in `field`, a training store of them in `store`, and settings."""
    place = tmp_path_factory.mktemp("sky")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIZE, :SIZE]
    flux = rng.normal(0, 1, (3, SIZE, SIZE)).astype(np.float32)
    annotations = []
    for number, (cx, cy) in enumerate(rng.uniform(12, SIZE - 12, (14, 2))):
        light = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 12)
        flux += (rng.uniform(10, 60, (3, 1, 1)) * light).astype(np.float32)
        box = [float(cx - 5), float(cy - 5), float(cx + 5), float(cy + 5)]
        corners = [box[0], box[1], box[2], box[1], box[2], box[3], box[0], box[3]]
        annotations.append({"segmentation": [corners], "category_id": 0, "redshift": 0.3 * number, "obj_id": number})
    valid = np.ones(flux.shape, bool)
    pixels = Pixels(flux, np.ones_like(flux), valid)
    write_mosaic(place / "field", pixels, bands=BANDS, wcs=tangent_wcs(53.1, -27.8, (SIZE, SIZE), 0.03))
    np.save(place / "image.npy", flux)
    record = {"file_name": "image.npy", "annotations": annotations}
    for split in ("train", "val"):
        (place / f"{split}.json").write_text(json.dumps([record]))
    zpix.prepare(
        coco=[place / "train.json", place / "val.json"], out=place / "store", bands=BANDS, pixel_scale=0.03, dust=0.01,
        tile_size_pix=64,
    )  # fmt: skip
    (place / "settings.toml").write_text(SETTINGS)
    return place


def test_rail_finds_the_stages():
    modules = RailEnv.list_rail_modules()
    assert "rail.estimation.algos.zpix" in modules
    assert "rail.zpix" in RailEnv.list_rail_packages()
    assert issubclass(ZpixInformer, CatInformer) and issubclass(ZpixEstimator, CatEstimator)
    RailEnv.import_all_packages(silent=True)
    import rail.stages

    RailEnv.attach_stages(rail.stages)
    assert rail.stages.ZpixEstimator is ZpixEstimator


def test_a_pipeline_file_goes_from_images_to_an_ensemble(sky, tmp_path):
    """As a user runs it: `ceci pipeline.yml`."""
    stages = {
        "inform_zpix": {"name": "inform_zpix", "config_file": str(sky / "settings.toml"), "device": "cpu"},
        "estimate_zpix": {
            "name": "estimate_zpix", "config_file": str(sky / "settings.toml"), "device": "cpu", "workers": 1,
            "chunk_size": 7,
            "result_dir": str(tmp_path / "result"), "calculated_point_estimates": ["zmode", "zmedian"],
        },
    }  # fmt: skip
    (tmp_path / "config.yml").write_text(yaml.safe_dump(stages))
    pipeline = {
        "modules": "rail",
        "launcher": {"name": "mini", "interval": 0.5},
        "site": {"name": "local", "max_threads": 1},
        "stages": [
            {"name": "inform_zpix", "classname": "ZpixInformer", "nprocess": 1, "module_name": MODULE,
             "aliases": {"input": "store", "model": "zpix_model"}},
            {"name": "estimate_zpix", "classname": "ZpixEstimator", "nprocess": 1, "module_name": MODULE,
             "aliases": {"model": "zpix_model", "input": "mosaics", "output": "zpix_pdfs"}},
        ],
        "inputs": {"store": str(sky / "store"), "mosaics": str(sky / "field")},
        "config": str(tmp_path / "config.yml"),
        "output_dir": str(tmp_path / "out"),
        "log_dir": str(tmp_path / "logs"),
        "resume": False,
    }  # fmt: skip
    (tmp_path / "pipeline.yml").write_text(yaml.safe_dump(pipeline))
    programs = Path(sys.executable).parent
    here = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    command = [programs / "ceci", "pipeline.yml"]
    ran = subprocess.run(command, cwd=tmp_path, env=here, capture_output=True, text=True, check=False)
    logs = "\n".join(path.read_text() for path in (tmp_path / "logs").glob("*"))
    assert ran.returncode == 0, ran.stdout + ran.stderr + logs
    ensemble = qp.read(str(tmp_path / "out" / "zpix_pdfs.hdf5"))
    catalogue = zpix.read_catalogue(tmp_path / "result")
    assert ensemble.npdf == len(catalogue) > 7  # more than one chunk
    np.testing.assert_array_equal(np.ravel(ensemble.ancil["id"]), catalogue["id"])
    np.testing.assert_allclose(np.ravel(ensemble.ancil["ra"]), catalogue["ra"])
    assert {"zmode", "zmedian", "zbest"} <= set(ensemble.ancil)
    np.testing.assert_allclose(
        np.ravel(ensemble.ppf(0.5)), catalogue["z500"], atol=0.01 * (1 + catalogue["z500"].max())
    )
    assert np.isfinite(ensemble.pdf(np.linspace(0, 15, 50))).all()


def test_the_shipped_model_in_a_notebook(sky, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    informer = ZpixInformer.make_stage(name="inform", checkpoint="shipped", output_mode="return")
    handle = informer.inform(sky / "store")
    assert isinstance(handle, ModelHandle) and "model.novelty.safetensors" in handle.data["files"]
    assert pickle.loads(pickle.dumps(handle.data)).keys() == handle.data.keys()


def test_a_place_that_is_not_there_is_told():
    with pytest.raises(FileNotFoundError, match="training store"):
        StoreHandle("input", path="/nowhere").read()
    with pytest.raises(FileNotFoundError, match="FITS mosaics"):
        MosaicHandle("input", path="/nowhere").read()
