from pathlib import Path

import numpy as np
import pytest

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
