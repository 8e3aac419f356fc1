"""The ceiling of the mock sky, in a tiny size."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.signal import fftconvolve

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")

from experiments.ceiling import aperture_noise, draw_galaxies, measure_ceiling, relative_errors
from experiments.colour_network import CeilingSettings
from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS
from zpix.scenes import draw_scene
from zpix.scenes.noise import deep_error, draw_noise, noise_over_error


def test_galaxies_are_of_the_skys_own_mix_and_different_by_seed():
    one, two = (draw_galaxies(seed, 500, faintest=26.0) for seed in (1, 2))
    assert len(one) == len(two) == 500 and (one.mag < 26).all() and (one.label == 1).all()
    assert not set(one.z.tolist()) & set(two.z.tolist())


def test_an_aperture_has_the_noise_of_the_mock():
    none = np.zeros((1, len(JADES_BANDS)))
    noise = draw_noise(np.random.default_rng(0), (512, 512), bands=JADES_BANDS, correlated=True)
    y, x = np.mgrid[-7:8, -7:8]
    disc = np.clip(5.5 - np.hypot(x, y), 0, 1)
    sums = np.stack([fftconvolve(one, disc, mode="valid") for one in noise])
    expected = sums.std(axis=(1, 2)) * deep_error(JADES_BANDS) * noise_over_error(JADES_BANDS)
    np.testing.assert_allclose(aperture_noise(none)[0] * 0.666, expected, rtol=0.25)
    # photons add to it: of a galaxy of 21 mag they are most of it
    photons = np.sqrt(aperture_noise(none + 14_454.0) ** 2 - aperture_noise(none) ** 2)
    assert (photons > aperture_noise(none)).all()
    np.testing.assert_allclose(
        photons, np.sqrt(10) * np.sqrt(aperture_noise(none + 1445.4) ** 2 - aperture_noise(none) ** 2)
    )


@pytest.mark.slow
def test_places_are_exposed_as_those_of_a_field_are():
    places = relative_errors(1, 3000)
    assert places.shape == (3000, len(JADES_BANDS)) and (places > 0).all() and np.isfinite(places).all()
    without_light = SimulationConfig(limit_mag=20.0, star_density=0.0, brown_dwarf_per_arcmin2=0.0, psf_angle_deg=0.0)
    errors = np.stack([draw_scene(seed, shape=(64, 64), config=without_light).pixels.error for seed in range(24)])
    ratio = errors[np.isfinite(errors).all((1, 2, 3))] / deep_error(JADES_BANDS)[:, None, None]
    quantiles = [0.1, 0.25, 0.5, 0.75]
    np.testing.assert_allclose(np.quantile(places[:, 0], quantiles), np.quantile(ratio[:, 0], quantiles), rtol=0.1)
    assert np.corrcoef(places[:, 0], places[:, 1])[0, 1] > 0.3  # gaps lie nearly alike in all bands


def test_scores_by_magnitude_are_written_as_json():
    settings = CeilingSettings(hidden=64, layers=2, components=4, epochs=20, batch_size=256, learning_rate=3e-3)
    found = measure_ceiling(galaxies=3000, test_galaxies=600, seed=1, faintest=27.0, settings=settings)
    scores = json.loads(json.dumps(found))["scores"]
    assert scores["< 27"]["count"] == scores["< 28"]["count"] == 600 and scores["28-29"]["count"] == 0
    assert scores["< 28"]["sigma_nmad"]["value"] < 0.2  # it learns something in a second
    assert math.isnan(scores["28-29"]["crps"]["value"])


def test_galaxies_at_the_limit_are_compact_or_extended():
    settings = CeilingSettings(hidden=32, layers=2, components=3, epochs=2, batch_size=256)
    found = measure_ceiling(galaxies=600, test_galaxies=600, seed=1, faintest=28.0, settings=settings)
    scores = found["scores"]
    assert scores["27-28, compact"]["count"] + scores["27-28, extended"]["count"] == scores["27-28"]["count"] > 0
    exposed = np.median(aperture_noise(np.zeros((1, len(JADES_BANDS))))[0, -1] * relative_errors(2, 600)[:, -1])
    assert exposed < found["noise_njy"]["F444W"] < 2 * exposed  # photons add to it
