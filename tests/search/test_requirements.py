"""What a model was taught decides which bands a mosaic may lack."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from tests.detector.scenery import small_model
from zpix.detector import About, Checkpoint, Detector
from zpix.errors import BandError
from zpix.image import JADES_BANDS
from zpix.search.array_image import image_of_arrays
from zpix.search.requirements import check_mosaic, most_missing


@cache
def network() -> Detector:
    """One for all: its weights are never used."""
    return Detector(small_model())


def model(band_dropout: float | None, name: str = "mine") -> Checkpoint:
    training = None if band_dropout is None else {"band_dropout": band_dropout}
    return Checkpoint(network(), About(name=name, training=training))


def image(*missing: str):
    bands = [band for band in JADES_BANDS if band not in missing]
    shape = (len(bands), 8, 8)
    return image_of_arrays(np.zeros(shape), np.ones(shape), bands=bands)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def test_bands_hidden_in_training_may_be_missing():
    # with 0.03 for nine bands, 3 % of the images lacked two bands or more, 0.2 % three
    assert [most_missing(model(chance)) for chance in (None, 0.0, 0.03, 0.3)] == [None, 0, 2, 6]


def test_a_set_that_was_not_taught_is_refused_unless_forced(caplog):
    assert check_mosaic(image("F335M", "F410M"), model(0.03)) == ("F335M", "F410M")
    assert "lacks F335M F410M, and has 7 of the 9 bands" in caplog.text
    three = image("F090W", "F335M", "F410M")
    with pytest.raises(BandError, match=r"lacks F090W F335M F410M, .*learnt to do without 2 at most; --force"):
        check_mosaic(three, model(0.03))
    with pytest.raises(BandError, match="not learnt to do without any"):
        check_mosaic(image("F090W"), model(0.0))
    assert check_mosaic(three, model(None)) == check_mosaic(three, model(0.03), force=True)
    assert check_mosaic(image(), model(0.0)) == ()


def test_nothing_forces_a_mosaic_of_which_the_model_knows_no_band():
    other = image_of_arrays(np.zeros((1, 8, 8)), np.ones((1, 8, 8)), bands=["F115W"])
    alone = Checkpoint(Detector(small_model(bands=("F444W",))))
    with pytest.raises(BandError, match="none of which the model knows"):
        check_mosaic(other, alone, force=True)
