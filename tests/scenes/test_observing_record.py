import json

import pytest

from zpix.config import SimulationConfig
from zpix.scenes import Sky, write_field

pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
BANDS = ("F150W", "F444W")


def test_what_was_drawn_is_written_beside_the_field(tmp_path) -> None:
    config = SimulationConfig(
        cell_size_pix=512, limit_mag=24.0, star_density=0.0, ebv=0.01, zero_point_scatter_mag=0.05,
        psf_width_scatter=0.1, noise_over_error_range=(0.3, 0.6), depth_range=(0.7, 3.0),
    )  # fmt: skip
    write_field(tmp_path / "field", shape=(32, 32), seed=7, bands=BANDS, config=config)
    told = json.loads((tmp_path / "field" / "simulation.json").read_text())["drawn"]
    sky = Sky(7, BANDS, config)
    assert told == sky.drawn and told["depth"] == sky.depth and told["ebv"] == 0.01
    band = told["bands"]["F444W"]
    assert band["zero_point_mag"] == sky.conditions.zero_point_mag[1] != 0
    assert 0.9 < band["psf_width"] < 1.1 and 0.3 < band["noise_over_error"] < 0.6
    assert band["noise_correlation_pix"] == 0.74 and band["depth_mag"] == 0 == band["psf_ellipticity"]


def test_a_default_field_says_that_nothing_was_varied() -> None:
    told = Sky(1, BANDS).drawn
    assert told["matched_to"] is None and told["depth"] == 1
    assert told["bands"]["F444W"]["noise_over_error"] == pytest.approx(0.95)
    assert told["bands"]["F444W"]["psf_width"] == 1 and told["bands"]["F444W"]["zero_point_mag"] == 0
