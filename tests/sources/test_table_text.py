import numpy as np
import pytest

from zpix.sources.table_text import numbers_of_text, text_of, whole_numbers


def test_numbers_and_truth_values_are_read_from_text():
    np.testing.assert_array_equal(numbers_of_text(np.array([" 1.5", "N/A", "True", "no"])), [1.5, np.nan, 1, 0])
    np.testing.assert_array_equal(numbers_of_text(np.array([True, False])), [1, 0])
    with pytest.raises(ValueError, match="abc"):
        numbers_of_text(np.array(["1", "abc"]))


def test_whole_numbers_have_no_point_in_text():
    assert text_of(np.array([4.0, 3.5, np.nan])).tolist() == ["4", "3.5", ""]
    assert text_of(np.array([" 4.0", "9.5b", "A"])).tolist() == ["4", "9.5b", "A"]
    assert text_of(np.array([7, 8])).tolist() == ["7", "8"]


@pytest.mark.parametrize("values", [[7, 8], [7.0, 8.0], ["7", " 8"], ["7.0", "8"], np.array([7, 8], ">u4")])
def test_identifiers_as_tables_have_them(values):
    assert whole_numbers(np.asarray(values)).tolist() == [7, 8]


@pytest.mark.parametrize("values", [[7.5, 8.0], [np.nan, 8.0], ["a7", "8"], [True, False], ["", "8"]])
def test_other_values_are_no_identifiers(values):
    assert whole_numbers(np.asarray(values)) is None
