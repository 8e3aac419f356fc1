"""Differences between two answers of the network, of which some are made by hand."""

from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

import zpix
from experiments import precision


@pytest.fixture(scope="module")
def answer(tmp_path_factory, blob_field, tiny_model) -> precision.Answer:
    from zpix.config import InferenceConfig

    out = tmp_path_factory.mktemp("answer") / "result"
    config = InferenceConfig(tile_size=320, score_threshold=0.0, precision="fp32", device="cpu", dust="0.01")
    catalogue = zpix.run(blob_field, out=out, model=tiny_model, config=config)
    flux = np.full(len(catalogue), 100.0, np.float32)  # all brighter than the limit
    segmentation = fits.getdata(out / "segmentation.fits").astype(np.int32)
    errors = np.random.default_rng(0).normal(0, 0.1, 200)
    return precision.Answer(catalogue.with_columns(flux_f444w=flux), segmentation, errors)


def test_an_answer_equals_itself(answer):
    found = precision.compare(answer, answer)
    assert len(found["lost"]) == len(answer.catalogue) > 10
    assert not found["lost"].any() and not found["gained"].any()
    assert (found["z"] == 0).all() and (found["pdf"] == 0).all() and (found["box"] == 1).all()
    drawn = np.isin(answer.catalogue["id"], answer.segmentation)
    assert drawn.any() and (found["mask"][drawn] == 1).all()


def test_what_differs_is_counted(answer):
    z = answer.catalogue["z_phot"].copy()
    z[1] += 0.2 * (1 + z[1])
    moved = answer.catalogue.with_columns(z_phot=z)[np.arange(1, len(z))]
    found = precision.compare(answer, replace(answer, catalogue=moved))
    assert found["lost"].sum() == 1 and found["gained"].sum() == 0
    np.testing.assert_allclose(found["z"], [0.2, *[0] * (len(z) - 2)], atol=1e-5)
    back = precision.compare(replace(answer, catalogue=moved), answer)
    assert back["lost"].sum() == 0 and back["gained"].sum() == 1


def test_the_table_has_a_cell_for_each_heading(answer):
    wider = replace(answer, errors=2 * answer.errors)
    cells = precision.row("other", [answer], [wider])
    assert len(cells) == len(precision.COLUMNS) and cells[1] == str(len(answer.catalogue))
    assert float(cells[10].split()[0]) == pytest.approx(100, abs=0.1)
