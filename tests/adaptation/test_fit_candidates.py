"""Candidates see spectra that are held out, and widths are calibrated by weight and without wrong labels."""

import numpy as np
import pytest
import torch

from tests.adaptation.scenery import BANDS, MODEL, SUMS, lessons_of, network
from zpix.adaptation import fit_candidates, mock_candidates
from zpix.adaptation.copies import copied, head_inputs, size_slope
from zpix.adaptation.fit_candidates import fit_widths, fold_numbers
from zpix.catalogue import magnitude_ab
from zpix.config import AdaptationConfig
from zpix.sources import ConformalIntervals, WidthCalibration, ZMixture


def test_folds_are_of_equal_size():
    folds = fold_numbers(23, 5, seed=0)
    assert sorted(np.bincount(folds).tolist()) == [4, 4, 5, 5, 5] and len(np.unique(fold_numbers(3, 5, seed=0))) == 3


def test_widths_follow_sound_labels_and_little_where_there_are_few():
    factors = {}
    for n in (20, 600):
        lessons = lessons_of(n)
        z, rng = lessons.redshift.astype(float), np.random.default_rng(0)
        mean = z + 0.06 * (1 + z) * rng.standard_normal(n)
        mean[: n // 12] = z[: n // 12] + 4  # labels of other sources
        raw = ZMixture(np.ones((n, 1)), mean[:, None], 0.03 * (1 + z)[:, None])
        fitted = fit_widths(raw, WidthCalibration(), lessons, wrong=0.05)
        factors[n] = np.exp(max(fitted.log_factor))
    assert factors[600] == pytest.approx(2.0, rel=0.2) and 1.0 <= factors[20] < factors[600]


def test_conformal_intervals_count_sources_by_weight():
    rng = np.random.default_rng(5)
    z = np.full(400, 2.0)
    off = np.where(np.arange(400) < 200, 0.1, 0.4) * rng.standard_normal(400)
    pdf = ZMixture(np.ones((400, 1)), (z + off)[:, None], np.full((400, 1), 0.1))
    snr = np.full(400, 20.0)
    first = np.where(np.arange(400) < 200, 1.9, 0.1)
    even, mostly = ConformalIntervals.fit(pdf, snr, z), ConformalIntervals.fit(pdf, snr, z, weight=first)
    own = ConformalIntervals.fit(pdf[:200], snr[:200], z[:200])
    assert mostly.reach[2][0] < 0.7 * even.reach[2][0]
    assert mostly.reach[2][0] == pytest.approx(own.reach[2][0], rel=0.2)


def test_copies_are_fainter_and_noisier_and_keep_their_colours():
    lessons, rng = lessons_of(400), np.random.default_rng(6)
    mock = lessons.mock.of(torch.arange(60).repeat(4))
    assert size_slope(lessons.mock) == 0.15 and size_slope(mock) == pytest.approx(0.15, abs=0.01)
    given = {"model": MODEL, "slope": 0.15, "band_dropout": 0.0, "rng": rng}
    copies = copied(lessons.sources, mock, **given).sums
    plain = head_inputs(lessons.sources, MODEL).sums
    n = len(BANDS) * SUMS
    change = (copies[:, :n] - plain[:, :n]).mean(1)  # half the arcsinh of significance
    assert (change < 0.05).all() and 0.3 < float((change < -0.1).float().mean()) < 0.7
    assert float((copies[:, n : 2 * n] - plain[:, n : 2 * n]).abs().median()) < 0.1
    assert (copies[:, -1] <= plain[:, -1] + 1e-6).all()


def test_galaxies_of_the_mock_are_judged_by_their_magnitudes(monkeypatch, tmp_path):
    monkeypatch.setattr(fit_candidates, "tune", lambda *args, **kwargs: 0)
    lessons = lessons_of(0, mock=60)
    found, redshift, flux = mock_candidates(
        lessons, network(), WidthCalibration(), tmp_path, config=AdaptationConfig()
    )  # fmt: skip
    assert len(redshift) == len(found[0].pdf) == 6 and flux.shape == (6, len(BANDS))
    np.testing.assert_allclose(magnitude_ab(flux[:, 2]), lessons.mock.magnitude[-6:], atol=1e-4)
