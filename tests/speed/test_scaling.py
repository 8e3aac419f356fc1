"""A field of many tiles with the same pixels."""

import pytest

from tests.detector.scenery import small_model
from zpix.config import InferenceConfig
from zpix.search import Predictor
from zpix.speed.contenders import Contest
from zpix.speed.load import noise_load
from zpix.speed.scaling import Scaling, field_tiles, find_in_field
from zpix.speed.turns import Cost

FP32 = InferenceConfig(device="cpu", precision="fp32", proposals_per_megapixel=4000)


def test_a_field_of_many_tiles_is_one_tile_many_times():
    predictor = Predictor(Contest(small_model(), noise_load(9, 256), FP32).checkpoint(), FP32)
    contest = Contest(small_model(), noise_load(9, 256), FP32)
    one, four = (len(find_in_field(predictor, contest, count)) for count in (1, 4))
    assert 0 < one < four
    tiles = field_tiles(10, 256)
    assert len(tiles) == 10 and all(tile.read.shape == (256, 256) for tile in tiles)
    assert Scaling({1: Cost(2.0, 1.0), 10: Cost(1.0, 1.05)}, 5, 1, 1.0).spread == pytest.approx(0.05)
