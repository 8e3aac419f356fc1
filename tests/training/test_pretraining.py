from pathlib import Path

import pytest
import torch

from tests.detector.scenery import small_model
from tests.training.scenery import blob_store
from tests.training.test_joint import network, rows_of, weights
from zpix.config import PretrainingConfig
from zpix.errors import ConfigError
from zpix.training.loop import LOSS_FILE
from zpix.training.pretraining import check_photometry, fit_redshift_head
from zpix.training.source_cutouts import cut_sources
from zpix.training.source_sums import CutoutExamples


def test_pretraining_learns_redshifts_from_colours_and_goes_on(tmp_path):
    store = blob_store(tmp_path / "store", train=12)
    config = PretrainingConfig(epochs=12, batch_size=8, learning_rate=3e-3)
    training = CutoutExamples(cut_sources(store, "train", size=32), network().config, config.band_dropout)

    def fit_head() -> Path:
        return fit_redshift_head(training, None, tmp_path / "run", detector=network(), config=config)

    path = fit_head()
    rows = [r for r in rows_of(tmp_path / "run" / LOSS_FILE) if r["split"] == "train"]
    assert float(rows[-1]["redshift"]) < float(rows[0]["redshift"]) - 0.3
    finished = weights(path)
    again = weights(fit_head())
    torch.testing.assert_close(again["redshift_head.trunk.2.weight"], finished["redshift_head.trunk.2.weight"])


def test_a_head_without_photometry_is_refused():
    with pytest.raises(ConfigError, match=r"'fpn' has no photometry to pretrain; choose 'fpn\+pixels'"):
        check_photometry(small_model(redshift_head="fpn"))
