from dataclasses import replace

import numpy as np
import pytest

from zpix.scenes.form_shapes import form_shape
from zpix.scenes.forms import CLUMPY, FORM_REACH, IRREGULAR, MERGING, SMOOTH, SPIRAL
from zpix.scenes.structure import BAR, Structure


def galaxy(form: int, seed: int = 1, *, barred: bool = False) -> Structure:
    plain = Structure.plain(np.array([0.5]), np.ones(1), np.array([0.6]))
    shares = plain.shares.copy()
    shares[:, BAR] = 0.2 * barred
    return replace(plain, shares=shares, form=np.array([form], np.int8), form_seed=np.array([seed]))


@pytest.mark.parametrize("form", [SPIRAL, CLUMPY, IRREGULAR, MERGING])
@pytest.mark.parametrize("seed", range(5))
def test_spots_have_all_light_and_lie_within_reach(form: int, seed: int) -> None:
    shape = form_shape(galaxy(form, seed, barred=form == SPIRAL), 30.0)
    for spots in (shape.arms, shape.bar):
        assert len(spots.x) == 0 or spots.share.sum() == pytest.approx(1)
        assert (spots.share >= 0).all() and (spots.re_arcsec > 0).all()
        assert (np.hypot(spots.x, spots.y) < FORM_REACH[form] * 0.5).all()
    assert len(shape.arms.x) > 3 and (len(shape.bar.x) > 0) == (form in (SPIRAL, MERGING))
    again = form_shape(galaxy(form, seed, barred=form == SPIRAL), 30.0)
    np.testing.assert_array_equal(again.arms.x, shape.arms.x)


def test_smooth_galaxies_have_no_spots() -> None:
    shape = form_shape(galaxy(SMOOTH), 0.0)
    assert len(shape.arms.x) == len(shape.bar.x) == 0 and (shape.disc_x, shape.disc_y) == (0, 0)


def test_arms_wind_around_the_centre() -> None:
    arms = form_shape(replace(galaxy(SPIRAL, 3), axis_ratio=np.ones((1, 2))), 0.0).arms
    n = int(np.argmin(np.diff(np.hypot(arms.x, arms.y)))) + 1  # the first arm: radii rise along it
    turned = np.ptp(np.unwrap(np.arctan2(arms.y[:n], arms.x[:n])))
    assert n > 10 and turned > 1


def test_irregular_galaxies_are_lopsided_with_blobs_and_disc_on_opposite_sides() -> None:
    for seed in range(5):
        shape = form_shape(galaxy(IRREGULAR, seed), 0.0)
        x, y = (shape.arms.share * shape.arms.x).sum(), (shape.arms.share * shape.arms.y).sum()
        assert x * shape.disc_x + y * shape.disc_y < 0


def test_an_ellipse_lies_along_the_position_angle() -> None:
    spots = form_shape(replace(galaxy(CLUMPY, 2), axis_ratio=np.full((1, 2), 0.01)), 90.0).arms
    assert np.abs(spots.x).max() > 20 * np.abs(spots.y).max()  # east of north is along −x
