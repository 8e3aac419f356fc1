import numpy as np

from zpix.config import SimulationConfig
from zpix.image import Region
from zpix.scenes.zero_points import ZeroPoints

BANDS = ("F150W", "F444W")
FACTOR = (1.02, 0.97)


def points(**changes) -> ZeroPoints:
    config = SimulationConfig(zero_point_scatter_mag=0.03, **changes)
    return ZeroPoints(5, BANDS, 30.0, config, FACTOR)


def test_chips_of_short_bands_differ_and_windows_fit_together() -> None:
    whole = Region(-100, 50, 5900, 90)
    gain = points().gain(whole)
    assert gain.dtype == np.float32 and gain.shape == (2, 40, 6000)
    assert (gain[1] == np.float32(0.97)).all() and 3 < len(np.unique(gain[0])) < 9
    part = Region(2000, 60, 2900, 80)
    np.testing.assert_array_equal(points().gain(part), gain[(slice(None), *part.shifted(100, -50).slices)])


def test_the_scatter_of_a_short_band_is_shared_between_band_and_chips() -> None:
    # in coarse pixels the window has many chips
    gain = points(pixel_scale_arcsec=20.0).gain(Region(0, 0, 150, 150))[0] / FACTOR[0]
    values = -2.5 * np.log10(np.unique(gain))
    assert len(values) > 300 and abs(values.std() / (0.03 * np.sqrt(0.5)) - 1) < 0.15


def test_an_empty_window() -> None:
    assert points().gain(Region(3, 3, 3, 9)).shape == (2, 6, 0)
