"""Which sources lie close to a brighter one, on places whose distances are known."""

import numpy as np

from experiments.close_pairs import distance_of_brighter


def test_the_nearest_brighter_source_counts_and_fainter_ones_do_not():
    dec = np.full(5, -27.8)
    east = np.array([0.0, 0.2, 0.5, 5.0, 5.4]) / 3600 / np.cos(np.deg2rad(-27.8))
    magnitude = np.array([22.0, 27.0, 24.0, 26.0, 25.0])
    found = distance_of_brighter(53.1 + east, dec, magnitude)
    np.testing.assert_allclose(found, [1.2, 0.2, 0.5, 0.4, 1.2], atol=1e-5)
