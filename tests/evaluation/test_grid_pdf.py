"""Redshift PDFs on a grid."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from zpix.evaluation import GridPdf, redshift_sample


@pytest.fixture
def gaussians() -> GridPdf:
    """p(z) of three sources, normal around 1, 3 and 6 with a width of 0.2, not normalised."""
    z = np.linspace(0, 10, 4001)
    return GridPdf(z, 7.0 * np.exp(-0.5 * ((z - np.array([[1.0], [3.0], [6.0]])) / 0.2) ** 2))


def test_a_grid_of_a_gaussian_is_the_gaussian(gaussians):
    z = np.array([[0.9, 1.3], [3.0, 2.5], [6.1, 6.6]])
    centre = np.array([[1.0], [3.0], [6.0]])
    np.testing.assert_allclose(gaussians.pdf(z), norm.pdf(z, centre, 0.2), rtol=1e-3)
    np.testing.assert_allclose(gaussians.cdf(z), norm.cdf(z, centre, 0.2), atol=1e-5)
    np.testing.assert_allclose(gaussians.probability_between(2.8, np.inf), [0, norm.cdf(1), 1], atol=1e-5)


def test_the_cde_loss_of_a_gaussian_is_known(gaussians):
    """∫ p² = 1 / (2 √π σ), and p(μ) = 1 / (√(2π) σ)."""
    sample = redshift_sample(gaussians, [1.0, 3.0, 6.0], [1.0, 3.0, 6.0])
    expected = 1 / (2 * np.sqrt(np.pi) * 0.2) - 2 / (np.sqrt(2 * np.pi) * 0.2)
    np.testing.assert_allclose(sample.cde_loss, expected, rtol=2e-3)
    np.testing.assert_allclose(sample.crps, 0.2 * (np.sqrt(2 / np.pi) - 1 / np.sqrt(np.pi)), rtol=2e-3)
    np.testing.assert_allclose(sample.pit, 0.5, atol=1e-6)


def test_the_least_risk_is_where_most_lies(gaussians):
    np.testing.assert_allclose(gaussians.least_risk(), [1, 3, 6], atol=0.02)
    z = np.linspace(0, 10, 2001)
    narrow, broad = np.exp(-0.5 * ((z - 1) / 0.01) ** 2) / 0.01, np.exp(-0.5 * ((z - 5) / 0.2) ** 2) / 0.2
    both = GridPdf(z, (0.3 * narrow + 0.7 * broad)[None])
    assert z[both.density[0].argmax()] == 1.0 and both.least_risk()[0] == pytest.approx(5, abs=0.05)


def test_nothing_lies_beyond_the_grid(gaussians):
    np.testing.assert_array_equal(gaussians.pdf([-1.0, 11.0]), np.zeros((3, 2)))
    np.testing.assert_allclose(gaussians.cdf([-1.0, 11.0]), [[0, 1]] * 3)


def test_a_source_without_an_answer_is_flat_and_none_is_normal():
    z = np.array([0.0, 1.0, 5.0])
    flat = GridPdf(z, np.zeros((1, 3)))
    np.testing.assert_allclose(flat.cdf([2.5]), [[0.5]])
    assert GridPdf(z, np.zeros((0, 3))).cdf([1.0]).shape == (0, 1)
    assert len(flat[np.zeros(0, int)]) == 0


def test_a_grid_that_is_none_is_refused():
    with pytest.raises(ValueError, match="increasing"):
        GridPdf(np.array([0.0, 0.0]), np.ones((1, 2)))
    with pytest.raises(ValueError, match="G"):
        GridPdf(np.array([0.0, 1.0]), np.ones((1, 3)))
