import numpy as np
import pytest

from zpix.evaluation.information import chance_information, mutual_information


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_it_is_that_of_gaussians(correlation):
    rng = np.random.default_rng(1)
    x, noise = rng.normal(size=(2, 3000))
    y = correlation * x + np.sqrt(1 - correlation**2) * noise
    expected = -0.5 * np.log(1 - correlation**2)
    assert mutual_information(x, y, rng=rng) == pytest.approx(expected, abs=0.05)
    assert mutual_information(1e4 + 1e-3 * x, y, rng=rng) == pytest.approx(expected, abs=0.05)  # whatever the units


def test_a_relation_without_correlation_is_found_and_none_is_not():
    rng = np.random.default_rng(2)
    x, other = rng.uniform(-1, 1, (2, 500))
    assert mutual_information(x, x**2, rng=rng) > 1 > 10 * chance_information(x, x**2, rng=rng)
    assert mutual_information(x, other, rng=rng) < 0.15
    assert mutual_information(np.ones(500), x, rng=rng) < 0.15
    assert mutual_information(x[:3], x[:3], rng=rng) == 0


def test_whole_numbers_have_no_ties():
    rng = np.random.default_rng(3)
    kind = rng.integers(0, 2, 2000)
    assert mutual_information(kind.astype(float), kind + 0.1 * rng.normal(size=2000), rng=rng) == pytest.approx(
        np.log(2), abs=0.05
    )
