"""Are the tiles of a store described as the fields are that they were cut from?"""

from __future__ import annotations

import numpy as np
import pytest

from tests.image.examined_fields import BANDS, SCALE_ARCSEC, blob_image
from zpix.image import examine_mosaic
from zpix.training.store import AnnotatedTile, Store, StoreWriter
from zpix.training.taught_tiles import examine_store


def noise_store(path, *, tiles: int, size: int) -> Store:
    """Tiles cut from fields of 256 pixels of blobs in correlated noise."""
    writer = StoreWriter(path, bands=BANDS, tile_size=size, pixel_scale_arcsec=SCALE_ARCSEC, settings={})
    corners = [(y, x) for y in range(0, 256, size) for x in range(0, 256, size)]
    for number in range(tiles):
        pixels = blob_image((256, 256), seed=number // len(corners), sources=20).pixels
        y, x = corners[number % len(corners)]
        cut = (slice(None), slice(y, y + size), slice(x, x + size))
        nothing = np.zeros(0)
        writer.add(
            "train",
            AnnotatedTile(
                pixels.flux[cut], pixels.error[cut], np.zeros((size, size), np.int32), 0.02, nothing, nothing, nothing
            ),
        )
    writer.close({"kind": "blobs"})
    return Store(path)


@pytest.mark.parametrize(("tiles", "size"), [(4, 256), (16, 128)])
def test_tiles_are_described_as_their_field(tmp_path, tiles, size):
    taught = examine_store(noise_store(tmp_path / "tiles.zarr", tiles=tiles, size=size))
    field = examine_mosaic(blob_image((256, 256), seed=9, sources=20), pixel_scale_arcsec=SCALE_ARCSEC)
    assert taught.is_known and taught.source == f"{tiles} of the {tiles} tiles of tiles.zarr"
    for name in BANDS:
        own, known = field[name], taught.band(name)
        assert np.mean(known.noise_over_error) == pytest.approx(own.noise_over_error, rel=0.05)
        assert np.mean(known.sums_over_error) == pytest.approx(own.sums_over_error, rel=0.1)
        assert np.mean(known.correlation) == pytest.approx(own.correlation[0], abs=0.05)
        assert known.depth_mag[0] - 0.1 < own.depth_mag < known.depth_mag[1] + 0.1
        assert known.sky[0] < own.sky + 0.1 and known.sky[1] > own.sky - 0.1


@pytest.mark.parametrize(("tiles", "size"), [(3, 256), (8, 64)])
def test_too_few_or_too_small_tiles_tell_nothing(tmp_path, tiles, size):
    assert not examine_store(noise_store(tmp_path / "tiles.zarr", tiles=tiles, size=size)).is_known
