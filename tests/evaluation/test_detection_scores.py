"""Completeness and purity on cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from zpix.evaluation import CountedFraction, score_detection
from zpix.matching import Matching


def test_constructed_case():
    # Four detections (3 is spurious), five true sources (2 lies outside, 4 is undetectable).
    matching = Matching(np.array([0, 1, 2]), np.array([0, 1, 2]), np.ones(3), 4, 5)
    scores = score_detection(
        matching,
        detected_mag=[26.2, 27.2, 26.8, 27.6],
        true_mag=[26.0, 27.1, 26.5, 26.7, 27.9],
        in_field=[True, True, False, True, True],
        detectable=[True, True, True, True, False],
        band="F444W",
        mag_edges=[26, 27, 28],
        mag_limits=[27, 28],
    )
    assert scores.completeness.count.tolist() == [1, 1] and scores.completeness.total.tolist() == [2, 2]
    assert scores.completeness_detectable.total.tolist() == [2, 1]
    assert scores.purity.count.tolist() == [2, 1] and scores.purity.total.tolist() == [2, 2]
    assert scores.completeness_below.value.tolist() == [0.5, 0.5]
    assert scores.purity_below.value.tolist() == [1.0, 0.75]


def test_detections_without_flux_are_in_no_bin():
    scores = score_detection(
        Matching(np.zeros(0, int), np.zeros(0, int), np.zeros(0), 3, 1),
        detected_mag=[np.nan, np.inf, 25.0],
        true_mag=[np.nan],
        in_field=[True],
        detectable=[True],
        band="F444W",
    )
    assert scores.purity_below.total.tolist() == [1, 1, 1] and scores.purity.total.sum() == 1
    assert np.isnan(scores.completeness_below.value).all()
    assert np.isnan(scores.completeness.interval()).all()


@pytest.mark.parametrize("p", [0.5, 0.9, 0.98])
def test_intervals_cover(p):
    n = 200
    count = np.arange(n + 1)
    low, high = CountedFraction(count, np.full(n + 1, n)).interval(0.95)
    covered = binom.pmf(count, n, p)[(low <= p) & (p <= high)].sum()
    assert 0.92 < covered < 0.985
    assert (low >= 0).all() and (high <= 1).all() and (low <= count / n).all() and (high >= count / n).all()
