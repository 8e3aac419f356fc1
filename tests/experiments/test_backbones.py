"""The experiment on backbones, whole in a tiny size."""

from __future__ import annotations

import pytest

pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")

from experiments import backbones
from tests.experiments.paper_scenery import check_whole_and_kept

pytestmark = pytest.mark.usefixtures("tiles_here")


@pytest.mark.slow
def test_backbones(tmp_path, tiny_options, capsys):
    options = [*tiny_options, "--epochs", 1, "--tiles", 3, "--backbones", "resnet18", "mvitv2_tiny"]
    (trained, redshifts), found = check_whole_and_kept(backbones, tmp_path / "out", capsys, options)
    assert found["learnt_from"]["train"]["tiles"] == 3
    assert float(trained[1][1]) > 20 > float(trained[0][1])  # million weights
    assert trained[0][4:6] == ["-", "-"]  # three tiles leave none to validate
    assert len(redshifts) == 2
