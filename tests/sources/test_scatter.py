"""The scatter of known values."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.sources import sigma_nmad


def test_it_is_the_standard_deviation_of_normal_values_with_outliers():
    values = np.random.default_rng(0).normal(5.0, 2.0, 20_001)
    values[:500] = 1e6
    assert sigma_nmad(values) == pytest.approx(2.0, rel=0.05)
    assert sigma_nmad(values) == 1.4826 * np.median(np.abs(values - np.median(values)))


def test_a_centre_and_an_axis_may_be_given():
    values = np.array([[0.0, 10.0], [1.0, 12.0], [2.0, 20.0]])
    np.testing.assert_allclose(sigma_nmad(values, axis=0), 1.4826 * np.array([1.0, 2.0]))
    np.testing.assert_allclose(sigma_nmad(values, centre=[0.0, 10.0], axis=0), 1.4826 * np.array([1.0, 2.0]))
    assert sigma_nmad([1.0, 2.0, 3.0], centre=0.0) == pytest.approx(1.4826 * 2)


def test_nothing_has_no_scatter():
    assert np.isnan(sigma_nmad([]))
    assert np.isnan(sigma_nmad(np.zeros((0, 3)), axis=0)).tolist() == [True] * 3
