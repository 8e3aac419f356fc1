"""What a selection keeps, on counts whose answer is known."""

import numpy as np

from experiments import selections
from zpix.catalogue import flag_value


def test_galaxies_outliers_and_stars_are_counted():
    flags = np.zeros(12, np.int32)
    flags[:4] = flag_value("BLENDED")
    flags[4:6] = flag_value("MULTIPEAK")
    flags[10] = flag_value("STAR")
    outlier = np.isin(np.arange(12), [0, 4, 5])
    magnitude = np.where(np.arange(12) == 9, 30.0, 27.0)
    found = selections.Partners(flags, magnitude, np.arange(12) >= 10, outlier)
    rows = {name: selections.row(name, found, 28.0)[2:] for name in selections.SELECTIONS}
    assert rows["no flag is looked at"] == ["1.000 of 9", "0.333", "2"]
    assert rows["sound data and a galaxy"] == ["1.000 of 9", "0.333", "1"]
    assert rows["and one narrow peak"] == ["0.778 of 9", "0.143", "1"]
    assert rows["sound data, a galaxy, not BLENDED"] == ["0.556 of 9", "0.400", "1"]
