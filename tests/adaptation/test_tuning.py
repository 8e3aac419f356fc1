"""A redshift head learns from few spectra and a mock together."""

import numpy as np
import pytest
import torch

from tests.adaptation.scenery import lessons_of, network
from zpix.adaptation import tune
from zpix.adaptation.fit_candidates import answers
from zpix.adaptation.tuning import HeadTuning
from zpix.config import AdaptationConfig

FAST = AdaptationConfig(
    epochs=4, steps=30, spectra_of_batch=32, mock_of_batch=8, learning_rate=3e-3, pull=0.0, spectra_share=1.0
)  # fmt: skip


@pytest.fixture(autouse=True)
def _cheap_spectra(monkeypatch):
    """Simulated galaxies whose colours say nothing: drawing their spectra takes longer than learning."""

    def grey(rng, *, mag, bands, **_):
        return np.repeat(10 ** (-0.4 * (mag[:, None] - 31.4)), len(bands), 1).astype(np.float32)

    monkeypatch.setattr("zpix.scenes.other_spectra.other_fluxes", grey)


def error_of(detector, lessons) -> float:
    z = answers(detector.redshift_head, lessons.sources, detector.config).least_risk()
    return float(np.median(np.abs(z - lessons.redshift) / (1 + lessons.redshift)))


def weights_of(detector) -> torch.Tensor:
    return torch.cat([value.flatten() for value in detector.redshift_head.parameters()]).detach()


@pytest.mark.slow
def test_spectra_teach_what_the_field_looks_like(tmp_path):
    lessons, unseen, detector = lessons_of(120), lessons_of(60, seed=1), network()
    before = error_of(detector, unseen)
    config = FAST.model_copy(update={"epochs": 10})
    learnt = tune(lessons, detector, tmp_path / "run", config=config)
    after = error_of(detector, unseen)
    assert 0 < learnt <= config.epochs and after < 0.4 * before


def test_the_same_call_goes_on_where_it_was_killed(tmp_path, monkeypatch):
    lessons = lessons_of(60)
    config = FAST.model_copy(update={"epochs": 2, "steps": 3})
    whole = network()
    learnt = tune(lessons, whole, tmp_path / "whole", config=config)

    def killed(losses):
        raise KeyboardInterrupt

    from zpix.adaptation import tuning

    learn = tuning.learn
    monkeypatch.setattr(tuning, "learn", lambda training, out: learn(training, out, on_epoch=killed))
    with pytest.raises(KeyboardInterrupt):
        tune(lessons, network(), tmp_path / "again", config=config)
    monkeypatch.setattr(tuning, "learn", learn)
    again = network()
    assert tune(lessons, again, tmp_path / "again", config=config) == learnt
    torch.testing.assert_close(weights_of(again), weights_of(whole), rtol=0, atol=0)


def test_a_strong_pull_keeps_the_old_weights(tmp_path):
    lessons = lessons_of(30)
    moved = {}
    for pull in (0.0, 100.0):
        detector = network()
        old = weights_of(detector)
        config = FAST.model_copy(update={"pull": pull, "epochs": 1, "steps": 5})
        tune(lessons, detector, tmp_path / str(pull), config=config, epochs=1)
        moved[pull] = float((weights_of(detector) - old).norm())
    assert moved[100.0] < 0.5 * moved[0.0]


def test_few_spectra_are_pulled_more_strongly():
    strength = {
        count: HeadTuning(
            lessons_of(count), network(), FAST.model_copy(update={"pull": 0.04}), stops=False
        )._pull_strength
        for count in (30, 500, 2000)
    }
    assert strength == {30: 1.0, 500: pytest.approx(0.16), 2000: pytest.approx(0.01)}


def test_a_head_that_only_gets_worse_stays_as_it_was(tmp_path, monkeypatch):
    lessons, detector, scores = lessons_of(60), network(), iter([1.0, 2.0, 3.0])
    old = weights_of(detector)
    monkeypatch.setattr(HeadTuning, "validate", lambda self, epoch: {"spectra": next(scores)})
    config = FAST.model_copy(update={"epochs": 2, "steps": 2})
    assert tune(lessons, detector, tmp_path / "run", config=config) == 0
    assert torch.equal(weights_of(detector), old)
