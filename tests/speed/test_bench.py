"""The parts of the benchmark on networks and tiles that are small enough for a test."""

import json

import pytest
import torch

from tests.detector.scenery import small_model
from zpix.config import InferenceConfig
from zpix.detector import detector as two_stages
from zpix.errors import ConfigError
from zpix.jobs.bench import bench
from zpix.progress import progress_bar
from zpix.search import Predictor
from zpix.speed import SHAPES, make_contest
from zpix.speed.contenders import Contest
from zpix.speed.load import noise_load
from zpix.speed.machine import this_machine
from zpix.speed.network import Race, Round, contenders
from zpix.speed.rates import draw_tiles, reading_rate, train_steps
from zpix.speed.scaling import Scaling, field_tiles, find_in_field
from zpix.speed.turns import Cost, Crew

WATCHED = ("image_channels", "BoxPooler", "source_pixels")
FP32 = InferenceConfig(device="cpu", precision="fp32", proposals_per_megapixel=4000)


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


def test_a_ratio_is_that_of_each_round():
    def rounds(*seconds):
        return [Round(s, s, {"pyramid": s / 2}, 91) for s in seconds]

    result = Race({"slow": rounds(8.0, 80.0, 8.0), "fast": rounds(1.0, 10.0, 2.0)})
    assert result.ratio("slow", "fast") == 8.0
    assert result.seconds_per_tile("fast") == 2.0
    assert result.stage_seconds("slow")["pyramid"] == 4.0


def test_bf16_competes_where_the_processor_is_fast_at_it(monkeypatch):
    monkeypatch.setattr("zpix.speed.network.has_openvino", lambda: False)
    contest = Contest(small_model(), noise_load(9, 128), FP32)
    for capabilities, expected in (({"avx512_bf16": True}, "zpix bf16"), ({}, "zpix fp32")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda c=capabilities: c, raising=False)
        assert [name for name, _, _ in contenders(contest, compiled=False)][-1] == expected
        assert [name for name, _, _ in contenders(contest, compiled=True)][-1] == f"{expected} compiled"


@pytest.mark.parametrize("installed", [False, True])
def test_eight_bits_compete_where_they_are_installed(monkeypatch, installed):
    monkeypatch.setattr("zpix.speed.network.has_openvino", lambda: installed)
    contest = Contest(small_model(), noise_load(9, 128), FP32)
    entries = {name: own.config.precision for name, _, own in contenders(contest, compiled=False)}
    assert entries.get("zpix int8") == ("int8" if installed else None)


def test_a_machine_says_what_it_has_and_lacks(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "amx_bf16": False}, raising=False)
    machine = this_machine(torch.device("cpu"))
    assert machine.has == ("avx2",) and machine.lacks == ("amx_bf16",) and machine.cores >= 1
    assert "no amx_bf16" in str(machine) and torch.__version__ in str(machine)


def test_training_simulation_and_reading_have_a_rate(monkeypatch):
    monkeypatch.setattr("zpix.speed.rates._SHORTEST_TURN_S", 0.0)
    monkeypatch.setattr("zpix.speed.rates._MOSAIC_PIX", 256)
    assert train_steps(small_model(), 128, 1, "", "cpu", 0)().computed > 0
    with progress_bar("reading", 1) as bar:
        assert reading_rate(size=128, rounds=1, bar=bar).per_second > 0
    pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")
    assert draw_tiles(64, 0)().passed > 0


def test_a_field_of_many_tiles_is_one_tile_many_times():
    predictor = Predictor(Contest(small_model(), noise_load(9, 256), FP32).checkpoint(), FP32)
    contest = Contest(small_model(), noise_load(9, 256), FP32)
    one, four = (len(find_in_field(predictor, contest, count)) for count in (1, 4))
    assert 0 < one < four
    tiles = field_tiles(10, 256)
    assert len(tiles) == 10 and all(tile.read.shape == (256, 256) for tile in tiles)
    assert Scaling({1: Cost(2.0, 1.0), 10: Cost(1.0, 1.05)}, 5, 1, 1.0).spread == pytest.approx(0.05)


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


def test_the_shipped_model_searches_a_simulated_tile(tiny_model):
    pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")
    name, contest = make_contest(tiny_model, None, size_pix=128, device="cpu")
    assert name.startswith("tiny (ResNet18") and contest.load.answers is None
    assert contest.load.pixels.shape == (9, 128, 128) and contest.load.pixels.valid.any()
