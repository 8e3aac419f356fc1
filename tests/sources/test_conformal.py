"""Intervals contain the true redshift as often as stated, also where the PDFs are wrong."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from zpix.sources import ConformalIntervals, WidthCalibration, ZMixture


def sources(n: int, *, seed: int, too_narrow: float) -> tuple[ZMixture, np.ndarray, np.ndarray]:
    """Mixtures of one component that are too narrow by a factor, signal-to-noise ratios, and true redshifts."""
    rng = np.random.default_rng(seed)
    mean, width = rng.uniform(2, 6, n), 0.1
    snr = 10 ** rng.uniform(0.5, 3.0, n)
    mixture = ZMixture(np.ones((n, 1)), mean[:, None], np.full((n, 1), width / too_narrow))
    return mixture, snr, mean + width * rng.standard_normal(n)


@pytest.mark.parametrize("too_narrow", [0.5, 1.0, 3.0])
def test_intervals_cover_new_sources_as_often_as_stated(too_narrow):
    fitted = ConformalIntervals.fit(*sources(4000, seed=0, too_narrow=too_narrow))
    mixture, snr, z = sources(4000, seed=1, too_narrow=too_narrow)
    for level in (0.68, 0.95):
        low, high = fitted.interval(mixture, snr, level=level).T
        covered = (z >= low) & (z <= high)
        assert abs(covered.mean() - level) < 0.02
        for faint in (snr < 10, snr > 300):  # each group by itself
            assert abs(covered[faint].mean() - level) < 0.05


def test_correct_pdfs_keep_their_central_intervals():
    mixture, snr, z = sources(20000, seed=2, too_narrow=1.0)
    own = ConformalIntervals.fit(mixture, snr, z).interval(mixture[:5], snr[:5], level=0.68)
    np.testing.assert_allclose(own, mixture[:5].quantile(np.array([0.16, 0.84])), atol=0.01)


def test_few_sources_give_wider_intervals_that_still_cover():
    """Of ten known sources the widest interval of an eleventh cannot promise more than 10/11: 95 % are everything."""
    mixture, snr, z = sources(10, seed=3, too_narrow=1.0)
    fitted = ConformalIntervals.fit(mixture, snr, z)
    assert set(fitted.count) == {10}
    low, high = fitted.interval(mixture, snr, level=0.95).T
    assert (low == 0).all() and np.isinf(high).all()
    assert np.isfinite(fitted.interval(mixture, snr, level=0.68)).all()


def test_redshifts_far_from_all_pdfs_give_unlimited_intervals():
    """One in ten known sources is nowhere near its PDF: no length of interval would hold 95 %."""
    mixture, snr, z = sources(2000, seed=5, too_narrow=1.0)
    z[::10] = 12
    fitted = ConformalIntervals.fit(mixture, snr, z)
    assert np.isinf(fitted.interval(mixture, snr, level=0.95)[:, 1]).all()
    low, high = fitted.interval(mixture, snr, level=0.68).T
    assert abs(((z >= low) & (z <= high)).mean() - 0.68) < 0.02


def drawn(n: int, *, seed: int) -> tuple[ZMixture, np.ndarray, np.ndarray]:
    """Mixtures of three components, too narrow for faint sources and too wide for bright ones, and true redshifts."""
    rng = np.random.default_rng(seed)
    snr, weights = 10 ** rng.uniform(0.5, 3.0, n), rng.dirichlet(np.ones(3), n)
    right = ZMixture(weights, rng.uniform(1, 6, (n, 1)) + rng.normal(0, 0.4, (n, 3)), rng.uniform(0.05, 0.3, (n, 3)))
    return ZMixture(weights, right.means, right.widths * 0.5 * snr[:, None] ** 0.3), snr, right.sample(1, rng)[:, 0]


@pytest.mark.slow
def test_widths_may_be_fitted_on_the_same_sources():
    """Means over 15 times 200 known sources, of which the widths of the PDFs are fitted too: no bias to be seen."""
    covered = []
    for seed in range(15):
        known, ratio, redshift = drawn(200, seed=seed)
        mixture, snr, z = drawn(500, seed=1000 + seed)
        widths = WidthCalibration.fit(known, ratio, redshift)
        fitted = ConformalIntervals.fit(widths.apply(known, ratio), ratio, redshift)
        ends = (fitted.interval(widths.apply(mixture, snr), snr, level=level).T for level in (0.68, 0.95))
        covered.append([((z >= low) & (z <= high)).mean() for low, high in ends])
    np.testing.assert_allclose(np.mean(covered, axis=0), [0.68, 0.95], atol=0.02)


def test_what_is_fitted_at_home_widens_pdfs_and_never_narrows_them():
    rng = np.random.default_rng(5)
    mean, snr = rng.uniform(1, 6, 4000), 10 ** rng.uniform(0.5, 3, 4000)
    mixture = ZMixture(np.ones((4000, 1)), mean[:, None], np.full((4000, 1), 0.1))
    wrong_by = np.where(snr < 30, 0.2, 0.05)  # PDFs of faint sources are too narrow, of bright ones too wide
    truth = mean + wrong_by * rng.standard_normal(4000)
    fitted = ConformalIntervals.fit(mixture, snr, truth)
    wide = fitted.no_narrower_than_pdfs()

    def half(intervals: ConformalIntervals, level: float, rows) -> float:
        low, high = intervals.interval(mixture, snr, level=level)[rows].T
        return float(np.median(high - low)) / 2

    for level, sigmas in ((0.68, 0.9945), (0.95, 1.96)):
        assert half(fitted, level, snr > 40) == pytest.approx(0.05 * sigmas, rel=0.1)
        assert half(wide, level, snr > 40) == pytest.approx(0.1 * sigmas, rel=1e-3)
        assert half(wide, level, snr < 25) == half(fitted, level, snr < 25) == pytest.approx(0.2 * sigmas, rel=0.1)
    assert wide.count == fitted.count and wide.level == fitted.level


def test_a_checkpoint_keeps_them():
    fitted = ConformalIntervals.fit(*sources(300, seed=4, too_narrow=2.0))
    assert ConformalIntervals.from_saved(json.loads(json.dumps(asdict(fitted)))) == fitted
    assert ConformalIntervals.from_saved(None) is None


def test_a_level_is_one_that_was_fitted():
    mixture, snr, z = sources(10, seed=3, too_narrow=1.0)
    with pytest.raises(ValueError, match=r"level = 0\.5: must be one of 0\.68, 0\.95"):
        ConformalIntervals.fit(mixture, snr, z).interval(mixture, snr, level=0.5)


def test_without_sources_intervals_are_unlimited():
    none = np.zeros((0, 1))
    fitted = ConformalIntervals.fit(ZMixture(none, none, none), [], [])
    lower, upper = fitted.interval(*sources(1, seed=0, too_narrow=1)[:2], level=0.68)[0]
    assert lower == 0 and np.isinf(upper)
