"""What limits redshifts, in a tiny size."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")

from experiments.colour_network import CeilingSettings

from experiments import limits
from zpix.image import JADES_BANDS
from zpix.scenes.noise import deep_error


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "_SIDE_PIX", 400)
        path = tmp_path_factory.mktemp("limits")
        yield limits.drawn(path, skies=2, seed=1, faintest=29.0, workers=1)


def test_light_is_that_of_galaxies_that_could_be_found(monkeypatch):
    monkeypatch.setattr(limits, "_SIDE_PIX", 400)
    light = limits.light_of_sky(1, 0, faintest=29.0)
    assert len(light) > 8 and (light.mag < 29).all()
    bright = light.total > 1
    assert (light.own[bright] < light.total[bright][:, None]).all()  # weights are one at most
    assert (np.diff(light.own[bright], axis=-1) > 0).all()  # wider weights have more of it
    assert (light.others > -1e-3 * np.abs(light.own).max()).all() and (light.others > 0).any()
    weights = deep_error(JADES_BANDS) ** -2.0
    assert (np.einsum("nb,b->n", light.own[:, :, 1] - light.others[:, :, 1], weights) > 0).all()
    # a matched filter of light as sharp as F444W's PSF is wider than that of F090W's
    assert np.median(light.pixels[:, -1]) > np.median(light.pixels[:, 0]) > 4


def test_noise_of_sums_hangs_together_and_grows_with_the_constant():
    clean, left = limits.sky_covariance(constant=0.0), limits.sky_covariance(constant=0.05)
    np.testing.assert_allclose(clean, clean.swapaxes(1, 2))
    rms = np.sqrt(np.diagonal(clean, axis1=1, axis2=2))
    correlation = clean / (rms[:, :, None] * rms[:, None, :])
    assert (np.linalg.eigvalsh(correlation) > 0).all() and (np.diff(correlation[:, 0], axis=1) < 0).all()
    added = np.sqrt(np.diagonal(left - clean, axis1=1, axis2=2)) / deep_error(JADES_BANDS)[:, None]
    np.testing.assert_allclose(added[:, 1], 0.05 * 2 * np.pi * 2.0**2, rtol=1e-3)  # the area of a Gaussian of 2 pixels


def test_photons_have_the_mocks_noise_as_the_sky_has(monkeypatch):
    monkeypatch.setattr(limits, "_SIDE_PIX", 400)
    light = limits.light_of_sky(1, 0, faintest=29.0)
    seen = limits.PHOTOMETRY["own light under the weights"](light)
    counts = light.own_photons > 1e-4 * seen.told**2
    white = deep_error(JADES_BANDS)[:, None] * np.sqrt(np.pi) * limits._SIGMAS  # of a sum under a Gaussian
    ratio = ((seen.noise**2 - seen.told**2) / light.own_photons)[:, :, :3]
    expected = np.broadcast_to((seen.told / white)[:, :, :3] ** 2, ratio.shape)
    np.testing.assert_allclose(ratio[counts[:, :, :3]], expected[counts[:, :, :3]], rtol=0.01)
    assert expected[0, -1].min() > 2 > 1.8 > expected[0, 0, 0]  # F444W's noise hangs together, F090W's hardly


def test_every_photometry_is_scored_and_skies_are_kept(files, monkeypatch):
    monkeypatch.setattr(limits, "_TEST_EVERY", 2)
    monkeypatch.setattr(limits, "light_of_sky", None)  # nothing is drawn again
    again = limits.drawn(files[0].parent, skies=2, seed=1, faintest=29.0, workers=1)
    assert again == files
    settings = CeilingSettings(hidden=16, layers=2, components=2, epochs=2, batch_size=16)
    found = limits.measure(files, settings=settings)
    assert list(found["scores"]) == list(limits.PHOTOMETRY)
    assert found["galaxies"] > 5 and found["test_galaxies"] > 5
    lines = limits.table(found).splitlines()
    assert len(lines) == 2 + len(limits.PHOTOMETRY) and lines[2].startswith("| total fluxes, aperture of 0.15″ | ")
