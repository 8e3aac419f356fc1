import csv
from pathlib import Path

import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.scenes import Population, draw_population
from zpix.scenes.spectroscopic_sample import brightest_line, success_probability
from zpix.sources import STAR

REAL = Path(__file__).parents[3] / "shared" / "data" / "jades_dr4_specz.csv"
SIZE = 6000  # pixels: 9 arcmin²
AREA = (SIZE * 0.03 / 60) ** 2
CONFIG = SimulationConfig(limit_mag=30.0)


@pytest.fixture(scope="module")
def population() -> Population:
    return draw_population(np.random.default_rng(3), width_pix=SIZE, height_pix=SIZE, config=CONFIG)


def test_two_in_a_hundred_sources_have_a_spectrum(population: Population) -> None:
    """2,145 redshifts in JADES' 67 arcmin², where 94,000 sources are detected."""
    measured = np.isfinite(population.z_spec)
    assert measured.sum() / AREA == pytest.approx(2145 / 67, rel=0.15)
    assert measured.sum() / (population.mag < 30).sum() == pytest.approx(0.023, rel=0.2)
    np.testing.assert_array_equal(population.z_spec[measured], population.z[measured])
    assert not measured[population.label == STAR].any()


def test_bright_sources_with_lines_are_favoured(population: Population) -> None:
    measured = np.isfinite(population.z_spec)
    assert np.median(population.mag[measured]) < np.median(population.mag) - 1.5
    near = (population.z > 1.5) & (population.z < 3) & (population.mag > 27.5) & (population.mag < 29)
    line = brightest_line(population)
    assert np.median(line[near & measured]) > 1.2 * np.median(line[near & ~measured])
    lineless = SimulationConfig(limit_mag=30.0, emission_lines=False)
    dull = draw_population(np.random.default_rng(3), width_pix=SIZE, height_pix=SIZE, config=lineless)
    assert success_probability(dull).sum() < 0.6 * success_probability(population).sum()


def test_high_redshift_is_favoured(population: Population) -> None:
    measured = np.isfinite(population.z_spec)
    for mag in (26.5, 27.5, 28.5):
        here = np.abs(population.mag - mag) < 0.5
        assert measured[here & (population.z > 5)].mean() > 2 * measured[here & (population.z < 2)].mean()


@pytest.mark.skipif(not REAL.is_file(), reason=f"JADES' redshifts are not at {REAL}")
def test_redshifts_are_spread_as_those_of_jades(population: Population) -> None:
    with REAL.open() as file:
        real = np.sort([float(row["z_spec"]) for row in csv.DictReader(file)])
    mock = np.sort(population.z_spec[np.isfinite(population.z_spec)])
    grid = np.linspace(0, 10, 201)
    distance = np.abs(np.searchsorted(real, grid) / len(real) - np.searchsorted(mock, grid) / len(mock)).max()
    assert distance < 0.10
    np.testing.assert_allclose(np.quantile(mock, (0.25, 0.5, 0.75)), np.quantile(real, (0.25, 0.5, 0.75)), rtol=0.15)
