"""The mean of all bands."""

import numpy as np

from zpix.catalogue.detection_stack import stack_bands
from zpix.image import Pixels


def test_bands_count_by_their_errors_and_not_where_they_have_no_data():
    flux = np.stack([np.full((40, 5), 3.0), np.full((40, 5), 6.0)]).astype(np.float32)
    error = np.stack([np.full((40, 5), 1.0), np.full((40, 5), 2.0)]).astype(np.float32)
    flux[1, 0, 0], error[1, 0, 0] = 0, np.inf
    flux[:, 1, 1], error[:, 1, 1] = 0, np.inf
    stack, noise = stack_bands(Pixels(flux, error, np.isfinite(error)))
    np.testing.assert_allclose(stack[2:], (3 + 6 / 4) / (1 + 1 / 4))
    np.testing.assert_allclose(noise[2:], 1 / np.sqrt(1 + 1 / 4))
    assert (stack[0, 0], noise[0, 0]) == (3, 1)
    assert (stack[1, 1], noise[1, 1]) == (0, np.inf)
