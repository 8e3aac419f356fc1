"""The shipped model sets each flag where it was made to: a field that was spoiled on purpose."""

from __future__ import annotations

import numpy as np
import pytest

import zpix
from zpix.catalogue import Catalogue, flag_value
from zpix.config import InferenceConfig, SimulationConfig
from zpix.detector import Checkpoint, default_model, load_checkpoint, novelty_path, save_checkpoint
from zpix.image import JADES_BANDS, tangent_wcs, write_mosaic
from zpix.scenes import draw_scene

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")

SIZE, STAR_XY = 512, (330, 300)
UNSEEN = 140  # columns that F150W did not observe


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory) -> tuple[Catalogue, np.ndarray]:
    """Catalogue of the field, and positions and boxes (n, 6) of the galaxies that were given impossible colours."""
    scene = draw_scene(777, shape=(SIZE, SIZE), config=SimulationConfig(limit_mag=29.0, missing_coverage=0.0))
    pixels, truth = scene.pixels, scene.truth
    bright = truth[(truth["mag_f444w"] > 23) & (truth["mag_f444w"] < 27) & (truth["label"] == 1)]
    bright = bright[(bright["x"] > UNSEEN + 40) & (bright["x"] < SIZE - 30)]
    bright = bright[np.hypot(bright["x"] - STAR_XY[0], bright["y"] - STAR_XY[1]) > 60][:10]
    for row in bright:
        own = slice(row["ymin"], row["ymax"]), slice(row["xmin"], row["xmax"])
        for band in (1, 4, 7):
            pixels.flux[(band, *own)] *= 10
    y, x = np.mgrid[:SIZE, :SIZE]
    distance = np.hypot(x - STAR_XY[0], y - STAR_XY[1])
    pixels.flux[:] += 400 * pixels.error.min((1, 2))[:, None, None] * np.exp(-0.5 * (distance / 2.5) ** 2)
    pixels.valid[:4, distance < 2.2] = False
    pixels.valid[2, :, :UNSEEN] = False
    pixels.flux[~pixels.valid], pixels.error[~pixels.valid] = 0, np.inf
    place = tmp_path_factory.mktemp("spoiled")
    wcs = tangent_wcs(53.16, -27.79, (SIZE, SIZE), 0.03)
    write_mosaic(place / "mosaics", pixels, bands=JADES_BANDS, wcs=wcs, prefix="spoiled")
    config = InferenceConfig(device="cpu", dust=str(scene.ebv), workers=1)
    catalogue = zpix.run(place / "mosaics", out=place / "result", config=config)
    return catalogue, np.stack([bright[name] for name in ("x", "y", "xmin", "ymin", "xmax", "ymax")], 1)


def has(catalogue: Catalogue, name: str) -> np.ndarray:
    return (catalogue["flags"] & flag_value(name)) > 0


def near(catalogue: Catalogue, xy: tuple[float, float]) -> np.ndarray:
    return np.hypot(catalogue["x"] - xy[0], catalogue["y"] - xy[1]) < 5


@pytest.mark.slow
def test_a_band_that_did_not_look_is_missing_there_and_only_there(spoiled):
    catalogue, _ = spoiled
    missing = has(catalogue, "BANDS_MISSING")
    assert missing[catalogue["x1"] < UNSEEN - 2].all()
    assert not missing[(catalogue["x0"] > UNSEEN + 2) & ~near(catalogue, STAR_XY)].any()
    np.testing.assert_array_equal(np.isfinite(catalogue["novelty"]), catalogue["n_bands"] > 0)


@pytest.mark.slow
def test_the_lost_core_of_a_star_is_told(spoiled):
    catalogue, _ = spoiled
    saturated = has(catalogue, "SATURATED")
    assert saturated.sum() == 1 and near(catalogue, STAR_XY)[saturated].all()


@pytest.mark.slow
def test_colours_that_no_galaxy_has_are_outside_the_training_data(spoiled):
    catalogue, recoloured = spoiled
    touched = np.any([near(catalogue, xy) for xy in recoloured[:, :2]], axis=0)
    x0, y0, x1, y1 = catalogue.box.T
    reached = [(x1 > a - 5) & (x0 < c + 5) & (y1 > b - 5) & (y0 < d + 5) for a, b, c, d in recoloured[:, 2:]]
    ordinary = (x0 > UNSEEN + 2) & ~near(catalogue, STAR_XY) & ~np.any(reached, axis=0)
    outside = has(catalogue, "OUTSIDE_TRAINING")
    assert touched.sum() > 5 and outside[touched].mean() > 0.8
    assert ordinary.sum() > 12 and outside[ordinary].mean() < 0.15


@pytest.mark.slow
def test_what_reaches_the_edge_says_so(spoiled):
    catalogue, _ = spoiled
    box, edge = catalogue.box, has(catalogue, "EDGE")
    inside = ((box[:, :2] > 2) & (box[:, 2:] < SIZE - 2)).all(1)
    assert edge[~inside].any() and not edge[inside & ~near(catalogue, STAR_XY)].any()


def test_novelty_is_kept_beside_the_model_and_belongs_to_it(tmp_path):
    shipped = load_checkpoint(default_model())
    assert shipped.novelty
    copy = tmp_path / "model.safetensors"
    save_checkpoint(copy, shipped, half=True)
    assert load_checkpoint(copy).novelty.keys() == shipped.novelty.keys()
    kept = novelty_path(copy).read_bytes()
    shipped.detector.redshift_head.mixture.linear.weight.data += 0.1
    save_checkpoint(copy, Checkpoint(shipped.detector, shipped.about))
    assert not novelty_path(copy).exists()
    novelty_path(copy).write_bytes(kept)
    with pytest.raises(zpix.ZpixError, match=r"model\.novelty\.safetensors: not of the model beside it"):
        load_checkpoint(copy)
