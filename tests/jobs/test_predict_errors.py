"""Do models of measured errors see the same, whatever the error images say, in training as in a run?"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from astropy.table import Table

import zpix
from tests.detector.scenery import small_model
from tests.image.examined_fields import BANDS, SCALE_ARCSEC, blob_image
from zpix.config import InferenceConfig, ModelConfig, PretrainingConfig, SimulationConfig
from zpix.detector import About, Checkpoint, Detector, save_checkpoint
from zpix.errors import StoreError
from zpix.image import Pixels, Region, measured_factors, tangent_wcs, write_mosaic
from zpix.scenes import Scene
from zpix.scenes.render import Stamp
from zpix.scenes.scene import SceneLight
from zpix.training import mock
from zpix.training.drawn_colours import draw_colours
from zpix.training.joint import check_store
from zpix.training.mock import MockTile, draw_again
from zpix.training.store import Store


def model_of(errors: str) -> ModelConfig:
    return small_model().model_copy(update={"bands": BANDS, "errors": errors})


@pytest.fixture(scope="module")
def measured() -> Checkpoint:
    """A network of random weights that takes measured errors."""
    torch.manual_seed(0)
    return Checkpoint(Detector(model_of("measured")).eval(), About(name="measured", z_range=(0.0, 15.0)))


def found(checkpoint: Checkpoint, search: InferenceConfig, pixels: Pixels, *, as_given: bool = False) -> zpix.Catalogue:
    return zpix.predict(
        pixels.flux, pixels.error, bands=BANDS, pixel_scale_arcsec=SCALE_ARCSEC, model=checkpoint, config=search,
        as_given=as_given,
    )  # fmt: skip


@pytest.mark.parametrize("as_given", [False, True])
def test_the_scale_of_error_images_does_not_matter(measured, blob_search, as_given):
    pixels = blob_image((192, 192), sources=20).pixels
    wrong = np.array([0.15, 1.0, 1.5], np.float32)[:, None, None]
    right = found(measured, blob_search, pixels, as_given=as_given)
    other = found(measured, blob_search, Pixels(pixels.flux, pixels.error * wrong, pixels.valid), as_given=as_given)
    assert len(right) == len(other) > 0
    np.testing.assert_allclose(other["z_phot"], right["z_phot"], atol=0.02)
    np.testing.assert_allclose(other["fluxerr_f115w"], right["fluxerr_f115w"], rtol=5e-3)


def test_check_says_what_is_done(measured, tmp_path):
    save_checkpoint(tmp_path / "m.safetensors", measured)
    image = blob_image((192, 192), sources=20)
    write_mosaic(
        tmp_path / "field", image.pixels, bands=BANDS, wcs=tangent_wcs(53.16, -27.79, image.shape, 0.03), prefix="b"
    )
    verdict = zpix.check(tmp_path / "field", model=tmp_path / "m.safetensors")
    factors = measured_factors(image.pixels.flux, image.pixels.error, pixel_scale_arcsec=SCALE_ARCSEC)
    assert [own.error_factor for own in verdict.repairs] == pytest.approx(factors.tolist(), rel=0.15)
    assert any(note.startswith("errors are multiplied") for note in verdict.notes)
    assert not any("errors" in warning for warning in verdict.warnings)
    assert len(verdict.to_json()["repairs"]) == 3
    np.testing.assert_allclose(verdict.noise(BANDS).at([81]), 1, rtol=1e-3)
    assert zpix.info(tmp_path / "m.safetensors")["model"]["errors"] == "measured"


@pytest.fixture
def drawn(monkeypatch) -> None:
    """Scenes of blobs in place of simulated ones."""

    class Blobs:
        def __init__(self, seed: int, bands: tuple[str, ...], config: SimulationConfig, psf_seed: int | None) -> None:
            self.seed, self.bands = seed, bands

        def realisations(self, region: Region, *, with_light: bool = False):
            for number in range(3):
                pixels = blob_image(region.shape, seed=self.seed % 1000 + number, sources=8).pixels
                segments = np.zeros(region.shape, np.int32)
                segments[40:60, 40:60] = 1
                truth = Table({"id": [1], "label": [1], "z": [2.0], "z_spec": [2.0], "kind": ["galaxy"]})
                truth["mag_f444w"] = [25.0]
                for band in self.bands:
                    truth[f"flux_{band.lower()}"] = [300.0]
                own = Stamp(1, Region.whole(region.shape), np.maximum(pixels.flux, 0))
                yield Scene(pixels, segments, truth, 0.01, SceneLight(own.light, {1: own}) if with_light else None)

    monkeypatch.setattr("zpix.scenes.Sky", Blobs)


def test_realisations_of_a_tile_share_its_measurement(drawn):
    tile = MockTile(1, 0, 128, BANDS, SimulationConfig())
    seen = [own for own, _ in zip(draw_again(tile, measured=True), range(2), strict=False)]
    first = measured_factors(seen[0].flux, seen[0].error, pixel_scale_arcsec=0.03)
    assert (first > 2).all()  # noise of neighbours is shared
    for own in seen:
        np.testing.assert_array_equal(own.error_factor, first)
        np.testing.assert_array_equal(own.in_errors("measured").error, own.error * first[:, None, None])
    assert next(draw_again(tile)).error_factor is None
    np.testing.assert_array_equal(mock.draw_tile(tile).error_factor, first)


def test_drawn_colours_are_in_the_errors_of_the_model(drawn, tmp_path):
    sums = {}
    for errors in ("image", "measured"):
        model = model_of(errors)
        sums[errors], _ = draw_colours(
            tmp_path / errors, tiles=2, seed=1, simulation=SimulationConfig(), model=model, tile_size=128,
            config=PretrainingConfig(realisations=2),
        )  # fmt: skip
    ratio = sums["measured"].sigma / sums["image"].sigma
    assert (ratio > 2).all() and (ratio < 3.5).all()


def test_stores_of_mosaics_hold_what_was_measured(jades_field, tmp_path):
    zpix.prepare(
        jades_field.mosaics, out=tmp_path / "s", segmentation=jades_field.segmentation, catalogue=jades_field.catalogue,
        tile_size_pix=64, dust=0.01,
    )  # fmt: skip
    given, measured = Store(tmp_path / "s"), Store(tmp_path / "s", errors="measured")
    factors = given.error_factors()
    assert factors is not None and np.isfinite(factors).all()
    split = next(name for name in ("train", "validation", "test") if given.count(name))
    np.testing.assert_allclose(
        measured.read(split, 0).error, given.read(split, 0).error * factors[:, None, None], rtol=1e-6
    )
    with pytest.raises(StoreError, match="errors = image"):
        check_store(given, model_of("measured").model_copy(update={"bands": given.bands}))
