"""Which candidate is handed out, and which labels look wrong?"""

import numpy as np
import pytest

from zpix.adaptation import Candidate, judge_candidates
from zpix.adaptation.fit_candidates import ADAPTED, AS_IT_WAS, WIDTHS
from zpix.adaptation.wrong_labels import wrong_probability
from zpix.sources import WidthCalibration, ZMixture


def candidate(name: str, z: np.ndarray, *, scatter: float, seed: int = 0) -> Candidate:
    rng = np.random.default_rng(seed)
    mean = z + scatter * (1 + z) * rng.standard_normal(len(z))
    pdf = ZMixture(np.ones((len(z), 1)), mean[:, None], scatter * (1 + z)[:, None])
    return Candidate(name, pdf, pdf, WidthCalibration())


def judged(z: np.ndarray, label: np.ndarray, *scatters: float):
    names = (AS_IT_WAS, WIDTHS, ADAPTED)
    own = [candidate(name, z, scatter=s, seed=i) for i, (name, s) in enumerate(zip(names, scatters, strict=True))]
    return judge_candidates(own, label, np.ones(len(z)), np.full(len(z), 25.0), band="F444W", wrong=0.05)


@pytest.mark.parametrize(
    ("scatters", "chosen"),
    [((0.05, 0.05, 0.02), ADAPTED), ((0.05, 0.06, 0.0499), AS_IT_WAS), ((0.05, 0.03, 0.05), WIDTHS)],
)
def test_only_what_is_better_is_handed_out(scatters, chosen):
    z = np.random.default_rng(9).uniform(0.2, 5, 200)
    assert judged(z, z, *scatters).chosen == chosen


def test_widths_are_changed_only_where_they_were_wrong():
    z = np.random.default_rng(9).uniform(0.2, 5, 200)
    fits, too_wide = candidate(AS_IT_WAS, z, scatter=0.05), candidate(AS_IT_WAS, z, scatter=0.05)
    too_wide.pdf.widths[:] *= 1.5
    for before, factor, chosen in ((fits, 0.9, AS_IT_WAS), (fits, 0.98, AS_IT_WAS), (too_wide, 0.7, WIDTHS)):
        pdf = ZMixture(before.pdf.weights, before.pdf.means, factor * before.pdf.widths)
        calibrated = Candidate(WIDTHS, pdf, before.pdf, WidthCalibration())
        found = judge_candidates([before, calibrated], z, np.ones(200), np.full(200, 25.0), band="F444W", wrong=0.05)
        assert found.chosen == chosen
        assert set(found.log_losses) == {WIDTHS} and abs(found.log_losses[WIDTHS].value) > found.gains[WIDTHS].value


def test_labels_of_other_sources_are_found_and_do_not_count():
    rng = np.random.default_rng(1)
    z = rng.uniform(0.2, 3, 300)
    label = z.copy()
    label[:24] = z[:24] + 3
    judgement = judged(z, label, 0.03, 0.03, 0.03)
    assert not judgement.sound[:24].any() and judgement.sound[24:].all()
    assert judgement.wrong_share == pytest.approx(24 / 300, abs=0.01)
    assert judgement.scores(AS_IT_WAS)["all"].outlier_fraction.value == 0


def test_sound_labels_are_not_suspected():
    z = np.random.default_rng(2).uniform(0.2, 3, 400)
    probability, share = wrong_probability(candidate("", z, scatter=0.03).pdf, z, wrong=0.05)
    assert share < 0.005 and (probability > 0.5).sum() <= 1
    nothing, none = wrong_probability(candidate("", z, scatter=0.03).pdf, z + 3, wrong=0.0)
    assert none == 0 and not nothing.any()
