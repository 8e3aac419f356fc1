"""Windows around sources, without the light of neighbours."""

import numpy as np

from zpix.catalogue.light_windows import PaddedImage, cut_windows

NOTHING = (np.zeros(0, int),) * 3


def padded(image: np.ndarray, error: float = 1.0) -> PaddedImage:
    return PaddedImage.of(image.astype(np.float32), np.full(image.shape, error, np.float32), 10)


def test_windows_hold_the_image_and_nothing_beyond_it():
    image = np.arange(30 * 40).reshape(30, 40)
    windows = cut_windows(padded(image), np.array([[20, 15], [0, 1]]), 3, masks=NOTHING)
    np.testing.assert_array_equal(windows.light[0], image[12:19, 17:24])
    np.testing.assert_array_equal(windows.light[1][2:, 3:], image[:5, :4])
    assert (windows.light[1][:, :3] == 0).all() and np.isinf(windows.error[1][:2]).all()


def test_a_neighbour_takes_the_value_of_the_other_side():
    image = np.zeros((41, 41))
    image[20, 20] = 500
    image[18:21, 25:28] = 100  # a neighbour
    middle = np.array([[20, 20]])
    windows = cut_windows(padded(image), middle, 9, masks=(np.array([0]), np.array([20]), np.array([20])))
    light, foreign = windows.without_neighbours(middle.astype(float))
    assert foreign[0, 7:10, 14:17].all()
    assert light[0, 9, 9] == 500 and light.sum() == 500
    own = np.nonzero(image)
    windows = cut_windows(padded(image), middle, 9, masks=(np.zeros(len(own[0]), int), own[1], own[0]))
    assert windows.without_neighbours(middle.astype(float))[0].sum() == image.sum()


def test_what_is_not_known_replaces_nothing():
    image = np.zeros((21, 41))
    image[4:7, 19:22] = 100
    middle = np.array([[20, 1]])  # the other side lies beyond the image
    _, foreign = cut_windows(padded(image), middle, 6, masks=NOTHING).without_neighbours(middle.astype(float))
    assert not foreign.any()


def test_far_from_the_centre_a_mask_may_hold_a_neighbour():
    image = np.zeros((41, 41))
    image[20, 20] = 500
    image[18:21, 25:28] = 100
    own, middle = np.nonzero(image), np.array([[20, 20]])
    windows = cut_windows(padded(image), middle, 9, masks=(np.zeros(len(own[0]), int), own[1], own[0]))
    light, foreign = windows.without_neighbours(middle.astype(float), core_pix=np.array([3.0]))
    assert foreign[0, 7:10, 14:17].all() and light.sum() == 500
