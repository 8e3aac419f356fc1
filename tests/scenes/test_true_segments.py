import numpy as np
import pytest

from zpix.image import JADES_BANDS, Region
from zpix.scenes.true_segments import TrueSegments, detection_weights, draw_segments, significance


def disc(x: int, y: int, radius: int, height: float) -> tuple[Region, np.ndarray]:
    rows, columns = np.indices((2 * radius + 1,) * 2) - radius
    value = height * (1 - np.hypot(rows, columns) / (radius + 1))
    return Region(x - radius, y - radius, x + radius + 1, y + radius + 1), np.clip(value, 0, None).astype("f4")


def segments(*stamps: tuple[Region, np.ndarray], size: int = 60) -> TrueSegments:
    return draw_segments(Region(0, 0, size, size), list(stamps), threshold=0.5, min_pixels=5, min_snr=5.0)


def test_an_isolated_source_has_a_tight_box() -> None:
    found = segments(disc(30, 20, 8, 10.0))
    ys, xs = np.nonzero(found.owner == 0)
    assert tuple(found.box[0]) == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    assert found.n_pix[0] == len(xs)
    assert found.blendedness[0] == pytest.approx(0, abs=1e-6)


def test_the_brighter_source_owns_the_pixel() -> None:
    found = segments(disc(20, 30, 10, 10.0), disc(32, 30, 10, 5.0))
    assert found.owner[30, 20] == 0 and found.owner[30, 34] == 1
    assert found.n_pix[0] > found.n_pix[1]
    assert found.blendedness[1] > found.blendedness[0] > 0


def test_a_faint_source_leaves_no_hole() -> None:
    found = segments(disc(30, 30, 12, 3.0), disc(36, 30, 1, 2.5))
    assert found.n_pix[1] == 0 and found.snr[1] == 0 and not found.box[1].any()
    assert found.owner[30, 36] == 0


def test_a_segment_is_cut_where_the_region_ends() -> None:
    found = segments(disc(-2, 30, 8, 10.0), disc(200, 200, 8, 10.0))
    assert found.box[0, 0] == 0 and found.n_pix[0] > 0
    assert found.n_pix[1] == 0


def cut_in_two(*, all_pieces: bool) -> TrueSegments:
    wide, narrow = disc(30, 30, 14, 3.0), np.zeros((9, 61), np.float32)
    narrow[:] = 8.0
    bar = (Region(0, 26, 61, 35), narrow)
    limits = {"threshold": 0.5, "min_pixels": 5, "min_snr": 5.0}
    return draw_segments(Region(0, 0, 61, 61), [wide, bar], all_pieces=all_pieces, **limits)


def test_pieces_of_a_divided_source_are_its_own_if_they_could_be_found() -> None:
    one, both = cut_in_two(all_pieces=False), cut_in_two(all_pieces=True)
    assert (one.owner[20, 30] == 0) != (one.owner[40, 30] == 0)
    assert both.owner[20, 30] == both.owner[40, 30] == 0
    assert both.n_pix[0] == (both.owner == 0).sum() > one.n_pix[0]
    assert both.box[0, 1] < 26 < 35 < both.box[0, 3]


def test_light_that_is_faint_beside_the_peak_can_count() -> None:
    star = disc(30, 30, 20, 1e6)
    star[1][20, 5:15] = 1.0
    limits = {"threshold": 0.5, "min_pixels": 5, "min_snr": 5.0}
    usual, all_light = (
        draw_segments(Region(0, 0, 60, 60), [star], faintest_of_peak=least, **limits) for least in (5e-6, 0.0)
    )
    assert usual.owner[30, 20] == -1 and all_light.owner[30, 20] == 0


def test_no_sources() -> None:
    found = segments()
    assert found.box.shape == (0, 4) and (found.owner == -1).all()


def test_stacks_weight_by_inverse_variance() -> None:
    sigma = np.linspace(0.1, 0.2, 9)
    weights = detection_weights(JADES_BANDS, sigma)
    noise = np.random.default_rng(0).normal(size=(9, 100, 100)) * sigma[:, None, None]
    for stack in np.tensordot(weights, noise, axes=1):
        assert stack.std() == pytest.approx(1, rel=0.05)
    assert detection_weights(("F090W",), np.ones(1)).shape == (1, 1)


def test_a_blue_source_is_seen_in_the_short_bands() -> None:
    light = np.zeros((9, 3, 3), np.float32)
    light[0, 1, 1] = 1.0
    weights = detection_weights(JADES_BANDS, np.ones(9))
    assert significance(light, weights)[1, 1] == pytest.approx(0.5)
    assert significance(light, weights, np.arange(9, dtype=np.float32))[1, 1] == 0  # a part of a source that is red
