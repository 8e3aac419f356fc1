import numpy as np
import pytest

from zpix.sources import Detections, ZMixture, default_grid


def mixtures(n: int = 40, k: int = 4, seed: int = 0) -> ZMixture:
    """Mixtures of all kinds, some of them cut by z = 0."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(k), n)
    return ZMixture(weights, rng.uniform(-0.3, 9, (n, k)), rng.uniform(0.02, 0.6, (n, k)))


def fine_grid() -> np.ndarray:
    return np.linspace(0, 14, 28001)


def test_pdfs_integrate_to_one_and_to_their_cdf():
    mixture, z = mixtures(), fine_grid()
    pdf = mixture.pdf(z)
    np.testing.assert_allclose(np.trapezoid(pdf, z), 1, atol=2e-4)
    cumulative = np.concatenate([np.zeros((40, 1)), np.cumsum(0.5 * (pdf[:, 1:] + pdf[:, :-1]) * np.diff(z), 1)], 1)
    np.testing.assert_allclose(mixture.cdf(z), cumulative, atol=2e-4)
    assert (mixture.pdf(np.array([-0.1])) == 0).all()


def test_moments_quantiles_and_intervals_agree_with_the_density():
    mixture, z = mixtures(), fine_grid()
    np.testing.assert_allclose(mixture.mean(), np.trapezoid(z * mixture.pdf(z), z), atol=2e-3)
    levels = np.array([0.025, 0.16, 0.5, 0.84, 0.975])
    quantiles = mixture.quantile(levels)
    np.testing.assert_allclose(mixture.cdf(quantiles), np.broadcast_to(levels, (40, 5)), atol=1e-6)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    np.testing.assert_allclose(mixture.quantile(0.5), quantiles[:, 2])
    np.testing.assert_allclose(mixture.probability_between(1, 3), np.diff(mixture.cdf(np.array([1.0, 3.0])))[:, 0])


def test_the_mode_is_the_highest_point():
    mixture, z = mixtures(), fine_grid()
    highest = mixture.pdf(z).max(1)
    at_mode = mixture.pdf(mixture.mode()[:, None])[:, 0]
    assert (at_mode >= 0.999 * highest).mean() >= 0.95  # two merging peaks can lie higher than any component's mean


def test_least_risk_minimises_the_expected_loss():
    mixture, z = mixtures(), fine_grid()
    pdf = mixture.pdf(z)

    def risk(estimate):
        loss = 1 - 1 / (1 + ((estimate[:, None] - z) / (1 + z) / 0.15) ** 2)
        return np.trapezoid(loss * pdf, z)

    best = mixture.least_risk()
    for shift in (-0.02, 0.02):
        assert (risk(best) <= risk(np.maximum(best + shift * (1 + best), 0)) + 1e-4).all()
    coarse = np.stack([risk(np.full(40, guess)) for guess in np.linspace(0, 12, 80)])
    assert (risk(best) <= coarse.min(0) + 1e-3).all()


def test_samples_follow_the_density():
    mixture = mixtures(n=3)
    drawn = mixture.sample(20_000, np.random.default_rng(5))
    for level in (0.1, 0.5, 0.9):
        below = (drawn < mixture.quantile(level)[:, None]).mean(1)
        np.testing.assert_allclose(below, level, atol=0.02)


def test_grids_are_even_in_ln_one_plus_z():
    steps = np.diff(np.log1p(default_grid(15.0)))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-9)
    assert default_grid(15.0)[0] == 0 and default_grid(15.0)[-1] >= 15


def test_no_sources_are_an_ordinary_result():
    nothing = Detections.empty(28, 5)
    assert len(nothing) == 0 and nothing.redshift.quantile(np.array([0.1, 0.9])).shape == (0, 2)
    assert nothing.redshift.least_risk().shape == nothing.redshift.mode().shape == (0,)
    assert len(Detections.concatenate([nothing, nothing])) == 0 and nothing.centre_xy.shape == (0, 2)


def test_invalid_parameters_are_refused():
    one = np.ones((1, 1))
    with pytest.raises(ValueError, match="positive"):
        ZMixture(one, one, 0 * one)
    with pytest.raises(ValueError, match="shape"):
        ZMixture(one, np.ones((1, 2)), one)


def test_bins_hold_what_the_cdf_says():
    rng = np.random.default_rng(3)
    mixture = ZMixture(rng.dirichlet(np.ones(4), 30), rng.uniform(0, 9, (30, 4)), rng.uniform(0.01, 0.8, (30, 4)))
    edges = np.expm1(np.arange(0, 3.2, 0.01))
    density = mixture.binned(edges)
    np.testing.assert_allclose(density * np.diff(edges), np.diff(mixture.cdf(edges), axis=1), atol=1e-8)
    np.testing.assert_allclose(density @ np.diff(edges), 1)
    assert mixture[:0].binned(edges).shape == (0, len(edges) - 1)
