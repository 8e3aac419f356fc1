"""Are widths of known sources right, and are holes of other kinds not taken for saturation?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from zpix.image.sharpness import half_maximum_width, saturated_pixels, sharp_widths


@pytest.mark.parametrize("fwhm", [1.6, 2.5, 5.0])
@pytest.mark.parametrize("offset", [0.0, 0.4])
def test_width_of_a_gaussian(fwhm, offset):
    y, x = np.mgrid[-7:8, -7:8] - offset
    stamp = np.exp(-4 * math.log(2) * (x**2 + y**2) / fwhm**2).astype(np.float32)
    assert half_maximum_width(stamp) == pytest.approx(
        fwhm, rel=0.06 if fwhm > 2 else 0.2
    )  # pixels sample it badly then


def test_light_that_fills_the_stamp_has_no_width():
    assert math.isnan(half_maximum_width(np.ones((15, 15), np.float32)))


def test_what_other_bands_do_not_show_is_no_source():
    flux = np.zeros((60, 60), np.float32)
    flux[20, 20] = flux[40, 40] = 100
    others = np.zeros_like(flux)
    others[40, 40] = 20
    assert len(sharp_widths(flux, flux < np.inf, others, noise_njy=1.0)) == 1


def test_a_hole_in_faint_light_is_not_saturated():
    snr, valid = np.zeros((50, 50), np.float32), np.ones((50, 50), bool)
    snr[8:13, 8:13] = 100
    valid[10, 10] = valid[30, 30:32] = False
    snr[~valid] = 0
    assert saturated_pixels(snr, valid) == 1
