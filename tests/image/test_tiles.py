import numpy as np
import pytest

from zpix.errors import ConfigError
from zpix.image import Region, make_tiles


@pytest.mark.parametrize("shape", [(1, 1), (128, 128), (129, 500), (1000, 777), (1024, 384)])
@pytest.mark.parametrize(("tile_size", "margin"), [(128, 0), (192, 64), (256, 64), (1024, 64)])
def test_owned_regions_partition_the_mosaic(shape, tile_size, margin):
    owners = np.zeros(shape, int)
    for tile in make_tiles(shape, tile_size=tile_size, margin=margin):
        owners[tile.owned.slices] += 1
    assert np.all(owners == 1)


@pytest.mark.parametrize("shape", [(129, 500), (1000, 777), (1025, 130)])
def test_tiles_read_their_margins_on_the_stride_grid(shape):
    for tile in make_tiles(shape, tile_size=256, margin=64):
        assert tile.read.width <= 256 and tile.read.height <= 256
        assert all(edge % 64 == 0 for edge in (tile.read.x0, tile.read.y0, tile.read.x1, tile.read.y1))
        seen = tile.read.intersection(Region.whole(shape))
        wanted = tile.owned.grown(64).intersection(Region.whole(shape))
        assert wanted.intersection(seen) == wanted


def test_a_mosaic_of_one_tile_is_one_tile():
    (tile,) = make_tiles((1024, 1000), tile_size=1024, margin=64)
    assert tile.owned == Region(0, 0, 1000, 1024) and tile.read == Region(0, 0, 1024, 1024)


def test_a_mosaic_without_pixels_has_no_tiles():
    assert make_tiles((0, 100)) == []


@pytest.mark.parametrize(("tile_size", "margin"), [(1000, 64), (1024, 60), (128, 64), (1024, -64)])
def test_sizes_off_the_stride_grid_are_refused(tile_size, margin):
    with pytest.raises(ConfigError, match=f"{tile_size}|{margin}"):
        make_tiles((100, 100), tile_size=tile_size, margin=margin)
