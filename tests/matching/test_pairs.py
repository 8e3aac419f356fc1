"""Matches are one-to-one, the best possible, and fast for whole surveys."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from zpix.matching import (
    Candidates,
    assign,
    choose,
    close_positions,
    match_boxes,
    match_positions,
    match_segments,
    similar_boxes,
)
from zpix.sources import box_iou


def random_boxes(n: int, seed: int, extent: float = 150.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, extent, (n, 2))
    return np.hstack([corner, corner + rng.uniform(5, 40, (n, 2))])


def assert_one_to_one(matching) -> None:
    assert len(np.unique(matching.left)) == len(np.unique(matching.right)) == len(matching)
    assert matching.left_matched.sum() == matching.right_matched.sum() == len(matching)
    assert (np.diff(matching.left) > 0).all()


def test_groups_give_what_one_assignment_of_everything_gives():
    a, b = random_boxes(70, 1), random_boxes(90, 2)
    matching = match_boxes(a, b, min_iou=0.1)
    assert_one_to_one(matching)
    iou = np.array([[box_iou(p[None], q[None])[0] for q in b] for p in a])
    iou[iou < 0.1] = 0
    best = iou[linear_sum_assignment(iou, maximize=True)].sum()
    assert matching.agreement.sum() == pytest.approx(best)
    np.testing.assert_allclose(matching.agreement, iou[matching.left, matching.right])
    assert len(matching) > 20


def test_two_detections_of_one_source_give_one_match():
    truth = np.array([[0.0, 0, 20, 20]])
    detected = np.array([[0.0, 0, 20, 18], [1, 1, 20, 20], [100, 100, 110, 110]])
    matching = match_boxes(detected, truth)
    assert (matching.left.tolist(), matching.right.tolist()) == ([1], [0])
    assert matching.left_matched.tolist() == [False, True, False]


def test_the_assignment_matches_both_rather_than_the_best_pair_alone():
    matching = assign([0, 0, 1], [0, 1, 0], [1.0, 0.9, 0.8], n_left=2, n_right=2)
    assert list(zip(matching.left, matching.right, strict=True)) == [(0, 1), (1, 0)]


def test_positions_match_within_the_radius_also_across_ra_zero():
    ra = np.array([359.99999, 10.0, 20.0])
    dec = np.array([0.0, 60.0, -89.9])
    shift = np.array([0.1, 0.1, 0.5]) / 3600
    other_ra = (ra + shift / np.cos(np.deg2rad(dec))) % 360
    matching = match_positions(ra, dec, other_ra[::-1], dec[::-1], radius_arcsec=0.2)
    assert list(zip(matching.left, matching.right, strict=True)) == [(0, 2), (1, 1)]
    np.testing.assert_allclose(matching.agreement, 0.5, atol=1e-3)


def test_segments_match_by_their_pixels():
    a, b = np.zeros((2500, 30), int), np.zeros((2500, 30), int)  # larger than one block of rows
    a[1000:1100, :10], b[1000:1100, :8] = 7, 70
    a[1090:1110, 10:20], b[1090:1110, 10:20] = 9, 90
    a[2000:2010, :10], b[2008:2030, :10] = 11, 110
    b[5:8, 5:8] = 999  # not in the catalogue
    matching = match_segments(a, b, [11, 9, 7], [70, 90, 110])
    assert list(zip(matching.left, matching.right, strict=True)) == [(1, 1), (2, 0)]
    np.testing.assert_allclose(matching.agreement, [1.0, 0.8])


@pytest.mark.parametrize(("n", "m"), [(0, 5), (5, 0), (0, 0)])
def test_empty_lists_have_no_matches(n, m):
    a, b = np.zeros((n, 4)), np.zeros((m, 4))
    for matching in (match_boxes(a, b), match_positions(a[:, 0], a[:, 1], b[:, 0], b[:, 1])):
        assert len(matching) == 0
        assert matching.left_matched.shape == (n,) and matching.right_matched.shape == (m,)
    assert len(match_segments(np.zeros((4, 4), int), np.zeros((4, 4), int), np.arange(n), np.arange(m))) == 0


def pairs(matching) -> list[tuple[int, int]]:
    return list(zip(matching.left.tolist(), matching.right.tolist(), strict=True))


THREE = Candidates(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.6, 0.5, 0.9]))


@pytest.mark.parametrize(
    ("method", "score", "expected"),
    [
        ("hungarian", None, [(0, 1), (1, 0)]),  # 0.5 + 0.9
        ("greedy", None, [(0, 1), (1, 0)]),  # 0.9 comes first, and leaves 0.5
        ("greedy", [0.9, 0.1], [(0, 0)]),  # the surer detection takes the better one, and none is left for the other
        ("greedy", [np.nan, 0.1], [(0, 1), (1, 0)]),
        ("merz2026", None, [(0, 0), (1, 0)]),  # both take what they overlap most
    ],
)
def test_methods_choose_as_documented(method, score, expected):
    score = None if score is None else np.array(score)
    assert pairs(choose(THREE, n_left=2, n_right=2, method=method, score=score)) == expected


@pytest.mark.parametrize("method", ["hungarian", "greedy", "merz2026"])
def test_without_candidates_there_are_no_matches(method):
    nothing = Candidates(np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0))
    matching = choose(nothing, n_left=3, n_right=0, method=method)
    assert len(matching) == 0 and matching.left_matched.tolist() == [False] * 3


def test_greedy_never_has_more_overlap_than_the_assignment():
    a, b = random_boxes(200, 3, extent=200), random_boxes(200, 4, extent=200)
    candidates = similar_boxes(a, b, min_iou=0.1)
    best, greedy = (choose(candidates, n_left=200, n_right=200, method=m) for m in ("hungarian", "greedy"))
    assert_one_to_one(greedy)
    assert 0 < greedy.agreement.sum() < best.agreement.sum()


def test_positions_that_are_not_known_match_nothing():
    near = close_positions([10.0, np.nan], [0.0, 0.0], [np.nan, 10.0], [0.0, 0.0], radius_arcsec=1)
    assert (near.left.tolist(), near.right.tolist()) == ([0], [1])
