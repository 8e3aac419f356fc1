from pathlib import Path

import numpy as np
import pytest

from zpix.errors import CatalogueError
from zpix.sources import SourceTable

Z = np.array([0.5, 1.0, 2.0])


def table(**columns) -> SourceTable:
    return SourceTable(Path("list.csv"), {"z": Z, **columns})


@pytest.mark.parametrize(
    ("columns", "labels"),
    [
        ({"label": np.array([1, 2, 1])}, [1, 2, 1]),
        ({"label": np.array([np.nan, 2.0, 7.0])}, [1, 2, 1]),  # what is unknown is a galaxy
        ({"class": np.array(["Galaxy", "STAR", "nebula"])}, [1, 2, 1]),
        ({"flag_st": np.array([0, 1, 0])}, [1, 2, 1]),
        ({}, [1, 1, 1]),
    ],
)
def test_classes_are_read_as_tables_have_them(columns, labels):
    given = table(**columns)
    assert given.label().tolist() == labels
    star = [label == 2 for label in labels]
    assert given.is_star().tolist() == star
    np.testing.assert_array_equal(given.redshift(required=True), np.where(star, np.nan, Z))


def test_a_further_class_is_read_by_its_name_and_has_a_redshift(qso):
    given = table(**{"class": np.array(["galaxy", "qso", "star"])})
    assert given.label().tolist() == [1, 3, 2] and given.is_star().tolist() == [False, False, True]
    np.testing.assert_array_equal(given.redshift(required=True), [0.5, 1.0, np.nan])


@pytest.mark.parametrize(
    "columns",
    [
        {"id": np.array([9, 4, 7])}, {"id": np.array([9.0, 4.0, 7.0])}, {"id": np.array(["9", "4", "7"])},
        {"number": np.array([9, 4, 7])}, {"id_1": np.array([9, 4, 7])}, {"label": np.array([9, 4, 7])},
        {"id": np.array(["a", "b", "c"]), "number": np.array([9, 4, 7])},
    ],
)  # fmt: skip
def test_identifiers_are_found_as_tables_have_them(columns):
    given = table(**columns)
    assert given.identifier(required=True).tolist() == [9, 4, 7] and given.label().tolist() == [1, 1, 1]


@pytest.mark.parametrize("columns", [{}, {"id": np.array(["a", "b", "c"])}, {"label": np.array([1, 2, 1])}])
def test_rows_are_numbered_only_where_identifiers_are_not_needed(columns, caplog):
    given = table(**columns)
    assert given.identifier().tolist() == [1, 2, 3] and "list.csv" in caplog.text and "numbered" in caplog.text
    with pytest.raises(CatalogueError, match=r"list\.csv.*no identifiers.*id, number.*label"):
        given.identifier(required=True)


def test_an_identifier_that_is_there_twice_is_refused():
    given = table(id=np.array([9, 4, 9]))
    assert given.identifier().tolist() == [9, 4, 9]
    with pytest.raises(CatalogueError, match="identifier 9 2 times"):
        given.identifier(repeated=False)


def test_what_is_not_known_is_nan_in_every_quantity():
    given = table(
        ra=np.array([-10.0, 710.0, -99.0]), dec=np.array([1.0, 1.0, -99.0]), flux_f444w=np.array([5.0, -99.0, 5.0]),
        fluxerr_f444w=np.array([1.0, 1.0, np.inf]), mag=np.array([25.0, 99.0, np.nan]), z=np.array([0.0, 99.0, 2.0]),
    )  # fmt: skip
    np.testing.assert_allclose(given.position()[0], [350.0, 350.0, np.nan])
    np.testing.assert_array_equal(given.flux("F444W")[0], [5.0, np.nan, np.nan])
    np.testing.assert_array_equal(given.magnitude("mag"), [25.0, np.nan, np.nan])
    np.testing.assert_array_equal(given.redshift(required=True), [np.nan, np.nan, 2.0])


def test_words_are_secure_and_numbers_may_be_text():
    given = table(zflag=np.array(["secure", "tentative", "4.0"]), is_star=np.array(["False", "True", "False"]))
    assert given.quality_column == "zflag" and given.is_star().tolist() == [False, True, False]
    np.testing.assert_array_equal(given.redshift(required=True), [0.5, np.nan, 2.0])
