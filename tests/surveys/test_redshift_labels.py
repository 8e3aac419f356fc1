import numpy as np
import pytest
from astropy.table import Table

import zpix
from tests.surveys.small_jades import SHAPE, SOURCES, TILE
from zpix.image import Region, SegmentationMap, open_mosaic
from zpix.surveys.jades_catalogue import read_jades_sources
from zpix.surveys.redshift_labels import choose_labels, tiles_of
from zpix.surveys.redshift_lists import read_redshifts
from zpix.surveys.spectroscopy import compile_redshifts
from zpix.training.annotation import cut_tiles

EXPECTED = {
    1001: "", 1002: "at an edge", 1003: "at an edge", 1004: "of stars", 1005: "without a segment", 1006: "",
    1007: "", 1009: "between tiles", 1011: "in conflict",
}  # fmt: skip


def chosen(field, sources, lists):
    compilation = compile_redshifts([read_redshifts(one) for one in lists])
    with open_mosaic(field.mosaics) as mosaic, SegmentationMap(field.segmentation, shape=mosaic.shape) as segments:
        return choose_labels(
            sources, compilation, mosaic=mosaic, segmentation=segments, tiles=cut_tiles(SHAPE, TILE), radius_arcsec=0.3
        )


def test_each_redshift_is_used_or_left_out_by_its_rule(jades_field):
    sources = read_jades_sources(jades_field.catalogue)
    labels = chosen(jades_field, sources, [jades_field.dr4, jades_field.dr3])
    found: dict[int, set[str]] = {}
    for identifier, reason in zip(labels.identifier(sources).tolist(), labels.reason.tolist(), strict=True):
        found.setdefault(identifier, set()).add(reason)
    assert found == {
        **{identifier: {reason} for identifier, reason in EXPECTED.items()},
        1012: {"", "of a source that has one"},
        -1: {"outside the mosaics"},
    }
    known = dict(zip(sources.id.tolist(), labels.redshift_of(sources).tolist(), strict=True))
    assert {k: z for k, z in known.items() if z > 0} == {1001: 1.501, 1006: 3.0, 1007: 2.7, 1012: 2.5}
    counts = labels.counts()
    assert counts["known"] == 13 == sum(counts.values()) - counts["known"] and counts["learnt from"] == 4


def test_redshifts_of_the_catalogue_come_first_and_keep_the_rules(jades_field):
    sources = read_jades_sources(jades_field.catalogue)
    own = np.where(np.isin(sources.id, [1001, 1002, 1010]), 1.0, np.where(sources.id == 1007, 25.0, np.nan))
    sources = type(sources)(sources.id, sources.ra, sources.dec, sources.label, own)
    labels = chosen(jades_field, sources, [jades_field.dr4])
    known = dict(zip(sources.id.tolist(), labels.redshift_of(sources).tolist(), strict=True))
    assert {k: z for k, z in known.items() if z > 0} == {1001: 1.0, 1006: 3.0, 1010: 1.0, 1012: 2.5}
    assert labels.counts()["out of range"] == 1 and labels.counts()["at an edge"] == 2


def test_a_field_without_redshifts_has_no_labels(jades_field):
    labels = chosen(jades_field, read_jades_sources(jades_field.catalogue), [])
    assert labels.counts()["known"] == labels.counts()["learnt from"] == 0


def test_positions_belong_to_one_tile():
    tiles = [Region(0, 0, 10, 10), Region(10, 0, 20, 10)]
    assert tiles_of(tiles, np.array([0, 9.4, 9.6, 25]), np.array([5, 5, 5, 5.0])).tolist() == [0, 0, 1, -1]


@pytest.fixture
def truth(jades_field, tmp_path):
    """A catalogue that knows all redshifts, as that of a simulation does."""
    sources = read_jades_sources(jades_field.catalogue)
    z = np.linspace(1, 2, len(SOURCES))
    Table({"id": sources.id, "ra": sources.ra, "dec": sources.dec, "z": z, "label": sources.label}).write(
        tmp_path / "truth.csv"
    )
    return tmp_path / "truth.csv"


@pytest.mark.parametrize(("redshifts", "expected"), [((), 7), (("dr4",), 3)])
def test_with_lists_the_redshifts_of_the_catalogue_are_taken_for_photometric(
    jades_field, truth, redshifts, expected, tmp_path
):
    counts = zpix.prepare(
        jades_field.mosaics, segmentation=jades_field.segmentation, catalogue=truth, tile_size_pix=TILE, dust=0.01,
        redshifts=[getattr(jades_field, name) for name in redshifts], out=tmp_path / "store", dry_run=True,
    )  # fmt: skip
    assert counts["labels"]["learnt from"] == expected
