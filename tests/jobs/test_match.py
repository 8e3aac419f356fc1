"""Two catalogues are matched by masks, boxes or positions, and everything is accounted for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table

import zpix
from zpix.errors import CatalogueError, ConfigError, GridError, InputFileError, OutputError
from zpix.jobs.match import SCHEMA

SCALE = 0.03 / 3600  # degrees per pixel

# Left: two detections of a large source, a small source, one alone. Right: the large one, the small one, one alone.
LEFT = np.array([[0, 0, 20, 18], [1, 1, 20, 20], [50, 50, 58, 60], [100, 100, 110, 110]], float)
RIGHT = np.array([[50, 51, 58, 60], [0, 0, 20, 20], [200, 200, 210, 210]], float)


def table(box: np.ndarray, sides=("x0", "y0", "x1", "y1"), *, first_id: int = 1, **further) -> Table:
    """Catalogue of boxes near the celestial equator, at 0.03 arcsec per pixel."""
    x, y = 0.5 * (box[:, 0] + box[:, 2]), 0.5 * (box[:, 1] + box[:, 3])
    columns = {"ID": np.arange(first_id, first_id + len(box)), "RA": 10 + x * SCALE, "DEC": y * SCALE}
    return Table(columns | dict(zip(sides, box.T, strict=False)) | further)


@pytest.fixture
def left(tmp_path):
    table(LEFT, score=[0.9, 0.5, 0.8, 0.7]).write(tmp_path / "left.fits")
    return tmp_path / "left.fits"


@pytest.fixture
def right(tmp_path):
    table(RIGHT, ("XMIN", "YMIN", "XMAX", "YMAX"), first_id=71).write(tmp_path / "right.csv")
    return tmp_path / "right.csv"


def partners(found) -> dict[int, int]:
    """Right identifier of each left one that has a partner."""
    columns = found.columns
    matched = columns["status"] == "matched"
    return dict(zip(columns["left_id"][matched].tolist(), columns["right_id"][matched].tolist(), strict=True))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {2: 72, 3: 71}),  # IoU of 361 / 400 against 360 / 400
        ({"method": "greedy"}, {1: 72, 3: 71}),  # the one with the higher score
        ({"method": "merz2026"}, {1: 72, 2: 72, 3: 71}),  # both
        ({"min_iou": 0.901}, {2: 72}),
        ({"by": "position", "radius_arcsec": 0.1}, {2: 72, 3: 71}),  # centres 0.7 and 1 pixels apart
        ({"by": "position", "radius_arcsec": 0.005}, {}),
    ],
)
def test_small_catalogues_match_as_counted_by_hand(left, right, options, expected):
    found = zpix.match(left, right, **options)
    assert partners(found) == expected
    assert found.counts["matched"] == len(expected)
    assert found.counts["left only"] == 4 - len(expected)
    assert found.counts["right only"] == 3 - len(set(expected.values()))
    listed = found.columns
    assert len(listed["status"]) == 4 + 3 - len(set(expected.values()))
    assert listed["left_id"][listed["status"] != "right only"].tolist() == [1, 2, 3, 4]
    assert (listed["right_id"][listed["status"] == "left only"] == -1).all()


def test_overlap_and_separation_are_told(left, right):
    columns = zpix.match(left, right).columns
    row = columns["left_id"].tolist().index(2)
    assert columns["by"][row] == "box"
    assert columns["iou"][row] == pytest.approx(361 / 400)
    assert columns["separation_arcsec"][row] == pytest.approx(0.03 * np.hypot(0.5, 0.5), rel=1e-4)
    assert np.isnan(columns["separation_arcsec"][columns["status"] != "matched"]).all()


@pytest.mark.parametrize("ending", [".fits", ".parquet", ".csv"])
def test_the_table_is_written_in_every_format(left, right, tmp_path, ending):
    found = zpix.match(left, right, out=tmp_path / f"matched{ending}")
    stored = (
        Table(pq.read_table(tmp_path / "matched.parquet").to_pydict())
        if ending == ".parquet"
        else Table.read(tmp_path / f"matched{ending}")
    )
    assert stored.colnames == [column.name for column in SCHEMA]
    assert [str(value).strip() for value in stored["status"]] == found.columns["status"].tolist()
    np.testing.assert_array_equal(stored["left_id"], found.columns["left_id"])
    if ending == ".fits":
        assert stored["left_ra"].unit == "deg" and stored.meta["METHOD"] == "hungarian"


def test_parquet_tables_of_others_are_read(left, right, tmp_path):
    """With text, columns of lists, and cells that are empty; a box that lacks a side is none."""
    boxes = Table.read(right)
    columns = {name: boxes[name].tolist() for name in boxes.colnames}
    columns["XMIN"][2] = None
    columns |= {"survey": ["a", None, "b"], "mags": [[1.0], [2.0], [3.0]]}
    pq.write_table(pa.table(columns), tmp_path / "other.parquet")
    found = zpix.match(left, tmp_path / "other.parquet")
    assert partners(found) == {2: 72, 3: 71}
    assert found.columns["right_id"].tolist()[-1] == 73
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputFileError, match=r"broken\.parquet' cannot be read as a parquet table"):
        zpix.match(left, tmp_path / "broken.parquet")


def write_map(path, boxes: np.ndarray, ids, shape=(220, 220)) -> None:
    """Map of filled boxes; later ones lie on top."""
    values = np.zeros(shape, np.int32)
    for (x0, y0, x1, y1), number in zip(boxes.astype(int), ids, strict=True):
        values[y0:y1, x0:x1] = number
    fits.writeto(path, values)


def test_masks_decide_where_both_maps_are_given(left, right, tmp_path):
    """The first detection has no pixel left under the second, which is the better match now; one has no segment."""
    write_map(tmp_path / "left_map.fits", LEFT[[0, 1, 3]] * [1, 1, 1, 1], [1, 2, 4])
    write_map(tmp_path / "right_map.fits", RIGHT, [71, 72, 73])
    maps = {"left_segmentation": tmp_path / "left_map.fits", "right_segmentation": tmp_path / "right_map.fits"}
    found = zpix.match(left, right, **maps)
    assert partners(found) == {2: 72, 3: 71}
    by = dict(zip(found.columns["left_id"].tolist(), found.columns["by"].tolist(), strict=True))
    assert by[2] == "mask" and by[3] == "position"
    iou = dict(zip(found.columns["left_id"].tolist(), found.columns["iou"].tolist(), strict=True))
    assert iou[2] == pytest.approx(361 / 400) and np.isnan(iou[3])
    with pytest.raises(ConfigError, match="maps of both"):
        zpix.match(left, right, by="mask", left_segmentation=tmp_path / "left_map.fits")
    write_map(tmp_path / "small.fits", RIGHT[:2], [71, 72], shape=(90, 90))
    with pytest.raises(GridError, match="90"):
        zpix.match(left, right, **{**maps, "right_segmentation": tmp_path / "small.fits"})


def test_a_table_without_boxes_is_matched_by_position(left, tmp_path):
    table(RIGHT, ()).write(tmp_path / "plain.csv")
    found = zpix.match(left, tmp_path / "plain.csv")
    assert partners(found) == {2: 2, 3: 1}
    assert found.counts["by position"] == 2
    with pytest.raises(CatalogueError, match=r"plain\.csv' has no boxes"):
        zpix.match(left, tmp_path / "plain.csv", by="box")


def test_boxes_of_another_grid_are_not_compared(left, tmp_path):
    moved = table(RIGHT)
    for side in ("x0", "y0", "x1", "y1"):
        moved[side] += 40.0
    moved.write(tmp_path / "moved.fits")
    assert zpix.match(left, tmp_path / "moved.fits").counts["by position"] == 2
    with pytest.raises(CatalogueError, match="not on one grid"):
        zpix.match(left, tmp_path / "moved.fits", by="box")


def test_boxes_of_jades_stand_beside_the_positions(left, tmp_path):
    """In another extension, with the last pixel inside."""
    flag = table(RIGHT, ())["ID", "RA", "DEC"]
    size = Table(dict(zip(("BBOX_XMIN", "BBOX_YMIN", "BBOX_XMAX", "BBOX_YMAX"), (RIGHT - [0, 0, 1, 1]).T, strict=True)))
    size["ID"] = flag["ID"]
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(name="OTHER")]
    hdus += [fits.BinTableHDU(t, name=name) for t, name in ((flag, "FLAG"), (size, "SIZE"))]
    fits.HDUList(hdus).writeto(tmp_path / "jades.fits")
    found = zpix.match(left, tmp_path / "jades.fits")
    assert partners(found) == {2: 2, 3: 1} and found.counts["by box"] == 2
    assert found.columns["iou"][1] == pytest.approx(361 / 400)


def test_an_empty_catalogue_matches_nothing(left, tmp_path):
    table(RIGHT[:0]).write(tmp_path / "empty.fits")
    found = zpix.match(left, tmp_path / "empty.fits", out=tmp_path / "out.fits")
    assert found.counts == {
        "matched": 0, "by mask": 0, "by box": 0, "by position": 0, "left only": 4, "right only": 0,
    }  # fmt: skip


def test_mistakes_are_told_and_leave_nothing(left, right, tmp_path):
    for options, error, words in (
        ({"out": tmp_path / "out.txt"}, OutputError, r"out\.txt.*\.fits, \.parquet, \.csv"),
        ({"out": left}, OutputError, "already exists.*--overwrite"),
        ({"min_iou": 0.0}, ConfigError, r"IoU is 0\.0"),
        ({"radius_arcsec": -1.0}, ConfigError, "radius is -1"),
    ):
        with pytest.raises(error, match=words):
            zpix.match(left, right, **options)
    twice = table(RIGHT)
    twice["ID"] = [3, 3, 4]
    twice.write(tmp_path / "twice.fits")
    with pytest.raises(CatalogueError, match=r"twice\.fits' has the identifier 3 2 times"):
        zpix.match(left, tmp_path / "twice.fits", out=tmp_path / "out.fits")
    assert not (tmp_path / "out.fits").exists()
