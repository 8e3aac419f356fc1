import numpy as np
import pytest

from zpix.errors import ConfigError
from zpix.image import Region, make_tiles


@pytest.mark.parametrize("shape", [(1, 1), (128, 128), (129, 500), (1000, 777)])
@pytest.mark.parametrize(("tile_size", "margin"), [(128, 0), (192, 32), (256, 64)])
def test_owned_regions_partition_the_mosaic(shape, tile_size, margin):
    owners = np.zeros(shape, int)
    for tile in make_tiles(shape, tile_size=tile_size, margin=margin):
        owners[tile.owned.slices] += 1
    assert np.all(owners == 1)


@pytest.mark.parametrize("shape", [(129, 500), (1000, 777)])
def test_read_regions_are_whole_tiles_on_the_stride_grid(shape):
    for tile in make_tiles(shape, tile_size=256, margin=64):
        assert tile.read.shape == (256, 256)
        assert (tile.read.x0 + 64) % 32 == (tile.read.y0 + 64) % 32 == 0
        assert tile.read.grown(-64).intersection(Region.whole(shape)) == tile.owned


def test_no_pixels_no_tiles():
    assert make_tiles((0, 100)) == []


@pytest.mark.parametrize(("tile_size", "margin"), [(1000, 64), (1024, 60), (128, 64), (1024, -32)])
def test_sizes_off_the_stride_grid_are_refused(tile_size, margin):
    with pytest.raises(ConfigError, match=f"{tile_size}|{margin}"):
        make_tiles((100, 100), tile_size=tile_size, margin=margin)
