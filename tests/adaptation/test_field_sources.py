"""What is kept of the sources of a field gives the answers that a search gives."""

import numpy as np
import pytest
import torch

from zpix.adaptation import search_near
from zpix.adaptation.fit_candidates import answers, has_pyramid
from zpix.detector import load_checkpoint
from zpix.image import make_tiles, open_mosaic
from zpix.search import Predictor, claimed, keep_owned
from zpix.sources import ZMixture


@pytest.fixture
def checkpoint(tiny_model):
    loaded = load_checkpoint(tiny_model)
    torch.manual_seed(2)
    torch.nn.init.normal_(loaded.detector.redshift_head.pyramid[-1].weight, std=0.05)
    return loaded


def test_sums_and_the_pyramids_part_give_the_answers_of_a_search(checkpoint, blob_field, blob_search, tmp_path):
    settings = blob_search.model_copy(update={"proposals_per_megapixel": 600})
    with open_mosaic(blob_field) as mosaic:
        tile = make_tiles(mosaic.shape, tile_size=settings.tile_size, margin=settings.margin)[1]
        owned = tile.owned
        ra, dec = mosaic.sky(np.array([0.5 * (owned.x0 + owned.x1)]), np.array([0.5 * (owned.y0 + owned.y1)]))
        sources = search_near(mosaic, checkpoint, settings, ra=ra, dec=dec, place=tmp_path)
        pixels = mosaic.read(tile.read, bands=checkpoint.bands)
    found = Predictor(checkpoint, settings).predict(pixels, dust=0.01, within=claimed(tile))
    expected: ZMixture = keep_owned(found, tile).redshift
    head = checkpoint.detector.redshift_head
    assert has_pyramid(head) and len(sources) == len(expected) > 5 and sources.pyramid.shape[1] == 512
    told = answers(head, sources, checkpoint.config)
    np.testing.assert_allclose(told.means, expected.means, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(told.weights, expected.weights, atol=1e-3)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"tile-{tile.index:06d}.safetensors"]
    halved = sources.divided_by(np.full(9, 2.0))
    np.testing.assert_allclose(halved.total, 0.5 * sources.total, rtol=1e-6)
    np.testing.assert_allclose(halved.noise, 0.5 * sources.noise, rtol=1e-6)
