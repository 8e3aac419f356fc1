import itertools

import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS, Region
from zpix.scenes import Scene, Sky, draw_scene
from zpix.scenes.noise import deep_error, electrons_per_njy, noise_over_error
from zpix.sources import STAR

SMALL = SimulationConfig(cell_size_pix=128, limit_mag=29.0, psf_angle_deg=0.0)
NOBODY = SMALL.model_copy(update={"source_density": 0, "star_density": 0, "brown_dwarf_per_arcmin2": 0})


@pytest.fixture(scope="module")
def scene() -> Scene:
    return draw_scene(3, shape=(256, 320), config=SMALL)


def test_same_seed_same_pixels(scene: Scene) -> None:
    again = draw_scene(3, shape=(256, 320), config=SMALL)
    np.testing.assert_array_equal(scene.pixels.flux, again.pixels.flux)
    np.testing.assert_array_equal(scene.segmentation, again.segmentation)
    other = draw_scene(4, shape=(256, 320), config=SMALL)
    assert np.abs(scene.pixels.flux - other.pixels.flux).max() > 0


def test_windows_fit_together(scene: Scene) -> None:
    sky, whole = Sky(3, config=SMALL), Region(0, 0, 320, 256)
    part = Region(100, 60, 260, 200)
    seen = sky.observe(part, bounds=whole)
    difference = np.abs(seen.pixels.flux - scene.pixels.flux[(slice(None), *part.slices)])
    assert (difference / seen.pixels.error).max() < 1e-3
    np.testing.assert_array_equal(seen.segmentation > 0, scene.segmentation[part.slices] > 0)


def test_realisations_differ_in_noise_alone(scene: Scene) -> None:
    first, second, _ = itertools.islice(Sky(3, config=SMALL).realisations(Region(0, 0, 320, 256)), 3)
    np.testing.assert_array_equal(first.pixels.flux, scene.pixels.flux)
    np.testing.assert_array_equal(second.segmentation, scene.segmentation)
    np.testing.assert_allclose(second.pixels.error, scene.pixels.error, rtol=0.25)  # it has the photons' own noise
    assert np.median(np.abs(second.pixels.error / scene.pixels.error - 1)) < 0.01
    change = (second.pixels.flux - first.pixels.flux) / first.pixels.error
    expected = np.sqrt(2) * noise_over_error(JADES_BANDS)
    np.testing.assert_allclose(change.std(axis=(1, 2)), expected, rtol=0.05)


def test_truth_describes_the_segmentation(scene: Scene) -> None:
    truth = scene.truth
    found = truth[truth["detectable"]]
    assert len(found) > 5
    assert set(np.unique(scene.segmentation)) == {0, *found["id"]}
    for row in found:
        ys, xs = np.nonzero(scene.segmentation == row["id"])
        box = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        assert tuple(row[name] for name in ("xmin", "ymin", "xmax", "ymax")) == box
        assert row["n_pix"] == len(xs)
    assert (found["snr"] >= SMALL.detectable_snr).all()
    assert not truth["z"][truth["label"] == STAR].any()


def test_units_are_declared(scene: Scene) -> None:
    assert str(scene.truth["flux_f444w"].unit) == "nJy" and str(scene.truth["re_arcsec"].unit) == "arcsec"


@pytest.mark.parametrize("correlated", [True, False])
def test_noise_is_to_the_error_as_in_the_real_cutout(correlated: bool) -> None:
    clean = {"hot_pixels_per_arcmin2": 0, "snowballs_per_arcmin2": 0, "striping": 0, "wisps_per_arcmin2": 0}
    plain = {"sky_residual_sigma": 0.0, "missing_coverage": 0, "correlated_noise": correlated}
    pixels = draw_scene(1, shape=(256, 256), config=NOBODY.model_copy(update=plain | clean)).pixels
    expected = noise_over_error(JADES_BANDS, correlated=correlated)
    np.testing.assert_allclose((pixels.flux / pixels.error).std(axis=(1, 2)), expected, rtol=0.03)
    assert pixels.flux.dtype == pixels.error.dtype == np.float32 and pixels.valid.all()


def test_empty_scene_has_no_rows() -> None:
    scene = draw_scene(1, shape=(128, 128), config=NOBODY)
    assert len(scene.truth) == 0 and not scene.segmentation.any()
    assert "flux_f090w" in scene.truth.colnames


def test_depth_scales_the_error() -> None:
    deep = Sky(1, config=NOBODY)
    shallow = Sky(1, config=NOBODY.model_copy(update={"depth_range": (2.0, 2.0)}))
    np.testing.assert_allclose(shallow.error, 2 * deep.error)


def test_other_bands() -> None:
    scene = draw_scene(2, shape=(128, 128), bands=("F182M", "F444W"), config=SMALL)
    assert scene.pixels.shape == (2, 128, 128) and "flux_f182m" in scene.truth.colnames


#: Value that switches an effect off, and one at which a small scene surely shows it.
EFFECTS = {
    "source_density": (0.0, 1.0),
    "star_density": (0.0, 30.0),
    "brown_dwarf_per_arcmin2": (0.0, 200.0),
    "emission_lines": (False, True),
    "substructure": (False, True),
    "agn_density": (0.0, 30.0),
    "clustered_fraction": (0.0, 0.5),
    "density_range": ((1.0, 1.0), (2.0, 2.0)),
    "clustered_range": (None, (0.5, 0.5)),
    "high_z_boost": (0.0, 0.5),
    "bright_boost": (0.0, 0.5),
    "ebv": (0.0, 0.3),
    "depth_structure": (0.0, 0.1),
    "poisson_noise": (False, True),
    "saturation_njy": (None, 0.3),
    "correlated_noise": (False, True),
    "sky_residual_sigma": (0.0, 0.05),
    "shallow_fraction": (0.0, 1.0),
    "chip_gaps": (False, True),
    "missing_coverage": (0.0, 0.5),
    "hot_pixels_per_arcmin2": (0.0, 100.0),
    "snowballs_per_arcmin2": (0.0, 100.0),
    "striping": (0.0, 0.03),
    "wisps_per_arcmin2": (0.0, 100.0),
}
OFF = {name: off for name, (off, _) in EFFECTS.items()}
SKY = {"source_density": 1.0}  # galaxies stay, but where they are what is tested


def scene_with(**changes) -> Scene:
    config = SimulationConfig(cell_size_pix=256, limit_mag=28.0, psf_angle_deg=20.0, **OFF | SKY | changes)
    return draw_scene(4, shape=(256, 256), config=config)


@pytest.fixture(scope="module")
def plain() -> Scene:
    return scene_with()


def test_without_effects_and_sources_there_is_white_noise_of_the_error() -> None:
    nothing = scene_with(source_density=0.0)
    assert nothing.pixels.valid.all() and len(nothing.truth) == 0 and nothing.ebv == 0
    expected = np.broadcast_to(deep_error(JADES_BANDS)[:, None, None], nothing.pixels.error.shape)
    np.testing.assert_allclose(nothing.pixels.error, expected, rtol=1e-6)
    noise = nothing.pixels.flux / nothing.pixels.error
    np.testing.assert_allclose(noise.std(axis=(1, 2)), 1, rtol=0.02)
    assert np.abs((noise * np.roll(noise, 1, axis=2)).mean(axis=(1, 2))).max() < 0.02


def test_error_images_know_what_was_counted_and_not_the_truth() -> None:
    seen = scene_with(poisson_noise=True, saturation_njy=None).pixels
    background, gain = deep_error(JADES_BANDS)[:, None, None], electrons_per_njy(JADES_BANDS)[:, None, None]
    counted = np.sqrt(background**2 + np.maximum(seen.flux, 0) / gain)
    np.testing.assert_allclose(seen.error, counted, rtol=1e-4)
    assert (seen.error > 1.5 * background).mean() > 1e-4  # there are sources whose photons count


def test_rich_galaxies_change_the_scene_and_not_their_fluxes() -> None:
    usual, rich = scene_with(substructure=True), scene_with(substructure=True, morphology="rich")
    assert len(rich.truth) == len(usual.truth) and (rich.pixels.flux != usual.pixels.flux).any()
    np.testing.assert_array_equal(rich.truth["flux_f444w"], usual.truth["flux_f444w"])


@pytest.mark.parametrize("name", EFFECTS)
def test_each_effect_alone_changes_the_scene(plain: Scene, name: str) -> None:
    off, on = EFFECTS[name]
    seen = scene_with(**{name: on}).pixels
    without = scene_with(**{name: off}).pixels if name in SKY else plain.pixels
    changed = [(getattr(seen, part) != getattr(without, part)).any() for part in ("flux", "error", "valid")]
    assert any(changed)
    known = seen.valid & without.valid
    assert np.isfinite(seen.flux).all() and (seen.error[known] > 0).all()
