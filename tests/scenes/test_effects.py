"""Every effect can be switched off, and does something when it is on."""

import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS
from zpix.scenes import Scene, draw_scene
from zpix.scenes.noise import deep_error, electrons_per_njy

#: Value that switches an effect off, and one at which a small scene surely shows it.
EFFECTS = {
    "source_density": (0.0, 1.0),
    "star_density": (0.0, 30.0),
    "brown_dwarf_per_arcmin2": (0.0, 200.0),
    "emission_lines": (False, True),
    "substructure": (False, True),
    "agn_density": (0.0, 30.0),
    "clustered_fraction": (0.0, 0.5),
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


def scene(**changes) -> Scene:
    config = SimulationConfig(cell_size_pix=256, limit_mag=28.0, psf_angle_deg=20.0, **OFF | SKY | changes)
    return draw_scene(4, shape=(256, 256), config=config)


@pytest.fixture(scope="module")
def plain() -> Scene:
    return scene()


def test_without_effects_and_sources_there_is_white_noise_of_the_error() -> None:
    nothing = scene(source_density=0.0)
    assert nothing.pixels.valid.all() and len(nothing.truth) == 0 and nothing.ebv == 0
    expected = np.broadcast_to(deep_error(JADES_BANDS)[:, None, None], nothing.pixels.error.shape)
    np.testing.assert_allclose(nothing.pixels.error, expected, rtol=1e-6)
    noise = nothing.pixels.flux / nothing.pixels.error
    np.testing.assert_allclose(noise.std(axis=(1, 2)), 1, rtol=0.02)
    assert np.abs((noise * np.roll(noise, 1, axis=2)).mean(axis=(1, 2))).max() < 0.02


def test_error_images_know_what_was_counted_and_not_the_truth() -> None:
    seen = scene(poisson_noise=True, saturation_njy=None).pixels
    background, gain = deep_error(JADES_BANDS)[:, None, None], electrons_per_njy(JADES_BANDS)[:, None, None]
    counted = np.sqrt(background**2 + np.maximum(seen.flux, 0) / gain)
    np.testing.assert_allclose(seen.error, counted, rtol=1e-4)
    assert (seen.error > 1.5 * background).mean() > 1e-4  # there are sources whose photons count


@pytest.mark.parametrize("name", EFFECTS)
def test_each_effect_alone_changes_the_scene(plain: Scene, name: str) -> None:
    off, on = EFFECTS[name]
    seen, without = scene(**{name: on}).pixels, plain.pixels if name not in SKY else scene(**{name: off}).pixels
    changed = [(getattr(seen, part) != getattr(without, part)).any() for part in ("flux", "error", "valid")]
    assert any(changed)
    known = seen.valid & without.valid
    assert np.isfinite(seen.flux).all() and (seen.error[known] > 0).all()
