"""zpix bench on networks and tiles that are small enough for a test."""

import json

import pytest
import torch

from tests.detector.scenery import small_model
from zpix.detector import detector as two_stages
from zpix.errors import ConfigError
from zpix.jobs.bench import bench
from zpix.speed.shapes import SHAPES
from zpix.speed.turns import Crew

WATCHED = ("image_channels", "BoxPooler", "source_pixels")


@pytest.fixture
def small_networks(monkeypatch):
    """Networks that are quick in the place of those that are measured."""
    for name in SHAPES:
        monkeypatch.setitem(SHAPES, name, small_model(backbone=name))


class CrewAtHome(Crew):
    """A crew of one that works in this process: starting others takes most of a test's time."""

    def __init__(self, build, job, *, processes=1, threads=1):
        self._work = [build(*job, member) for member in range(processes)]

    def ready(self):
        pass

    def turn(self, *arguments):
        return [work(*arguments) for work in self._work]

    def ask(self, member, *arguments):
        return self._work[member](*arguments)

    def close(self):
        pass


@pytest.mark.slow
def test_everything_is_measured_printed_and_kept(small_networks, tmp_path, monkeypatch):
    for module in ("network", "rates", "scaling"):
        monkeypatch.setattr(f"zpix.speed.{module}.Crew", CrewAtHome)
    for module in ("contenders", "rates", "scaling"):
        monkeypatch.setattr(f"zpix.speed.{module}._SHORTEST_TURN_S", 0.0)
    for name in WATCHED:  # by the clocks of each contender, which are processes of their own otherwise
        monkeypatch.setattr(two_stages, name, getattr(two_stages, name))
    out = tmp_path / "speed.json"
    result = bench(
        "network", "training", "scaling", backbone="resnet18", size_pix=256, rounds=1, device="cpu",
        counts=(1, 2), out=out,
    )  # fmt: skip
    names = [name for name in result.race.rounds if name.startswith(("zpix", "torchvision"))]
    assert names[:3] == ["torchvision", "zpix plain", "zpix fp32"]
    assert {result.race.sources(name) for name in names} == {23}
    assert result.training[0].images.per_second > 0
    assert set(result.scaling.per_tile) == {1, 2} and result.scaling.sources > 20
    text = str(result.tables())
    assert all(word in text for word in ("times torchvision", "mask pooling", "images/s", "most costly"))
    kept = json.loads(out.read_text("utf-8"))
    assert kept["race"]["rounds"]["torchvision"][0]["stages"]["pyramid"] > 0
    assert kept["machine"]["torch"] == torch.__version__


@pytest.mark.parametrize(
    ("parts", "arguments", "word"),
    [
        (["speed"], {}, "part 'speed'"),
        ([], {"backbone": "mvitv2_tiny"}, "mvitv2_tiny"),
        ([], {"backbone": "resnet18", "model": "m"}, "not both"),
        ([], {"size_pix": 100}, "multiple of 64"),
        ([], {"rounds": 0}, "rounds is 0"),
        ([], {"processes": 0}, "processes is 0"),
        (["scaling"], {"size_pix": 128}, "256 pixels or more"),
        (["scaling"], {"counts": ()}, "counts is 0"),
    ],
)
def test_what_cannot_be_measured_is_refused(parts, arguments, word):
    with pytest.raises(ConfigError, match=word):
        bench(*parts, **arguments)
