import numpy as np

from zpix.config import SimulationConfig
from zpix.scenes.star_population import draw_stars

AREA = 150.0  # arcmin²


def test_a_fraction_of_the_stars_is_drawn_flat_in_magnitude() -> None:
    config = SimulationConfig(bright_star_boost=0.2, bright_star_range=(15.0, 20.0))
    usual = draw_stars(np.random.default_rng(1), AREA, SimulationConfig())
    stars = draw_stars(np.random.default_rng(1), AREA, config)
    changed = stars.mag != usual.mag
    assert len(stars) == len(usual) and 0.12 < changed.mean() < 0.22
    assert not changed[stars.kind == "brown_dwarf"].any()
    mag = stars.mag[changed]
    assert mag.min() >= 15 and mag.max() <= 20 and abs(np.median(mag) - 17.5) < 0.6
