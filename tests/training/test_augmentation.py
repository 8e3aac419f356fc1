import numpy as np
import pytest

from zpix.training.augmentation import Orientation, hidden_bands

EIGHT = [Orientation(turns, mirrored) for turns in range(4) for mirrored in (False, True)]


@pytest.mark.parametrize("orientation", EIGHT)
def test_an_image_and_the_sides_of_a_box_turn_together(orientation):
    image = np.zeros((2, 9, 9))
    image[:, 2:4, 1:8] = 1  # 7 wide, 2 high
    turned = orientation.of_image(image)
    assert turned.flags.c_contiguous
    rows, columns = np.nonzero(turned[0])
    width, height = np.ptp(columns) + 1, np.ptp(rows) + 1
    np.testing.assert_array_equal(orientation.of_sides(np.array([[7, 2]])), [[width, height]])


def test_the_eight_orientations_differ_and_all_are_drawn():
    image = np.arange(9).reshape(3, 3)
    assert len({orientation.of_image(image).tobytes() for orientation in EIGHT}) == 8
    rng = np.random.default_rng(0)
    assert {Orientation.draw(rng) for _ in range(200)} == set(EIGHT)


def test_bands_are_hidden_as_often_as_asked_and_never_all():
    hidden = hidden_bands((4000, 3), 0.2, np.random.default_rng(0))
    assert not hidden.all(1).any() and hidden.mean() == pytest.approx(0.2 - 0.2**3, abs=0.01)
    assert not hidden_bands((5,), 1.0, np.random.default_rng(0)).any()
