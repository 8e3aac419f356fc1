"""Intervals that cover as they say, of PDFs that do not."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.sources import ZMixture
from zpix.sources.conformal import ConformalIntervals


def sources(n: int, *, seed: int, too_narrow: float) -> tuple[ZMixture, np.ndarray, np.ndarray]:
    """Mixtures of one component that are too narrow by a factor, signal-to-noise ratios, and true redshifts."""
    rng = np.random.default_rng(seed)
    mean, width = rng.uniform(2, 6, n), 0.1
    snr = 10 ** rng.uniform(0.5, 3.0, n)
    mixture = ZMixture(np.ones((n, 1)), mean[:, None], np.full((n, 1), width / too_narrow))
    return mixture, snr, mean + width * rng.standard_normal(n)


@pytest.mark.parametrize("too_narrow", [0.5, 1.0, 3.0])
def test_new_sources_are_covered_as_often_as_promised(too_narrow):
    fitted = ConformalIntervals.fit(*sources(4000, seed=0, too_narrow=too_narrow))
    mixture, snr, z = sources(4000, seed=1, too_narrow=too_narrow)
    for level in (0.68, 0.95):
        low, high = fitted.interval(mixture, snr, level=level).T
        covered = (z >= low) & (z <= high)
        assert abs(covered.mean() - level) < 0.02
        for faint in (snr < 10, snr > 300):  # each group by itself
            assert abs(covered[faint].mean() - level) < 0.05


def test_right_pdfs_keep_their_central_intervals():
    mixture, snr, z = sources(20000, seed=2, too_narrow=1.0)
    own = ConformalIntervals.fit(mixture, snr, z).interval(mixture[:5], snr[:5], level=0.68)
    np.testing.assert_allclose(own, mixture[:5].quantile(np.array([0.16, 0.84])), atol=0.01)


def test_few_sources_give_wide_intervals_and_never_less_than_promised():
    """Of ten known sources the widest interval of an eleventh cannot promise more than 10/11."""
    mixture, snr, z = sources(10, seed=3, too_narrow=1.0)
    fitted = ConformalIntervals.fit(mixture, snr, z)
    assert set(fitted.count) == {10}
    low, high = fitted.interval(mixture, snr, level=0.95).T
    assert (np.minimum(mixture.means[:, 0] - low, high - mixture.means[:, 0]) > 7 * mixture.widths[:, 0]).all()


def test_a_checkpoint_remembers_them():
    fitted = ConformalIntervals.fit(*sources(300, seed=4, too_narrow=2.0))
    assert ConformalIntervals.from_about({"conformal": fitted.to_about()}) == fitted
    assert ConformalIntervals.from_about({}) is None


def test_a_level_is_a_share():
    mixture, snr, z = sources(10, seed=3, too_narrow=1.0)
    with pytest.raises(ValueError, match="level = 1"):
        ConformalIntervals.fit(mixture, snr, z).interval(mixture, snr, level=1)
