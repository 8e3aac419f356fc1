import numpy as np
import pytest
import torch

from tests.training.scenery import blob_store
from zpix.config import TrainingConfig
from zpix.sources.classes import GALAXY, STAR
from zpix.training.annotated_tile import AnnotatedTile
from zpix.training.batches import StoreDataset
from zpix.training.star_segments import cut_star_segments

SIDE = 200


def cross(segmentation, number, x, y, *, reach, width=3):
    """Draw a star with spikes, as far as the tile reaches."""
    low = {"x": max(x - reach, 0), "y": max(y - reach, 0)}
    segmentation[low["y"] : y + reach + 1, x - width : x + width + 1] = number
    segmentation[y - width : y + width + 1, low["x"] : x + reach + 1] = number


def tile_with(labels, draw):
    segmentation = np.zeros((SIDE, SIDE), np.int32)
    draw(segmentation)
    flux = np.zeros((2, SIDE, SIDE), np.float32)
    return AnnotatedTile(
        flux=flux,
        error=np.ones_like(flux),
        segmentation=segmentation,
        dust=0.0,
        label=np.array(labels),
        redshift=np.full(len(labels), np.nan, np.float32),
        source_id=np.arange(len(labels)) + 10,
    )


def extent(segmentation, number):
    y, x = np.nonzero(segmentation == number)
    return x.min(), x.max(), y.min(), y.max()


def test_the_spikes_of_a_star_end_at_the_square_and_a_galaxy_stays_as_it_is():
    def draw(segmentation):
        cross(segmentation, 1, 90, 80, reach=70)
        segmentation[160:190, 20:180] = 2

    tile = tile_with([STAR, GALAXY], draw)
    cut = cut_star_segments(tile, 64)
    assert extent(cut.segmentation, 1) == (58, 122, 48, 112)
    inside = np.s_[48:113, 58:123]
    np.testing.assert_array_equal(cut.segmentation[inside] == 1, tile.segmentation[inside] == 1)
    np.testing.assert_array_equal(cut.segmentation == 2, tile.segmentation == 2)
    assert extent(tile.segmentation, 1) == (20, 160, 10, 150)  # what was given is not changed


def test_a_star_at_the_edge_is_cut_around_its_light():
    tile = tile_with([STAR], lambda segmentation: cross(segmentation, 1, 20, 100, reach=70))
    tile.flux[:, 100, 20] = 50.0
    tile.flux[0, 100, 60], tile.error[0, 100, 60] = 1e6, np.inf  # what is not known is not light
    assert extent(cut_star_segments(tile, 64).segmentation, 1) == (0, 52, 68, 132)


def test_small_stars_are_left_alone():
    tile = tile_with([STAR, STAR], lambda segmentation: cross(segmentation, 1, 90, 80, reach=20))
    assert cut_star_segments(tile, 64) is tile


@pytest.mark.parametrize("side", [None, 16])
def test_a_store_is_read_with_stars_cut_where_that_is_asked(tmp_path, side):
    store = blob_store(tmp_path / "s")
    read = store.read

    def with_a_large_star(split, index):
        tile = read(split, index)
        tile.segmentation[:] = 0
        cross(tile.segmentation, 1, 32, 32, reach=30)
        tile.label[:] = GALAXY
        tile.label[0] = STAR
        return tile

    store.read = with_a_large_star
    data = StoreDataset(store, "train", seed=0, flips=True, band_dropout=0.0, star_side_pix=side)
    (box,) = data[0].boxes[0]
    assert torch.equal(box[2:] - box[:2], torch.full((2,), 17.0 if side else 61.0))


def test_training_asks_for_what_its_settings_say():
    assert TrainingConfig(star_side_pix=128).star_side_pix == 128
    with pytest.raises(ValueError, match="16"):
        TrainingConfig(star_side_pix=4)
