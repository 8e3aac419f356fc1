"""Does the picture of an examination show what was measured, and no more?"""

from __future__ import annotations

import math

import numpy as np

from tests.image.examined_fields import TAUGHT, band, seen
from zpix.image import Taught
from zpix.plots import examination_figure


def test_every_band_has_its_point():
    figure = examination_figure(seen(band(), band("F200W", depth_mag=29.0)), TAUGHT)
    depth = next(axes for axes in figure.axes if axes.get_title(loc="left").startswith("Depth"))
    (points,) = depth.containers
    np.testing.assert_allclose(points.lines[0].get_ydata(), [30.3, 29.0])
    assert [label.get_text() for label in depth.get_xticklabels()] == ["F444W", "F200W"]
    figure.canvas.draw()


def test_what_was_not_measured_is_said():
    nan = math.nan
    empty = band(sky=nan, noise_over_error=nan, sums_over_error=nan, depth_mag=nan, fwhm_arcsec=nan,
                 correlation=(nan,) * 8, shift_pix=(nan, nan), shift_error_pix=nan)  # fmt: skip
    figure = examination_figure(seen(empty), Taught({}))
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert said.count("not measurable") >= 4
    figure.canvas.draw()


def test_a_panel_of_which_one_half_was_measured_shows_it_and_says_nothing_else():
    figure = examination_figure(seen(band(noise_over_error=math.nan, sums_over_error=2.0)), TAUGHT)
    scatter = next(axes for axes in figure.axes if axes.get_title(loc="left").startswith("Scatter"))
    assert len(scatter.containers) == 1 and not scatter.texts


def test_pixels_are_drawn_in_the_errors_that_the_model_takes_and_was_taught_with():
    examined = seen(band(noise_over_error=0.9, sums_over_error=3.0, sky=0.6))
    for errors, scatter, level in (("image", 0.9, 0.6), ("measured", 0.3, 0.2)):
        figure = examination_figure(examined, TAUGHT, errors=errors)
        for title, value in (("Scatter", scatter), ("Level", level)):
            axes = next(axes for axes in figure.axes if axes.get_title(loc="left").startswith(title))
            np.testing.assert_allclose(axes.containers[0].lines[0].get_ydata(), [value], rtol=1e-3)
