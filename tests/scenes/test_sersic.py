import numpy as np
import pytest
from scipy.special import j0

from zpix.scenes.sersic import sersic_profile, sersic_transform


@pytest.mark.parametrize("n", [0.5, 1.0, 2.53, 4.0, 6.0])
def test_transform_equals_a_direct_hankel_integral(n: float) -> None:
    radius = np.concatenate([[0.0], np.geomspace(1e-9, 1, 20_000), np.linspace(1, 40, 100_000)[1:]])
    light = sersic_profile(radius, n) * radius
    k = np.array([0.01, 0.1, 0.5, 1.0, 3.0, 10.0])
    direct = [np.trapezoid(light * j0(value * radius), radius) for value in k] / np.trapezoid(light, radius)
    np.testing.assert_allclose(sersic_transform(k, n), direct, atol=1e-3)


def test_transform_is_one_at_zero_frequency() -> None:
    assert sersic_transform(np.zeros((2, 3)), 1.7) == pytest.approx(np.ones((2, 3)))
