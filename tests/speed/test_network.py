"""Rounds of implementations: ratios, and which take part."""

import pytest
import torch

from tests.detector.scenery import small_model
from zpix.config import InferenceConfig
from zpix.speed.contenders import Contest
from zpix.speed.load import noise_load
from zpix.speed.network import Race, Round, contenders

FP32 = InferenceConfig(device="cpu", precision="fp32", proposals_per_megapixel=4000)


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
