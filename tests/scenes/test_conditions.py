from dataclasses import fields, replace

import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.image import JADES_BANDS
from zpix.scenes.conditions import band_share, draw_conditions
from zpix.scenes.noise import noise_kernels

PLAIN = draw_conditions(1, JADES_BANDS, SimulationConfig())
#: What switches each difference on, and the attribute of `Conditions` that then differs.
OPTIONS = {
    "zero_point_mag": {"zero_point_scatter_mag": 0.03},
    "matched_to": {"matched_fraction": 1.0},
    "stretch": {"psf_width_scatter": 0.15, "psf_ellipticity": 0.05},
    "noise_over_error": {"noise_over_error_range": (0.15, 1.5)},
    "kernels": {"noise_correlation_range": (0.3, 1.0)},
    "depth_mag": {"band_depth_scatter_mag": 0.3},
}


def drawn(seed: int = 1, **options):
    return draw_conditions(seed, JADES_BANDS, SimulationConfig(**options))


def test_by_default_fields_are_observed_as_the_instruments_describe() -> None:
    assert (PLAIN.gain == 1).all() and (PLAIN.error_factor == 1).all() and PLAIN.matched_to is None
    assert PLAIN.stretch == (None,) * 9 and PLAIN.noise_over_error is None
    assert PLAIN.kernels == noise_kernels(JADES_BANDS)


@pytest.mark.parametrize("name", OPTIONS)
def test_each_option_changes_what_it_says_and_nothing_else(name: str) -> None:
    alone = drawn(**OPTIONS[name])
    assert getattr(alone, name) != getattr(PLAIN, name) and replace(alone, **{name: getattr(PLAIN, name)}) == PLAIN
    assert alone == drawn(**OPTIONS[name]) != drawn(2, **OPTIONS[name]) or name == "matched_to"
    others = {
        key: value for other, options in OPTIONS.items() if other != "matched_to" for key, value in options.items()
    }
    if name != "matched_to":
        assert getattr(drawn(**others), name) == getattr(alone, name)
    assert {field.name for field in fields(alone)} == set(OPTIONS)


def test_ranges_are_kept_and_filled() -> None:
    config = {key: value for options in OPTIONS.values() for key, value in options.items()} | {"matched_fraction": 0.2}
    every = [drawn(seed, **config) for seed in range(300)]
    assert np.mean([one.matched_to == "F444W" for one in every]) == pytest.approx(0.2, abs=0.07)
    unmatched = [one for one in every if one.matched_to is None]
    ratio = np.log([one.noise_over_error for one in unmatched])
    assert ratio.min() > np.log(0.15) and ratio.max() < np.log(1.5)
    assert ratio.mean() == pytest.approx(np.log(0.15 * 1.5) / 2, abs=0.05)
    width = np.array([[stretch.width for stretch in one.stretch] for one in every])
    assert 0.85 < width.min() < 0.86 and 1.14 < width.max() < 1.15
    depth, zero = np.array([one.depth_mag for one in every]), np.array([one.zero_point_mag for one in every])
    assert depth.std() == pytest.approx(0.3, rel=0.1)
    np.testing.assert_allclose(zero.std(axis=0), 0.03 * band_share(JADES_BANDS), rtol=0.2)
    assert all(len({kernel.core_sigma_pix for kernel in one.kernels}) == 2 for one in unmatched)  # one per channel


def test_bands_can_share_the_error_of_their_error_images() -> None:
    def spread(common: float) -> float:
        options = {"noise_over_error_range": (0.15, 1.5), "noise_over_error_common": common}
        return float(np.mean([np.std(np.log(drawn(seed, **options).noise_over_error)) for seed in range(60)]))

    assert spread(1.0) < 1e-6 < spread(0.8) < 0.6 * spread(0.0)


def test_matched_fields_keep_the_noise_of_the_description() -> None:
    options = OPTIONS["matched_to"] | OPTIONS["noise_over_error"] | OPTIONS["kernels"]
    assert drawn(**options) == drawn(**OPTIONS["matched_to"])


@pytest.mark.parametrize(
    ("bands", "widest"),
    [
        (("F150W", "F277W"), "F277W"),
        (("F444W", "F480M"), "F444W"),
        (("F435W", "F814W", "F277W", "F444W"), "F444W"),
        (("F435W", "F814W"), "F814W"),
        (("F125W", "F160W", "F277W", "F444W"), "F160W"),
    ],
)
def test_fields_are_matched_to_the_widest_psf(bands, widest) -> None:
    assert draw_conditions(1, bands, SimulationConfig(matched_fraction=1)).matched_to == widest


def test_large_pixels_share_noise_over_greater_lengths() -> None:
    config = SimulationConfig(noise_correlation_range=(0.5, 0.5))
    kernels = draw_conditions(1, ("F606W", "F160W", "F200W", "F444W"), config).kernels
    assert [round(kernel.core_sigma_pix, 2) for kernel in kernels] == [0.5, 1.02, 0.5, 0.5]
