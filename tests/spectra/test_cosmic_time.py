"""Ages of the universe are those of a flat universe, and quick to ask for."""

import time

import numpy as np
import pytest

from zpix.spectra.cosmic_time import age_of_universe


def test_ages_are_those_of_a_flat_universe() -> None:
    z = np.array([0.0, 1.0, 7.0, 14.0])
    hubble_gyr, dark = 13.968, 0.7  # 1 / H₀, Ω_Λ
    expected = 2 * hubble_gyr / (3 * np.sqrt(dark)) * np.arcsinh(np.sqrt(dark / 0.3) * (1 + z) ** -1.5)
    assert age_of_universe(z) == pytest.approx(expected, rel=2e-4)


def test_a_cosmology_is_made_once() -> None:
    age_of_universe(np.array([1.0]))
    began = time.process_time()
    for _ in range(100):
        age_of_universe(np.array([1.0]))
    assert time.process_time() - began < 1.0  # made anew each time it took ten seconds
