import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from zpix.errors import CatalogueError
from zpix.matching import SourceList, match_source_lists, read_source_list


def source_list(ra, box) -> SourceList:
    n = len(ra)
    return SourceList(np.arange(n), np.array(ra), np.zeros(n), np.array(box, float), np.full(n, np.nan))


def test_boxes_are_read_half_open_under_their_names(tmp_path):
    (tmp_path / "own.csv").write_text("id,ra,dec,score,x0,y0,x1,y1\n5,10,0,0.9,1,2,4,6\n6,11,0,0.8,5,5,5,9\n")
    own = read_source_list(tmp_path / "own.csv")
    np.testing.assert_array_equal(own.box, [[1, 2, 4, 6], [np.nan] * 4])  # a box without pixels is none
    assert own.boxed.tolist() == [True, False]
    assert own.score.tolist() == [0.9, 0.8]
    np.testing.assert_array_equal(own[:1].centre_xy, [[2, 3.5]])
    (tmp_path / "inclusive.csv").write_text("ra,dec,BBOX_XMIN,BBOX_YMIN,BBOX_XMAX,BBOX_YMAX\n10,0,1,2,3,5\n")
    inclusive = read_source_list(tmp_path / "inclusive.csv")
    np.testing.assert_array_equal(inclusive.box, own.box[:1])
    assert np.isnan(inclusive.score).all()


def test_boxes_may_be_in_another_table_than_positions(tmp_path):
    places = Table({"ID": [1, 2], "RA": [10.0, 11.0], "DEC": [0.0, 0.0]})
    sizes = Table(
        {f"BBOX_{side}": [low, low + 5] for side, low in (("XMIN", 1), ("YMIN", 2), ("XMAX", 3), ("YMAX", 5))}
    )
    tables = [fits.BinTableHDU(places, name="FLAG"), fits.BinTableHDU(sizes, name="SIZE")]
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(tmp_path / "survey.fits")
    np.testing.assert_array_equal(read_source_list(tmp_path / "survey.fits").box, [[1, 2, 4, 6], [6, 7, 9, 11]])


def test_an_identifier_occurs_once(tmp_path):
    (tmp_path / "twice.csv").write_text("id,ra,dec\n5,10,0\n5,11,0\n")
    with pytest.raises(CatalogueError, match="identifier 5 2 times"):
        read_source_list(tmp_path / "twice.csv")


def test_sources_match_by_box_and_without_one_by_position():
    found = source_list([10.0, 10.001, 10.002], [[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]])
    listed = source_list([10.002, 10.5, 10.0], [[np.nan] * 4, [21, 0, 31, 10], [40, 0, 50, 10]])
    matching = match_source_lists(found, listed)
    # the last box of `found` is taken by the last listed one, so nothing is left at the position of the first
    assert list(zip(matching.left.tolist(), matching.right.tolist(), strict=True)) == [(1, 1), (2, 2)]
    matching = match_source_lists(found, listed[:2])
    assert list(zip(matching.left.tolist(), matching.right.tolist(), strict=True)) == [(1, 1), (2, 0)]
    assert len(match_source_lists(found[:0], listed)) == len(match_source_lists(found, listed[:0])) == 0


def test_identifiers_and_positions_are_read_as_tables_have_them(tmp_path):
    """Identifiers in floating point, a negative right ascension, and hours where only these lie in the field."""
    (tmp_path / "a.csv").write_text("number,ra,dec\n9.0,-10,5\n4.0,0.5,5\n")
    found = read_source_list(tmp_path / "a.csv", identified=True)
    assert found.id.tolist() == [9, 4]
    np.testing.assert_allclose(found.ra, [350, 0.5])
    near = found[1:].near(np.array([7.4, 7.6]), np.array([4.9, 5.1]), path="a.csv")
    np.testing.assert_allclose(near.ra, [7.5])


def test_a_segmentation_map_needs_identifiers(tmp_path):
    (tmp_path / "a.csv").write_text("name,ra,dec\nx,10,5\n")
    assert read_source_list(tmp_path / "a.csv").id.tolist() == [1]
    with pytest.raises(CatalogueError, match="no identifiers"):
        read_source_list(tmp_path / "a.csv", identified=True)
