"""What a flag is worth, on counts whose answer is known."""

import numpy as np

from experiments import flags
from zpix.catalogue import flag_value


def found() -> flags.Searched:
    """400 galaxies, 100 of them marked, of which half are outliers, and of the others one in ten; 10 stars."""
    marks = np.zeros(410, np.int32)
    marks[:100] |= flag_value("OUTSIDE_TRAINING")
    marks[400:408] |= flag_value("STAR")
    outlier = np.zeros(410, bool)
    outlier[:50] = outlier[100:130] = True
    kind = np.array(["galaxy"] * 400 + ["star"] * 6 + ["brown_dwarf"] * 4)
    magnitude = np.where(np.arange(410) % 2, 27.0, 29.0)
    return flags.Searched(marks, magnitude, np.arange(410) >= 400, kind, outlier)


def test_a_flag_is_worth_the_ratio_of_outliers():
    cells = flags.worth(found(), "OUTSIDE_TRAINING", np.inf)
    assert cells[:4] == ["100", "400", "0.500", "0.100"]
    value, low, _, high = cells[4].replace("(", "").replace(")", "").split()
    assert float(low) < float(value) == 5.0 < float(high)
    assert flags.worth(found(), "OUTSIDE_TRAINING", 28.0)[:2] == ["50", "200"]
    assert flags.worth(found(), "SATURATED", np.inf) == ["0", "400", "-", "0.200", "-"]


def test_stars_are_counted_by_their_kind():
    assert [row[:3] for row in flags.stars(found())] == [
        ["stars", "6", "6"],
        ["brown dwarfs", "4", "2"],
        ["galaxies", "400", "0"],
    ]
