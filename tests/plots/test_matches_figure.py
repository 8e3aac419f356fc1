"""Boxes and rings of sources that are found, spurious and missed."""

from __future__ import annotations

import numpy as np

from tests.plots.scenery import drawn, some_sources
from zpix.matching import Matching
from zpix.plots import (
    matches_figure,
)


def test_matches_show_what_is_found_false_and_missed(tmp_path):
    catalogue, _, truth = some_sources(40)
    detected = catalogue[:30]
    known = truth[5:40]
    matching = Matching(np.arange(5, 30), np.arange(25), np.ones(25), n_left=30, n_right=35)
    figure = drawn(
        matches_figure(np.zeros((200, 200, 3)), detected, known, matching, band="F444W", faintest=99.0), tmp_path
    )
    axes = figure.axes[0]
    counts = [int(text.get_text().rsplit(" ", 1)[1]) for text in axes.get_legend().get_texts()]
    assert counts == [25, 5, 10]
    assert [len(boxes.get_paths()) for boxes in axes.collections[:2]] == [25, 5]
    assert len(axes.collections[2].get_offsets()) == 10
