"""The experiment on few redshifts, whole in a tiny size."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")

from experiments.paper.scores import SAMPLES

from experiments import spectroscopic_labels
from tests.experiments.paper_scenery import MODEL, check_whole_and_kept, run
from zpix.detector import load_checkpoint
from zpix.detector.redshift_head import PyramidRedshiftHead
from zpix.errors import OutputError

pytestmark = pytest.mark.usefixtures("tiles_here")


@pytest.mark.slow
def test_few_redshifts(tmp_path, tiny_options, untrained_model, store_of_spectra, capsys):
    options = [
        *tiny_options,
        "--model",
        untrained_model,
        "--store",
        store_of_spectra,
        "--mock-tiles",
        3,
        "--epochs",
        1,
        "--cutout-epochs",
        2,
    ]
    made, found = check_whole_and_kept(spectroscopic_labels, tmp_path / "out", capsys, options)
    assert len(made) == len(SAMPLES) and len(made[0]) == 4
    counts = found["learnt_from"]["train"]
    assert counts["tiles"] == 7 and 0 < counts["redshifts"] < counts["galaxy"]
    (tmp_path / "out" / "fpn-spectra" / "row.json").unlink()  # as if stopped after the search
    model = tmp_path / "out" / "fpn-spectra" / "run" / "model.safetensors"
    weights = model.read_bytes()
    assert run(spectroscopic_labels, tmp_path / "out", capsys, *options)[1] == found
    assert model.read_bytes() == weights
    with pytest.raises(OutputError, match="other settings: epochs is"):
        run(spectroscopic_labels, tmp_path / "out", capsys, *options, "--epochs", 2)


def test_a_detector_without_its_redshift_head(tmp_path, untrained_model):
    other = MODEL.model_copy(update={"redshift_head": "fpn"})
    path = spectroscopic_labels.without_redshifts(untrained_model, other, tmp_path / "bare.safetensors")
    bare, whole = load_checkpoint(path).detector, load_checkpoint(untrained_model).detector
    assert bare.config == other and isinstance(bare.redshift_head, PyramidRedshiftHead)
    for name, value in whole.state_dict().items():
        if not name.startswith("redshift_head."):
            torch.testing.assert_close(bare.state_dict()[name], value)
