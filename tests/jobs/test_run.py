"""The main job from FITS files to a finished directory, with a network that has learnt nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import torch
from astropy.io import fits
from astropy.wcs import WCS
from scipy.optimize import linear_sum_assignment

import zpix
from tests.conftest import FIELD_SHAPE
from tests.detector.scenery import small_model
from tests.finished_runs import contents, same
from zpix.catalogue import CatalogueFile, flag_value, read_catalogue, read_pdfs
from zpix.config import InferenceConfig, SimulationConfig, load_config
from zpix.detector import Checkpoint, Detector, default_model, save_checkpoint
from zpix.errors import BandError, ConfigError, ModelError
from zpix.image import JADES_BANDS, Pixels, tangent_wcs, write_mosaic
from zpix.jobs.run import PRODUCTS, run
from zpix.plots import draw_detections
from zpix.search.requirements import load_to_search


def test_every_product_is_there(finished):
    out, catalogue = finished
    assert {path.name for path in out.iterdir()} == set(PRODUCTS)
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    assert len(catalogue) > 50
    assert catalogue.bands == JADES_BANDS and "missing_bands" not in catalogue.meta
    assert "Not observed" not in (out / "README.md").read_text("utf-8")
    assert catalogue.meta["model"] == "tiny" and catalogue.meta["mosaic_shape"] == list(FIELD_SHAPE)


def test_a_model_that_knows_no_ordinary_sources_says_so(finished, blob_field, tiny_model, blob_search, caplog):
    _, catalogue = finished
    load_to_search(tiny_model, blob_search, blob_field)
    assert "OUTSIDE_TRAINING is never set" in caplog.text
    assert np.isnan(catalogue["novelty"]).all() and not (catalogue["flags"] & flag_value("OUTSIDE_TRAINING")).any()


def test_a_model_of_three_classes_names_them_in_its_catalogue(blob_field, blob_search, qso, tmp_path):
    torch.manual_seed(0)
    detector = Detector(small_model(classes=("galaxy", "star", "qso")))
    torch.nn.init.constant_(detector.box_head.classes.bias, 0.0)
    detector.box_head.classes.bias.data[3] = 1.0
    save_checkpoint(tmp_path / "model.safetensors", Checkpoint(detector))
    catalogue = run(blob_field, out=tmp_path / "result", model=tmp_path / "model.safetensors", config=blob_search)
    assert set(catalogue["class"]) == {"qso"} and (catalogue["p_qso"] > 0.34).all()
    assert (catalogue["p_qso"] + catalogue["p_star"] < 1).all() and np.isfinite(catalogue["z_phot"]).all()
    assert not (catalogue["flags"] & flag_value("STAR")).any()
    same(catalogue, read_catalogue(tmp_path / "result" / "catalogue.fits"))
    assert "`p_qso`" in (tmp_path / "result" / "README.md").read_text()


def test_fits_and_parquet_hold_the_catalogue(finished):
    out, catalogue = finished
    for name in ("catalogue.fits", "catalogue.parquet"):
        stored = read_catalogue(out / name)
        same(catalogue, stored)
        assert dict(stored.meta) == dict(catalogue.meta)


def test_sources_are_numbered_placed_and_inside_the_field(finished):
    _, catalogue = finished
    np.testing.assert_array_equal(catalogue["id"], np.arange(1, len(catalogue) + 1))
    wcs = tangent_wcs(53.16, -27.79, FIELD_SHAPE, 0.03)
    x, y = wcs.all_world2pix(catalogue["ra"], catalogue["dec"], 0)
    np.testing.assert_allclose(x, catalogue["x"], atol=1e-3)
    np.testing.assert_allclose(y, catalogue["y"], atol=1e-3)
    box = catalogue.box
    assert (box[:, 2:] > box[:, :2]).all()
    centre = 0.5 * (box[:, :2] + box[:, 2:]) - 0.5
    assert (centre >= -2.5).all() and (centre < np.array(FIELD_SHAPE[::-1]) + 1.5).all()
    assert set(catalogue["class"]) <= {"galaxy", "star"}
    np.testing.assert_array_equal(catalogue["ebv"], np.float32(0.01))


def test_segments_are_those_of_the_catalogue(finished):
    out, catalogue = finished
    with fits.open(out / "segmentation.fits") as hdus:
        segmentation, header = np.array(hdus[0].data), hdus[0].header
    assert segmentation.shape == FIELD_SHAPE
    assert set(np.unique(segmentation)) - {0} <= set(catalogue["id"])
    np.testing.assert_allclose(WCS(header).wcs.crval, [53.16, -27.79])
    counts = np.bincount(segmentation.ravel(), minlength=len(catalogue) + 1)[1:]
    inside = (catalogue["flags"] & flag_value("EDGE")) == 0
    assert (counts[inside] <= catalogue["n_pix"][inside]).all()
    for row in np.flatnonzero(counts > 0)[::7]:
        y, x = np.nonzero(segmentation == catalogue["id"][row])
        x0, y0, x1, y1 = catalogue.box[row]
        assert x.min() >= np.floor(x0) and y.min() >= np.floor(y0)
        assert x.max() <= np.ceil(x1) and y.max() <= np.ceil(y1)


def test_pdfs_are_those_of_the_catalogue(finished):
    out, catalogue = finished
    ids, redshift = read_pdfs(out / "pdfs.hdf5")
    np.testing.assert_array_equal(ids, catalogue["id"])
    grid = np.linspace(0, 12, 60)
    np.testing.assert_allclose(redshift.pdf(grid), catalogue.redshift.pdf(grid), rtol=1e-10)
    assert (np.diff([catalogue[q] for q in ("z025", "z160", "z500", "z840", "z975")], axis=0) >= 0).all()


def test_qp_reads_the_pdfs(finished):
    import qp

    out, catalogue = finished
    ensemble = qp.read(str(out / "pdfs.hdf5"))
    grid = np.linspace(0.5, 8, 16)
    above = 1 - ensemble.cdf(np.array([0.0]))  # qp knows no cut at z = 0
    np.testing.assert_allclose(ensemble.pdf(grid) / above, catalogue.redshift.pdf(grid), rtol=1e-6)


def test_a_region_is_drawn_around_every_source(finished):
    out, catalogue = finished
    text = (out / "regions.reg").read_text()
    assert sum("box(" in line for line in text.splitlines()) == len(catalogue)


def test_its_picture_is_the_same_every_time(finished, blob_field, tmp_path):
    out, _ = finished
    segmentation, pictures = out / "segmentation.fits", (tmp_path / "a.png", tmp_path / "b.png")
    with zpix.open_mosaic(blob_field) as mosaic:
        for path in pictures:
            draw_detections(path, CatalogueFile(out / "catalogue.parquet"), mosaic, segmentation=segmentation)
    assert pictures[0].read_bytes() == pictures[1].read_bytes()
    assert min(matplotlib.image.imread(pictures[0]).shape[:2]) > 500


def test_settings_read_back(finished, blob_search):
    out, _ = finished
    assert load_config(out / "config.toml").inference == blob_search


def test_the_same_command_gives_the_same_files(finished, tmp_path, blob_field, tiny_model, blob_search):
    run(blob_field, out=tmp_path / "again", model=tiny_model, config=blob_search)
    assert contents(tmp_path / "again") == contents(finished[0])


def test_the_order_of_the_bands_does_not_matter(finished, tmp_path, blob_field, tiny_model, blob_search):
    backwards = sorted(blob_field.iterdir(), reverse=True)
    same(run(backwards, out=tmp_path / "out", model=tiny_model, config=blob_search), finished[1])


def test_widths_are_calibrated_as_the_model_says(finished, tmp_path, tiny_model, blob_field, blob_search):
    _, plain = finished
    model = tmp_path / "calibrated.safetensors"
    checkpoint = zpix.load_checkpoint(tiny_model)
    twice = {"log_snr": [0.0, 1.0], "log_factor": [np.log(2.0)] * 2}
    save_checkpoint(model, Checkpoint(checkpoint.detector, replace(checkpoint.about, width_calibration=twice)))
    wider = run(blob_field, out=tmp_path / "out", model=model, config=blob_search)
    np.testing.assert_array_equal(wider.box, plain.box)
    np.testing.assert_allclose(wider["zmix_width"], 2 * plain["zmix_width"], rtol=1e-5)


def test_a_field_without_sources_has_every_product(tmp_path, blob_field, tiny_model, blob_search):
    nothing = blob_search.model_copy(update={"score_threshold": 1.0})
    catalogue = run(blob_field, out=tmp_path / "out", model=tiny_model, config=nothing)
    assert len(catalogue) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(PRODUCTS)
    for name in ("catalogue.fits", "catalogue.parquet"):
        same(catalogue, read_catalogue(tmp_path / "out" / name))
    ids, redshift = read_pdfs(tmp_path / "out" / "pdfs.hdf5")
    assert len(redshift) == len(ids) == 0
    assert not fits.getdata(tmp_path / "out" / "segmentation.fits").any()


def test_a_missing_band_is_not_zero_flux(tmp_path, blob_field, tiny_model, blob_search, caplog):
    kept = [path for path in sorted(blob_field.iterdir()) if "f090w" not in path.name]
    catalogue = run(kept, out=tmp_path / "out", model=tiny_model, config=blob_search)
    assert "F090W" in caplog.text
    assert len(catalogue) and catalogue.bands == JADES_BANDS[1:] and catalogue.missing_bands == ("F090W",)
    assert np.isnan(catalogue["flux_f090w"]).all() and np.isfinite(catalogue["flux_f444w"]).any()
    assert (catalogue["n_bands"] <= 8).all() and (catalogue["n_bands"] == 8).any()
    assert (catalogue["flags"] & flag_value("BANDS_MISSING")).all()


def test_tiles_that_were_not_observed_hold_no_sources(tmp_path, tiny_model, blob_search):
    shape = (128, 384)  # four tiles, of which the last is empty
    pixels = Pixels.empty(len(JADES_BANDS), shape)
    pixels.flux[:, :, :150] = 1.0
    pixels.error[:, :, :150] = 1.0
    pixels.valid[:, :, :150] = True
    write_mosaic(tmp_path / "field", pixels, bands=JADES_BANDS, wcs=tangent_wcs(10, 20, shape, 0.03))
    catalogue = run(tmp_path / "field", out=tmp_path / "out", model=tiny_model, config=blob_search)
    assert len(catalogue) and catalogue["x"].max() < 320


def test_a_run_says_how_long_its_stages_took(finished):
    told = json.loads((finished[0] / "run.json").read_text())
    assert told["sources"] == len(finished[1]) and told["tiles"] == 3
    assert set(told["seconds"]) == {
        "examining", "search", "reading", "inference", "measuring", "writing parts", "assembling", "other products",
    }  # fmt: skip
    assert told["inference"]["tile_size"] == 192 and len(told["model"]["sha256"]) == 64


def test_a_mosaic_of_other_bands_is_refused(tmp_path, blob_field, blob_search):
    other = tmp_path / "other.safetensors"
    save_checkpoint(other, Checkpoint(Detector(small_model(bands=("HSC-G", "HSC-R")))))
    with pytest.raises(BandError, match=r"F090W .* none of which .* HSC-G HSC-R"):
        run(blob_field, out=tmp_path / "out", model=other, config=blob_search)
    assert not (tmp_path / "out").exists()


def test_a_mosaic_of_other_pixels_is_refused(tmp_path, tiny_model, blob_search):
    pixels = Pixels(*(np.ones((1, 60, 80), kind) for kind in (np.float32, np.float32, bool)))
    write_mosaic(tmp_path / "field", pixels, bands=["F444W"], wcs=tangent_wcs(10, 20, (60, 80), 0.06))
    with pytest.raises(ModelError, match=r"0\.06.*0\.03.*zpix align"):
        run(tmp_path / "field", out=tmp_path / "out", model=tiny_model, config=blob_search)


@pytest.mark.slow
def test_a_transformer_runs_with_tiles_of_the_size_it_was_built_for(tmp_path, blob_field, blob_search):
    model = tmp_path / "transformer.safetensors"
    save_checkpoint(model, Checkpoint(Detector(small_model(backbone="mvitv2_tiny", built_size_pix=192))))
    assert len(run(blob_field, out=tmp_path / "out", model=model, config=blob_search))
    with pytest.raises(ConfigError, match=r"tile_size is 256, .* built for .*192"):
        run(blob_field, out=tmp_path / "no", model=model, config=blob_search.model_copy(update={"tile_size": 256}))


@pytest.fixture(scope="module")
def shipped() -> Path:
    try:
        return default_model()
    except ModelError:
        pytest.skip("this checkout holds no src/zpix/models/default.safetensors")


@pytest.mark.slow
def test_one_tile_or_many_give_the_same_sources(tmp_path, shipped):
    """One galaxy is owned by one tile, whatever the tiles."""
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    zpix.simulate(tmp_path / "field", size_pix=704, seed=20260207, config=SimulationConfig(ebv=0.01))
    mosaics = sorted((tmp_path / "field").glob("*_drz.fits"))
    whole, tiled = (
        run(
            mosaics,
            out=tmp_path / f"tiles-of-{size}",
            model=shipped,
            config=InferenceConfig(tile_size=size, precision="fp32", device="cpu"),
        )
        for size in (1024, 512)
    )
    # The network judges a source by its surroundings too: those as large as the margin may be seen differently.
    reach = InferenceConfig().margin
    small = [found[(found.box[:, 2:] - found.box[:, :2]).max(1) < reach] for found in (whole, tiled)]
    assert len(small[0]) > 0.95 * len(whole)
    whole, tiled = small
    assert len(whole) > 90
    assert len(whole) == len(tiled)
    distance = np.abs(whole.box[:, None] - tiled.box).max(2)
    rows, partners = linear_sum_assignment(distance)
    assert distance[rows, partners].max() <= 1.0
    z, other_z = whole["z_phot"][rows], tiled["z_phot"][partners]
    assert (np.abs(z - other_z) <= 0.01 * (1 + z)).all()


def test_the_shipped_model_says_what_it_has_seen(shipped):
    checkpoint = zpix.load_checkpoint(shipped)
    assert set(checkpoint.bands) > set(JADES_BANDS) and checkpoint.for_bands(JADES_BANDS).bands == JADES_BANDS
    assert {"name", "training_data", "counts", "z_range", "code_version"} <= set(checkpoint.about.to_header())
    assert shipped.stat().st_size < 40e6
