"""Is what the benchmark compares the same computation?"""

import numpy as np
import pytest
import torch

from tests.detector.scenery import blobs, small_model
from zpix.config import InferenceConfig
from zpix.detector import Checkpoint, Detector, fast_twin, save_checkpoint
from zpix.detector import detector as two_stages
from zpix.image import Pixels
from zpix.speed.clock import REST, StageClock
from zpix.speed.contenders import (
    STAGES,
    Contest,
    answers_of,
    build_fast,
    build_plain,
    build_torchvision,
    take_turns,
)
from zpix.speed.load import Load, jades_answers, noise_load, scenes_to_learn_from
from zpix.speed.stock import StockDetector

BANDS = ("A", "B", "C")
CPU = torch.device("cpu")
CONFIG = InferenceConfig(device="cpu", precision="fp32", proposals_per_megapixel=4000)
SETTINGS = {"score_threshold": CONFIG.score_threshold, "nms_iou": CONFIG.nms_iou, "proposals_per_megapixel": 4000}


@pytest.fixture(autouse=True)
def watched_functions(monkeypatch):
    """The clock replaces functions of the detector's modules: put them back."""
    for name in ("image_channels", "BoxPooler", "source_pixels"):
        monkeypatch.setattr(two_stages, name, getattr(two_stages, name))


@pytest.fixture
def contest(trained, tmp_path) -> Contest:
    """The trained detector and an image of blobs."""
    scenes = blobs(BANDS, seed=1000, images=1)
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, Checkpoint(trained))
    flux, error = scenes.flux[0].numpy(), scenes.error[0].numpy()
    return Contest(path, Load(Pixels(flux, error, np.ones(flux.shape, bool)), 0.02), CONFIG)


@pytest.mark.slow
def test_torchvision_answers_as_our_network(trained):
    scenes = blobs(BANDS, seed=1000, images=1)
    inputs = scenes.flux, scenes.error, scenes.dust
    (plain,) = trained.detect(*inputs, **SETTINGS)
    (fast,) = fast_twin(trained, CPU).detect(*inputs, **SETTINGS)
    placed, mixture = StockDetector(trained, CONFIG, 128)(*inputs)
    assert len(plain.boxes) >= 3
    for boxes, score, redshifts in (
        (fast.boxes, fast.score, fast.mixture),
        (placed["boxes"], placed["scores"], mixture),
    ):
        torch.testing.assert_close(boxes, plain.boxes, atol=1e-2, rtol=1e-3)
        torch.testing.assert_close(score, plain.score, atol=1e-3, rtol=1e-3)
        for one, other in zip(redshifts, plain.mixture, strict=True):
            torch.testing.assert_close(one, other, atol=2e-3, rtol=2e-3)
    assert placed["masks"].shape == (len(plain.boxes), 1, 128, 128)


@pytest.mark.slow
def test_the_stages_of_a_turn_add_up_and_every_contender_has_the_same_sources(contest):
    turns = {}
    for build in (build_torchvision, build_plain, build_fast):
        with pytest.MonkeyPatch.context() as patch:
            for name in ("image_channels", "BoxPooler", "source_pixels"):
                patch.setattr(two_stages, name, getattr(two_stages, name))
            patch.setattr("zpix.speed.contenders._SHORTEST_TURN_S", 0.0)
            turns[build.__name__] = take_turns(build, contest, 0)()
    (sources,) = {turn.sources for turn in turns.values()}
    assert sources >= 3
    for turn in turns.values():
        assert turn.tiles == 1
        assert set(turn.stages) == set(STAGES)
        assert sum(turn.stages.values()) == pytest.approx(turn.seconds)
        assert turn.stages[REST] < 0.5 * turn.seconds


@pytest.mark.parametrize("build", [build_torchvision, build_plain, build_fast])
@pytest.mark.parametrize("head", ["fpn", "fpn+pixels"])
def test_a_network_with_random_weights_has_the_sources_it_is_given(build, head):
    load = noise_load(len(BANDS), 192)
    contest = Contest(small_model(bands=BANDS, redshift_head=head), load, CONFIG)
    assert build(contest, StageClock(CPU))() == len(load.answers.sources)


@pytest.mark.slow
def test_the_answers_of_a_trained_network_give_its_sources(contest):
    found = build_plain(contest, StageClock(CPU))()
    answers = answers_of(contest)
    assert len(answers.sources) == found
    given = Contest(contest.model, Load(contest.load.pixels, 0.02, answers), CONFIG)
    assert build_torchvision(given, StageClock(CPU))() == found


@pytest.mark.parametrize(("size", "proposals", "sources"), [(512, 1000, 91), (1024, 4000, 364), (128, 62, 6)])
def test_a_given_tile_is_as_full_as_jades(size, proposals, sources):
    answers = jades_answers(size, np.random.default_rng(0))
    assert (len(answers.proposals), len(answers.logits), len(answers.sources)) == (proposals, proposals, sources)
    sides = answers.sources[:, 2:] - answers.sources[:, :2]
    assert sides.min() > 4 and sides.max() <= 40
    assert answers.proposals.min() >= 0 and answers.proposals.max() <= size


def test_there_is_something_to_learn_from_a_given_tile():
    load = noise_load(len(BANDS), 192)
    scenes = scenes_to_learn_from(load, 2)
    losses = Detector(small_model(bands=BANDS)).train().losses(scenes, box_jitter=0.05)
    assert all(torch.isfinite(value) and value > 0 for value in losses.values())
    for row, (x0, y0, x1, y1) in enumerate(scenes.boxes[0].int().tolist()):
        assert (scenes.segmentation[1, y0:y1, x0:x1] == row + 1).float().mean() > 0.5


def test_a_clock_counts_what_is_inside_a_stage_for_the_inner_one(monkeypatch):
    class Story:
        def whole(self):
            return self.part() + self.part()

        def part(self):
            now[0] += 3.0
            return 1

    now = [0.0]
    clock, story = StageClock(CPU), Story()
    monkeypatch.setattr(clock, "now", lambda: now[0])
    clock.watch(story, "part", "first", "second")
    clock.watch(story, "whole", "between")
    assert clock.time(story.whole) == 2
    assert clock.seconds == {"first": 3.0, "second": 3.0, "between": 0.0, REST: 0.0}
