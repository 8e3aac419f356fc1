"""Volumes, luminosity functions and magnitudes with known values."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.mock import literature, population


def test_luminosity_function_and_volume():
    assert population.volume_per_arcmin2(5.5, 6.5) == pytest.approx(2460, rel=0.03)  # D² c/H per arcmin²
    function = literature.Schechter(6.0, -21.0, 1e-3, -1.0)
    per_light = population.schechter_density(function, -18.0) - population.schechter_density(function, -18.5)
    assert per_light == pytest.approx(0.4 * np.log(10) * 1e-3 * 0.5 * np.exp(-(10 ** (-0.4 * 2.75))), rel=0.02)


def test_a_survey_has_magnitudes_between_bands():
    n = len(population.BANDS)
    flat = population.Survey(1.0, np.full(2, 25.0), np.array([1.0, 6.0]), np.full(2, 0.2), np.full((2, n), 100.0))
    assert flat.magnitude_at(literature.KS_UM) == pytest.approx(26.4)
    uv = flat.uv_magnitude()
    assert np.isnan(uv[0]) and uv[1] == pytest.approx(26.4 - 48.83 + 2.5 * np.log10(7), abs=0.03)
    assert flat.re_kpc[0] == pytest.approx(1.60, abs=0.02)
