"""Redshift scores: exact on cases with known answers, and right PDFs are found right."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from zpix.evaluation import ks_distance, redshift_sample, score_redshifts
from zpix.sources import ZMixture


def gaussians(mean: np.ndarray, width: float) -> ZMixture:
    mean = np.asarray(mean, float)[:, None]
    return ZMixture(np.ones_like(mean), mean, np.full_like(mean, width))


def test_point_scores_of_known_errors():
    z = np.full(1001, 1.0)
    error = np.linspace(-0.1, 0.1, 1001) + 0.02
    error[:100] = 0.5  # outliers
    sample = redshift_sample(gaussians(z, 0.1), z + 2 * error, z)
    scores = score_redshifts(sample, rng=np.random.default_rng(0))
    assert scores.count == 1001
    assert scores.bias.value == pytest.approx(np.median(error))
    expected = 1.4826 * np.median(np.abs(error - np.median(error)))
    assert scores.sigma_nmad.value == pytest.approx(expected)
    assert scores.outlier_fraction.value == pytest.approx(100 / 1001)
    assert scores.outlier_fraction.error == pytest.approx(np.sqrt(0.1 * 0.9 / 1001), rel=0.3)


def test_right_pdfs_have_uniform_pit_and_right_coverage(make_mixture):
    mixture = make_mixture(2500)
    rng = np.random.default_rng(1)
    z_true = mixture.sample(1, rng)[:, 0]
    sample = redshift_sample(mixture, mixture.mean(), z_true)
    scores = score_redshifts(sample, rng=rng, n_bootstrap=20)
    assert scores.pit_ks.value < 1.63 / np.sqrt(2500), "1 % level of the Kolmogorov-Smirnov test"
    assert scores.coverage_68.value == pytest.approx(0.68, abs=0.025)
    assert scores.coverage_95.value == pytest.approx(0.95, abs=0.012)


def test_coverage_is_that_of_the_quantile_columns(make_mixture):
    mixture = make_mixture(500)
    z_true = np.random.default_rng(2).uniform(0, 9, 500)
    sample = redshift_sample(mixture, z_true, z_true)
    low, high = mixture.quantile(np.array([0.16, 0.84])).T
    inside = (z_true >= low) & (z_true <= high)
    assert score_redshifts(sample, rng=np.random.default_rng(0)).coverage_68.value == inside.mean()


def test_overconfident_pdfs_are_found_out(make_mixture):
    mixture = make_mixture(1500)
    z_true = mixture.sample(1, np.random.default_rng(3))[:, 0]
    narrow = ZMixture(mixture.weights, mixture.means, mixture.widths / 3)
    right, wrong = (redshift_sample(pdf, z_true, z_true) for pdf in (mixture, narrow))
    rng = np.random.default_rng(0)
    assert score_redshifts(wrong, rng=rng).pit_ks.value > 0.01 + score_redshifts(right, rng=rng).pit_ks.value
    assert right.crps.mean() < wrong.crps.mean()
    assert right.cde_loss.mean() < wrong.cde_loss.mean()


@pytest.mark.parametrize("width", [0.02, 0.3])
def test_crps_and_cde_equal_the_closed_forms_of_a_gaussian(width):
    mean = np.array([3.0, 3.0, 3.0, 7.0])
    z_true = mean + width * np.array([0.0, 1.0, -2.5, 30.0])
    sample = redshift_sample(gaussians(mean, width), mean, z_true)
    u = (z_true - mean) / width
    crps = width * (u * (2 * norm.cdf(u) - 1) + 2 * norm.pdf(u) - 1 / np.sqrt(np.pi))  # Gneiting et al. 2005
    np.testing.assert_allclose(sample.crps, crps, rtol=2e-3)
    cde = 1 / (2 * width * np.sqrt(np.pi)) - 2 * norm.pdf(u) / width
    np.testing.assert_allclose(sample.cde_loss, cde, rtol=1e-3, atol=1e-3)


def test_ks_distance_equals_scipy():
    from scipy.stats import kstest

    pit = np.random.default_rng(0).beta(2, 1, 300)
    assert ks_distance(pit) == pytest.approx(kstest(pit, "uniform").statistic)


def test_an_empty_sample_scores_nothing():
    empty = redshift_sample(ZMixture(*np.zeros((3, 0, 2))), [], [])
    scores = score_redshifts(empty, rng=np.random.default_rng(0))
    assert scores.count == 0 and np.isnan(scores.sigma_nmad.value) and np.isnan(scores.cde_loss.error)
