import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import zpix
from zpix.errors import CatalogueError, ConfigError, GridError, InputFileError, StoreError
from zpix.image import Region, open_mosaic, tangent_wcs, write_mosaic
from zpix.image.pixels import Pixels
from zpix.training.annotation import cut_tiles, renumber, split_by_position
from zpix.training.store import Store

SIZE = 128
WCS = tangent_wcs(53.0, -27.8, (2 * SIZE, 2 * SIZE), 0.03)


@pytest.fixture
def survey(tmp_path):
    """Four tiles of two bands; sources 10 (whole), 20 (on the seam of tiles 0 and 1) and 30 (a star)."""
    rng = np.random.default_rng(0)
    shape = (2 * SIZE, 2 * SIZE)
    flux = rng.normal(size=(2, *shape)).astype(np.float32)
    write_mosaic(
        tmp_path / "mosaic",
        Pixels(flux, np.ones_like(flux), np.ones(flux.shape, bool)),
        bands=("F200W", "F444W"),
        wcs=WCS,
    )
    segments = np.zeros(shape, np.int32)
    segments[40:50, 30:44] = 10
    segments[60:70, SIZE - 6 : SIZE + 4] = 20
    segments[150:160, 20:30] = 30
    fits.writeto(tmp_path / "segmentation.fits", segments)
    x, y = np.array([36.5, SIZE - 1.5, 24.5]), np.array([44.5, 64.5, 154.5])
    ra, dec = WCS.all_pix2world(x, y, 0)
    Table({"ID": [10, 20, 30], "RA": ra, "DEC": dec, "FLAG_ST": [0, 0, 1]}).write(tmp_path / "catalogue.fits")
    rows = [f"{a:.9f},{d:.9f},{z}\n" for a, d, z in zip(ra, dec, (1.5, 2.5, 3.5), strict=True)]
    (tmp_path / "spec.csv").write_text("ra,dec,z_spec\n" + "".join(rows))
    return tmp_path


def prepare(survey, **changes):
    options = {
        "segmentation": survey / "segmentation.fits", "catalogue": survey / "catalogue.fits", "out": survey / "store",
        "redshifts": [survey / "spec.csv"], "tile_size_pix": SIZE, "block_tiles": 1,
        "fractions": (1.0, 0.0, 0.0), "dust": 0.01,
    }  # fmt: skip
    return zpix.prepare(survey / "mosaic", **{**options, **changes})


def test_sources_segments_and_redshifts_reach_their_tiles(survey):
    counts = prepare(survey)
    assert counts["train"] == {"tiles": 4, "galaxy": 3, "star": 1, "redshifts": 2}
    store = Store(survey / "store")
    assert store.bands == ("F200W", "F444W") and store.pixel_scale_arcsec == pytest.approx(0.03, rel=1e-4)
    tiles = [store.read("train", i) for i in range(4)]
    by_id = [dict(zip(t.source_id.tolist(), t.redshift.tolist(), strict=True)) for t in tiles]
    assert by_id[0] == {10: 1.5, 20: 2.5}
    assert list(by_id[1]) == [20] and np.isnan(by_id[1][20])  # four tenths of it, but not its position
    assert list(by_id[2]) == [30] and np.isnan(by_id[2][30]) and by_id[3] == {}
    assert tiles[2].label.tolist() == [2]
    np.testing.assert_array_equal(np.unique(tiles[0].segmentation), [0, 1, 2])
    assert (tiles[0].segmentation == 1).sum() == 140
    with open_mosaic(survey / "mosaic") as mosaic:
        np.testing.assert_array_equal(tiles[3].flux, mosaic.read(Region(SIZE, SIZE, 2 * SIZE, 2 * SIZE)).flux)


def test_a_band_the_mosaic_lacks_is_masked(survey):
    prepare(survey, bands=("F200W", "F277W", "F444W"))
    tile = Store(survey / "store").read("train", 0)
    assert np.isinf(tile.error[1]).all() and np.isfinite(tile.error[[0, 2]]).all()


def test_labels_of_spectra_alone(survey):
    """The catalogue's own z is left aside; its z_spec and the tables of redshifts count."""
    table = Table.read(survey / "catalogue.fits")
    table["z"], table["z_spec"] = [0.5, 0.6, 0.0], [np.nan, 2.4, np.nan]
    table.write(survey / "truth.fits")
    options = {"catalogue": survey / "truth.fits", "redshifts": ()}
    for labels, expected in (("all", {10: 0.5, 20: 0.6}), ("spectroscopic", {20: 2.4})):
        counts = prepare(survey, out=survey / labels, labels=labels, **options)
        assert counts["train"]["redshifts"] == len(expected) and counts["train"]["galaxy"] == 3
        tile = Store(survey / labels).read("train", 0)
        known = dict(zip(tile.source_id.tolist(), tile.redshift.tolist(), strict=True))
        assert {key: value for key, value in known.items() if np.isfinite(value)} == pytest.approx(expected)
    prepare(survey, out=survey / "both", labels="spectroscopic", **(options | {"redshifts": [survey / "spec.csv"]}))
    tile = Store(survey / "both").read("train", 0)
    assert dict(zip(tile.source_id.tolist(), tile.redshift.tolist(), strict=True)) == pytest.approx({10: 1.5, 20: 2.4})


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"segmentation": "nowhere.fits"}, InputFileError, "nowhere.fits"),
        ({"tile_size_pix": 512}, StoreError, "smaller than a tile"),
        ({"labels": "some"}, ConfigError, "labels = 'some'.*spectroscopic"),
        ({"labels": "spectroscopic", "redshifts": ()}, CatalogueError, "catalogue.fits.*z_spec"),
        ({"fractions": (0.5, 0.0, 0.0)}, ConfigError, "sum to one"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(survey, changes, error, message):
    with pytest.raises(error, match=message):
        prepare(survey, **changes)
    assert not (survey / "store").exists()


def test_a_segmentation_map_of_another_field_is_refused(survey):
    fits.writeto(survey / "other.fits", np.zeros((50, 60), np.int32))
    with pytest.raises(GridError, match="60 × 50"):
        prepare(survey, segmentation=survey / "other.fits")


def test_blocks_of_tiles_stay_together_and_fractions_hold():
    regions = cut_tiles((16 * 32, 16 * 32), 32)
    fractions = {"train": 0.7, "validation": 0.1, "test": 0.2}
    splits = split_by_position(regions, fractions=fractions, block_tiles=2, seed=3)
    blocks = {}
    for region, split in zip(regions, splits, strict=True):
        blocks.setdefault((region.x0 // 64, region.y0 // 64), set()).add(split)
    assert all(len(names) == 1 for names in blocks.values())
    for name, fraction in fractions.items():
        assert splits.count(name) / len(splits) == pytest.approx(fraction, abs=0.03)
    few = split_by_position(cut_tiles((32, 96), 32), fractions=fractions, block_tiles=1, seed=0)
    assert set(few) == {"train", "validation", "test"}


def test_renumbering_follows_the_list_and_drops_the_rest():
    window = np.array([[7, 3], [0, 9]])
    np.testing.assert_array_equal(renumber(window, np.array([9, 7])), [[2, 0], [0, 1]])
    assert not renumber(window, np.zeros(0, np.int64)).any()
