import numpy as np
import torch

from tests.training.scenery import BANDS, blob_store
from zpix.training.batches import StoreDataset, augment, join_scenes, segment_boxes, tile_to_scene


def test_turning_a_tile_turns_everything_together(tmp_path):
    tile = blob_store(tmp_path / "s").read("train", 0)
    for seed in range(12):
        turned = augment(tile, np.random.default_rng(seed), flips=True, band_dropout=0.0)
        for number in range(1, 5):  # the light under each segment and its redshift stay together
            before = tile.flux[:, tile.segmentation == number]
            after = turned.flux[:, turned.segmentation == number]
            np.testing.assert_allclose(np.sort(before), np.sort(after))
        np.testing.assert_array_equal(turned.redshift, tile.redshift)


def test_hidden_bands_are_invalid_and_never_all(tmp_path):
    tile = blob_store(tmp_path / "s").read("train", 0)
    counts = []
    for seed in range(40):
        error = augment(tile, np.random.default_rng(seed), flips=False, band_dropout=0.5).error
        hidden = ~np.isfinite(error).any((1, 2))
        counts.append(hidden.sum())
        assert not hidden.all()
    assert 0 < np.mean(counts) < len(BANDS)
    assert np.isfinite(tile.error).all()  # the stored tile is not written to


def test_every_epoch_looks_different_and_the_same_epoch_the_same(tmp_path):
    data = StoreDataset(blob_store(tmp_path / "s"), "train", seed=3, flips=True, band_dropout=0.1)
    first = data[1]
    torch.testing.assert_close(data[1].flux, first.flux)
    others = []
    for data.epoch in range(1, 5):
        others.append(bool(torch.equal(data[1].flux, first.flux)))
    assert not all(others)


def test_sources_without_pixels_are_left_out_and_the_rest_renumbered(tmp_path):
    tile = blob_store(tmp_path / "s").read("train", 0)
    tile.segmentation[tile.segmentation == 2] = 0
    scene = tile_to_scene(tile)
    assert len(scene.boxes[0]) == 3 and set(np.unique(scene.segmentation)) == {0, 1, 2, 3}
    boxes, present = segment_boxes(tile.segmentation, 4)
    assert present.tolist() == [True, False, True, True]
    x0, y0, x1, y1 = boxes[2].astype(int)
    assert (tile.segmentation == 3).sum() == (tile.segmentation[y0:y1, x0:x1] == 3).sum()
    joined = join_scenes([scene, scene])
    assert joined.flux.shape[0] == 2 and len(joined.boxes) == 2
