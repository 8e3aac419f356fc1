from pathlib import Path

import numpy as np
import pytest

from zpix.errors import CatalogueError
from zpix.sources.sky_angles import angle_deg, degrees_near

PATH = Path("list.csv")


@pytest.mark.parametrize(
    ("values", "unit", "column", "degrees", "said"),
    [
        (["03:32:14.5", "03:33:00", ""], "", "ra", [53.0604166667, 53.25, np.nan], "hours, minutes"),
        (["03h32m14.5s", "N/A"], "", "raj2000", [53.0604166667, np.nan], "hours, minutes"),
        (["53:03:37.5", "10:00:00"], "", "ra", [53.0604166667, 10.0], ""),  # no hours: one is beyond 24
        (["03:32:14.5"], "deg", "ra", [3.5373611111], ""),
        (["-27:48:00", "+01:30:00"], "", "dec", [-27.8, 1.5], ""),
        (["53.1", "nan"], "", "ra", [53.1, np.nan], ""),
        ([3.54, 3.55], "hourangle", "ra", [53.1, 53.25], "hourangle"),
        ([3.54], "", "ra_hours", [53.1], "hours"),
        ([53.1, -99.0], "deg", "ra", [53.1, np.nan], ""),
        ([np.pi / 2], "rad", "dec", [90.0], "rad"),
    ],
)
def test_angles_as_tables_have_them(values, unit, column, degrees, said, caplog):
    found = angle_deg(np.array(values), unit=unit, column=column, path=PATH)
    np.testing.assert_allclose(found, degrees, atol=1e-9)
    assert (said in caplog.text and "list.csv" in caplog.text) if said else not caplog.text


@pytest.mark.parametrize("text", [["abc", "1"], ["03:72:xx", "03:32:14"]])
def test_other_text_is_refused(text):
    with pytest.raises(CatalogueError, match=r"list\.csv.*text in column 'ra'"):
        angle_deg(np.array(text), column="ra", path=PATH)


def test_a_field_tells_hours_from_degrees(caplog):
    dec, near = np.array([-27.8, -27.7, np.nan]), (np.array([53.0, 53.2]), np.array([-27.9, -27.6]))
    hours = np.array([3.54, 3.545, np.nan])
    np.testing.assert_allclose(degrees_near(hours, dec, *near, path=PATH), 15 * hours)
    assert "list.csv" in caplog.text and "hours" in caplog.text
    caplog.clear()
    for given in (15 * hours, hours + 0.7):  # in degrees; elsewhere either way
        np.testing.assert_array_equal(degrees_near(given, dec, *near, path=PATH), given)
    same = np.array([3.54, 3.6, np.nan])  # a field at 3.5 degrees
    np.testing.assert_array_equal(degrees_near(same, dec, same, dec, path=PATH), same)
    assert not caplog.text
