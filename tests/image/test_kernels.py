import numpy as np
import pytest

from zpix.image.kernels import OVERLAP, SMOOTH


def shares_of_pixels(kernel, edges, count=40):
    """Share of the light of each of `count` pixels in each interval between edges: (interval, pixel)."""
    first, shares = kernel.taps(edges[:-1], edges[1:])
    found = np.zeros((len(edges) - 1, count))
    for number, share in enumerate(shares):
        inside = (first + number >= 0) & (first + number < count)
        found[np.flatnonzero(inside), (first + number)[inside]] += share[inside]
    return found


@pytest.mark.parametrize("kernel", [OVERLAP, SMOOTH])
@pytest.mark.parametrize("width", [0.5, 0.75, 1.0, 1.5, 2.0, 3.0])
def test_all_light_of_a_pixel_is_in_some_interval(kernel, width):
    edges = np.arange(-9.3, 53, width)
    shares = shares_of_pixels(kernel, edges)
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-12)
    among_pixels = (edges[:-1] > 4) & (edges[1:] < 36)
    np.testing.assert_allclose(shares[among_pixels].sum(axis=1), width, atol=2 / 2048)


@pytest.mark.parametrize("kernel", [OVERLAP, SMOOTH])
@pytest.mark.parametrize("width", [1, 2])
def test_intervals_of_whole_pixels_have_exactly_theirs(kernel, width):
    shares = shares_of_pixels(kernel, np.arange(0.0, 41, width))
    np.testing.assert_array_equal(shares, np.repeat(np.eye(40 // width), width, axis=1))


@pytest.mark.parametrize("shift", [0.125, 0.25, 0.5, 0.875])
def test_a_shift_keeps_the_moments_of_a_pixel(shift):
    """Of its light at x = 0, the centroid and with `SMOOTH` the second to the seventh moment, too."""
    edges = np.arange(0, 41.0) + shift
    x = edges[:-1] - 20
    moments = [(shares_of_pixels(SMOOTH, edges)[:, 20] * x**power).sum() for power in range(8)]
    np.testing.assert_allclose(moments, [1] + 7 * [0], atol=1e-8)
    even = shares_of_pixels(OVERLAP, edges)[:, 20]
    assert (even * x).sum() == pytest.approx(0, abs=1e-12)
    assert (even * x**2).sum() == pytest.approx(shift * (1 - shift))
