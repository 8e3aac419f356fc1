"""Is what is wrong repaired, and what is healthy left alone?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.image.examined_fields import TAUGHT, band, seen
from zpix.image import BandRepair, Pixels, Region, Taught, find_repairs, open_mosaic
from zpix.image.repairs import repair_pixels, with_flux_factors


def test_a_healthy_field_is_left_alone():
    assert find_repairs(seen(band()), TAUGHT) == ()
    assert find_repairs(seen(band()), Taught({})) == ()


@pytest.mark.parametrize(
    ("values", "repair"),
    [
        ({"sky": 1.1}, {"sky_njy": 0.02}),  # what lies above the middle of what was taught, in nJy
        ({"sky": -0.9}, {"sky_njy": -0.02}),
        ({"sky": 0.21}, None),  # within a tenth of an error
        ({"sky": 0.9, "sky_error": 0.5}, None),  # or of its own uncertainty
        ({"sky": math.nan}, None),
        ({"sums_over_error": 10.4}, {"error_factor": 4.0}),
        ({"sums_over_error": 1.2}, {"error_factor": 0.5}),
        ({"sums_over_error": 3.2}, None),  # drizzled otherwise
        ({"sums_over_error": 1.9}, None),
        ({"sums_over_error": 4.0, "sums_error": 0.3}, None),  # too few pixels to tell
        ({"sums_over_error": math.nan}, None),
        ({"sums_over_error": 4.2, "sky_spread": 0.48}, None),  # light of a crowded field, not noise
        ({"sums_over_error": 16.0, "noise_over_error": 4.4, "sky_spread": 1.9}, {"error_factor": 4.0}),  # both
        ({"sums_over_error": 10.4, "noise_over_error": 4.4, "sky_spread": 0.4}, {"error_factor": 4.0}),
        ({"noise_over_error": 0.2}, None),  # matched to a broader PSF: sums scatter as they should
    ],
)
def test_what_is_repaired(values, repair):
    expected = () if repair is None else (BandRepair("F444W", **repair),)
    assert find_repairs(seen(band(**values)), TAUGHT) == expected


def test_without_a_record_only_gross_faults_are_repaired():
    for sums, factor in ((0.4, 0.5714), (1.0, None), (3.4, None), (7.0, 2.0)):
        found = find_repairs(seen(band(sums_over_error=sums)), Taught({}))
        assert [repair.error_factor for repair in found] == ([] if factor is None else [factor])


def test_pixels_are_repaired_in_place_where_they_are_valid():
    pixels = Pixels.empty(2, (3, 4))
    pixels.flux[1], pixels.error[1], pixels.valid[1] = 5, 2, True
    pixels.flux[1, 0, 0], pixels.error[1, 0, 0], pixels.valid[1, 0, 0] = 0, np.inf, False
    repair_pixels(pixels, ("F200W", "F444W"), [BandRepair("F444W", 1.5, 4.0), BandRepair("F090W", 9.0, 9.0)])
    assert (pixels.flux[1][pixels.valid[1]] == 3.5).all() and (pixels.error[1][pixels.valid[1]] == 8).all()
    assert pixels.flux[1, 0, 0] == 0 and pixels.error[1, 0, 0] == np.inf
    assert (pixels.flux[0] == 0).all() and np.isinf(pixels.error[0]).all()


def test_a_mosaic_is_repaired_wherever_it_is_read(blob_field):
    import pickle

    with open_mosaic(blob_field) as mosaic:
        repaired = mosaic.repaired([BandRepair("F444W", 2.0, 3.0)])
        region = Region(30, 20, 90, 60)
        given = mosaic.read(region, bands=["F444W", "F200W"])
        for other in (repaired, pickle.loads(pickle.dumps(repaired))):
            found = other.read(region, bands=["F444W", "F200W"])
            np.testing.assert_allclose(found.flux[0], np.where(given.valid[0], given.flux[0] - 2, 0), atol=1e-6)
            np.testing.assert_array_equal(found.error[0], given.error[0] * np.float32(3))
            np.testing.assert_array_equal(found.flux[1], given.flux[1])


def test_flux_factors_divide_fluxes_and_errors_and_go_with_other_repairs():
    repairs = with_flux_factors([BandRepair("F090W", 0.5)], ("F090W", "F200W", "F444W"), {"F090W": 1.1, "F444W": 0.9})
    assert repairs == (BandRepair("F090W", 0.5, flux_factor=1.1), BandRepair("F444W", flux_factor=0.9))
    pixels = Pixels(np.full((1, 2, 2), 6, np.float32), np.full((1, 2, 2), 2, np.float32), np.ones((1, 2, 2), bool))
    repair_pixels(pixels, ("F090W",), [BandRepair("F090W", 0.5, 1.0, flux_factor=1.1)])
    assert pixels.flux == pytest.approx(5.5 / 1.1) and pixels.error == pytest.approx(2 / 1.1)
