"""Tiles are those of the picture, whatever its size, and each level is half of the next."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from zpix.viewer.pyramid import TILE_PIX, PicturePyramid, halved, pyramid_levels


def tile(folder, level, column, row):
    with Image.open(folder / str(level) / f"{column}_{row}.jpg") as image:
        return np.asarray(image).astype(float)


@pytest.mark.parametrize("shape", [(700, 1300), (512, 512), (300, 1025)])
def test_every_level_shows_the_whole_picture(tmp_path, shape):
    height, width = shape
    y, x = np.mgrid[:height, :width]
    picture = np.stack([255 * x / width, 255 * y / height, np.full(shape, 90)], -1).astype(np.uint8)
    pyramid = PicturePyramid(tmp_path, shape)
    for top in range(0, height, TILE_PIX):
        pyramid.add(picture[top : top + TILE_PIX])
    for halvings, level in enumerate(reversed(range(pyramid.levels))):
        wanted = [-(-side // 2**halvings) for side in shape]
        rows, columns = (-(-side // TILE_PIX) for side in wanted)
        assert len(list((tmp_path / str(level)).iterdir())) == rows * columns
        joined = np.concatenate(
            [np.concatenate([tile(tmp_path, level, c, r) for c in range(columns)], 1) for r in range(rows)]
        )
        assert joined.shape == (*wanted, 3)
        v, u = ((np.arange(side) + 0.5) * 2**halvings for side in wanted)
        assert np.abs(joined[..., 0] - 255 * u / width).mean() < 3
        assert np.abs(joined[..., 1] - 255 * v[:, None] / height).mean() < 3
    assert max(tile(tmp_path, 0, 0, 0).shape) <= TILE_PIX


def test_bands_lie_below_each_other_and_full_size_may_be_written_elsewhere(tmp_path):
    shape = (1100, 700)
    rng = np.random.default_rng(0)
    picture = (np.kron(rng.uniform(0, 255, (11, 7, 3)), np.ones((100, 100, 1)))).astype(np.uint8)
    whole, below = (PicturePyramid(tmp_path / name, shape, apart=True) for name in ("whole", "below"))
    for top in range(0, shape[0], TILE_PIX):
        whole.add(picture[top : top + TILE_PIX])
        below.add_half(halved(picture[top : top + TILE_PIX]))
    assert tile(tmp_path / "whole", 2, 1, 2).shape == (3 * 76, 188)
    assert not list((tmp_path / "below" / "2").iterdir())
    for level, column, row in ((1, 0, 0), (1, 0, 1), (0, 0, 0)):
        one = tile(tmp_path / "whole", level, column, row)
        assert np.array_equal(one, tile(tmp_path / "below", level, column, row))
    for channel, band in enumerate(np.split(tile(tmp_path / "whole", 2, 0, 0), 3)):
        assert np.abs(band - picture[:512, :512, channel]).mean() < 3


def test_levels():
    assert [pyramid_levels((side, 10)) for side in (1, 512, 513, 1024, 1025)] == [1, 1, 2, 2, 3]
