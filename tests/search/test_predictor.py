"""A network ready for tiles: many at once or one by one, whole or in part."""

import numpy as np
import pytest

from zpix.config import InferenceConfig
from zpix.detector import load_checkpoint
from zpix.errors import ConfigError
from zpix.image import JADES_BANDS, Pixels, Region, make_tiles
from zpix.search import Predictor, claimed, keep_owned
from zpix.search.predictor import _most_probable
from zpix.sources import ReferenceBoxes

SETTINGS = {"score_threshold": 0.0, "device": "cpu", "precision": "fp32"}


@pytest.fixture(scope="module")
def predictor(tiny_model) -> Predictor:
    return Predictor(load_checkpoint(tiny_model), InferenceConfig(**SETTINGS))


def tile(seed: int, shape: tuple[int, int] = (128, 128)) -> Pixels:
    rng = np.random.default_rng(seed)
    flux = rng.normal(0, 1, (len(JADES_BANDS), *shape)).astype(np.float32)
    flux[:, 40:60, 40:60] += 20
    return Pixels(flux, np.ones_like(flux), np.ones(flux.shape, bool))


def test_tiles_of_any_shapes_can_be_given_at_once(predictor):
    nothing = Pixels.empty(len(JADES_BANDS), (128, 128))
    tiles, dust = [tile(0), tile(1, (192, 128)), nothing, tile(2)], [0.01, 0.02, 0.03, 0.04]
    together = predictor.predict_batch(tiles, dust=dust)
    assert [len(found) > 0 for found in together] == [True, True, False, True]
    for pixels, ebv, found in zip(tiles, dust, together, strict=True):
        alone = predictor.predict(pixels, dust=ebv)
        np.testing.assert_allclose(found.box, alone.box, atol=1e-3)
        np.testing.assert_allclose(found.redshift.means, alone.redshift.means, rtol=1e-3)


def test_the_most_probable_class_counts_and_the_first_has_what_the_others_leave():
    shares = np.array([[0.5, 0.5, 0.0], [0.3, 0.3, 0.4], [0.2, 0.5, 0.3], [0.0, 0.0, 0.0]], np.float32)
    assert _most_probable(shares).tolist() == [0, 2, 1, 0]
    assert _most_probable(shares[:, :2]).tolist() == [0, 0, 0, 0]
    assert _most_probable(shares[:, :1]).tolist() == [0, 0, 0, 0] and _most_probable(shares[:0]).shape == (0,)


def test_what_a_tile_claims_holds_all_that_it_keeps(predictor):
    middle = make_tiles((128, 300), tile_size=192, margin=64)[1]
    shape = (middle.read.height, middle.read.width)
    whole = predictor.predict(tile(3, shape), dust=0.0)
    part = predictor.predict(tile(3, shape), dust=0.0, within=claimed(middle))
    assert 0 < len(part) < len(whole)
    np.testing.assert_array_equal(keep_owned(part, middle).box, keep_owned(whole, middle).box)


def test_an_empty_part_gives_no_sources(predictor):
    found = predictor.predict(tile(4), dust=0.0, within=Region(0, 0, 0, 0))
    assert len(found) == 0 and found.redshift.means.shape == (0, found.redshift.weights.shape[1])


def test_half_precision_of_graphics_cards_is_refused_on_a_processor(tiny_model):
    with pytest.raises(ConfigError, match="fp16"):
        Predictor(load_checkpoint(tiny_model), InferenceConfig(**{**SETTINGS, "precision": "fp16"}))


def test_boxes_that_are_given_get_what_the_network_would_say_of_them(predictor):
    pixels = tile(5)
    found = predictor.predict(pixels, dust=0.01)
    drawn = np.full_like(found.mask, np.nan)
    both = predictor.predict(pixels, dust=0.01, reference=ReferenceBoxes(found.box, drawn))
    assert len(both) == 2 * len(found) > 20
    own, given = both[: len(found)], both[len(found) :]
    np.testing.assert_array_equal(own.box, found.box)
    np.testing.assert_array_equal(given.box, found.box)
    for part in (own, given):
        np.testing.assert_allclose(part.mask, found.mask, atol=1e-5)
        for name in ("weights", "means", "widths"):
            np.testing.assert_allclose(getattr(part.redshift, name), getattr(found.redshift, name), rtol=1e-4)


def test_masks_that_are_given_take_the_place_of_those_drawn(predictor):
    pixels = tile(5)
    found = predictor.predict(pixels, dust=0.01)[:6]
    mask = np.full_like(found.mask, np.nan)
    mask[:3] = found.mask[:3]
    mask[3] = 0
    mask[3, 10:18, 10:18] = 1
    again = predictor.predict(pixels, dust=0.01, within=Region(0, 0, 0, 0), reference=ReferenceBoxes(found.box, mask))
    np.testing.assert_allclose(again.mask, np.where(np.isnan(mask), found.mask, mask), atol=1e-5)
    same = [0, 1, 2, 4, 5]
    np.testing.assert_allclose(again.redshift.means[same], found.redshift.means[same], rtol=1e-4)
    assert not np.allclose(again.redshift.means[3], found.redshift.means[3], rtol=1e-4)


def test_what_is_given_is_answered_where_nothing_was_observed(predictor):
    nothing = Pixels.empty(len(JADES_BANDS), (128, 128))
    given = ReferenceBoxes(np.array([[10, 10, 20, 24]], np.float32), np.full((1, 28, 28), np.nan, np.float32))
    none = ReferenceBoxes(given.box[:0], given.mask[:0])
    lone, empty = predictor.predict_batch([nothing, nothing], dust=[0.0, 0.0], reference=[given, none])
    assert len(lone) == 1 and np.isfinite(lone.redshift.means).all()
    assert len(empty) == 0
