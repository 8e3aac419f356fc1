"""Redshifts against the truth, drawn for any number of sources."""

from __future__ import annotations

import numpy as np
import pytest

from tests.plots.scenery import drawn
from zpix.plots import (
    accuracy_figure,
    pit_figure,
    redshift_figure,
)


@pytest.mark.parametrize("n", [0, 1, 400])
def test_redshift_and_pit_figures_draw_any_number(n, tmp_path):
    rng = np.random.default_rng(0)
    z = rng.uniform(0, 8, n)
    figure = drawn(redshift_figure(z, z + 0.1 * rng.normal(size=n)), tmp_path)
    assert sum(len(c.get_offsets()) for c in figure.axes[0].collections) == n
    drawn(pit_figure(rng.random(n)), tmp_path)


def test_accuracy_without_bins_is_drawn(tmp_path):
    drawn(accuracy_figure({}, {}), tmp_path)


def test_redshift_axes_are_in_one_plus_z(tmp_path):
    figure = drawn(redshift_figure(np.array([0.0, 10.0]), np.array([0.0, 10.0])), tmp_path)
    axes = figure.axes[0]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert {"0", "1", "10"} <= set(labels)
