"""How many sources does each spectrum stand for?"""

import numpy as np
import pytest

from zpix.adaptation import importance, places_in_colour


def test_rare_spectra_stand_for_more_sources():
    rng = np.random.default_rng(0)
    every = rng.uniform(0, 1, (4000, 2))
    spectra = rng.uniform(0, 1, (600, 2))
    spectra = spectra[rng.uniform(size=600) < np.where(spectra[:, 0] < 0.5, 1.0, 0.25)]
    weight = importance(spectra, every)
    bright = spectra[:, 0] < 0.5
    assert weight.mean() == pytest.approx(1)
    assert np.median(weight[~bright]) / np.median(weight[bright]) == pytest.approx(4, rel=0.4)
    assert np.average(spectra[:, 0], weights=weight) == pytest.approx(0.5, abs=0.06) and spectra[:, 0].mean() < 0.4


def test_few_spectra_and_bands_that_are_missing():
    assert importance(np.zeros((1, 3)), np.zeros((9, 3))).tolist() == [1.0]
    rng = np.random.default_rng(1)
    total, noise = rng.uniform(5, 50, (40, 4)), np.ones((40, 4))
    noise[:, 3] = 0.0
    assert np.isfinite(places_in_colour(total, noise)).all()
