"""Losses of trainings, one panel for each part."""

from __future__ import annotations

import numpy as np
import pytest

from tests.plots.scenery import drawn
from zpix.errors import InputFileError
from zpix.plots import (
    loss_figure,
)


def test_losses_are_drawn_by_part_and_split(tmp_path):
    path = tmp_path / "losses.csv"
    rows = ["epoch,split,rate,total,box,note"]
    for epoch in range(1, 6):
        rows += [
            f"{epoch},train,0.1,{3 / epoch},{1 / epoch},x",
            f"{epoch},validation,0.1,{4 / epoch},,x",
        ]
    path.write_text("\n".join(rows))
    figure = drawn(loss_figure(path, title="A training"), tmp_path)
    panels = {axes.get_title("left"): axes for axes in figure.axes if axes.get_visible()}
    assert list(panels) == ["total", "box", "rate"]
    train, validation = panels["total"].lines
    np.testing.assert_allclose(train.get_ydata(), 3 / np.arange(1, 6))
    np.testing.assert_allclose(validation.get_ydata(), 4 / np.arange(1, 6))
    assert len(panels["box"].lines) == 1, "empty cells are not drawn"


@pytest.mark.parametrize("epochs", [1, 2, 3, 5, 40])
def test_epochs_are_counted_in_whole_numbers(tmp_path, epochs):
    path = tmp_path / "losses.csv"
    path.write_text("epoch,split,total\n" + "\n".join(f"{e},train,{1 / e}" for e in range(1, epochs + 1)))
    for axes in drawn(loss_figure(path), tmp_path).axes:
        assert len(axes.get_xticks()) and all(tick == round(tick) for tick in axes.get_xticks())


def test_long_logs_without_a_split(tmp_path):
    path = tmp_path / "log.csv"
    noise = np.random.default_rng(0).normal(size=1000)
    path.write_text("step,loss\n" + "\n".join(f"{i},{2 + x}" for i, x in enumerate(noise)))
    figure = drawn(loss_figure(path), tmp_path)
    mean = figure.axes[0].lines[1].get_ydata()
    assert np.std(mean[100:]) < 0.5 and len(mean) == 1000


def test_logs_that_cannot_be_drawn_are_named(tmp_path):
    with pytest.raises(InputFileError, match="none"):
        loss_figure(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputFileError, match="other"):
        loss_figure(tmp_path / "other.csv")
