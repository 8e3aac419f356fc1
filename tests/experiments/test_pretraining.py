"""The experiment on pretraining, whole in a tiny size."""

from __future__ import annotations

import pytest

pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")

from experiments.paper.scores import SAMPLES

from experiments import pretraining
from tests.experiments.paper_scenery import check_whole_and_kept

pytestmark = pytest.mark.usefixtures("tiles_here")


@pytest.mark.slow
def test_pretraining(tmp_path, tiny_options, store_of_spectra, capsys):
    options = [*tiny_options, "--epochs", 1, "--store", store_of_spectra, "--mock-tiles", 8, "--photometry-tiles", 2]
    made, _ = check_whole_and_kept(pretraining, tmp_path / "out", capsys, options)
    assert len(made) == 1 + len(SAMPLES) and len(made[0]) == 5
    assert "stand-in for GalaxiesML" in made[0][1][0]
