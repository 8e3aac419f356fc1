"""Detections and segments, drawn at their positions."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from tests.plots.scenery import drawn, some_sources
from zpix.catalogue import draw_segmentation, place_masks, segment_masks
from zpix.plots import (
    detections_figure,
    segmentation_figure,
)


@pytest.mark.parametrize("n", [0, 30])
def test_detections_are_drawn_where_they_are(n, tmp_path):
    catalogue, detections, _ = some_sources(n)
    picture = np.zeros((200, 210, 3), np.float32)
    figure = drawn(detections_figure(picture, catalogue, pixel_scale_arcsec=0.03), tmp_path)
    axes = figure.axes[0]
    assert axes.get_xlim() == (-0.5, 209.5) and axes.get_ylim() == (-0.5, 199.5)
    lines = next(c for c in axes.collections if isinstance(c, LineCollection))
    assert len(lines.get_segments()) == n
    for row, line in enumerate(lines.get_segments()):
        np.testing.assert_allclose(line.min(0), detections.box[row, :2] - 0.5, atol=1e-4)
        np.testing.assert_allclose(line.max(0), detections.box[row, 2:] - 0.5, atol=1e-4)
    assert f"{n} sources" in axes.get_title("left")
    stamps = segment_masks(place_masks(detections))
    segments = draw_segmentation(stamps, shape=(200, 210), score=detections.score)
    drawn(detections_figure(picture, catalogue, segmentation=segments), tmp_path)
    drawn(segmentation_figure(segments, picture=picture), tmp_path)


def test_outlines_enclose_their_segments(tmp_path):
    catalogue, _, _ = some_sources(3)
    segments = np.zeros((60, 60), np.int32)
    segments[10:14, 20:27] = 2
    picture = np.zeros((60, 60, 3), np.float32)
    figure = detections_figure(picture, catalogue, segmentation=segments, origin_xy=(100, 50))
    lines = next(c for c in figure.axes[0].collections if isinstance(c, LineCollection))
    (outline,) = (path.vertices for path in lines.get_paths())
    ends = outline[np.isfinite(outline).all(1)].reshape(-1, 2, 2)
    assert len(ends) == 2 * (4 + 7)
    assert ends.reshape(-1, 2).min(0).tolist() == [119.5, 59.5]
    assert ends.reshape(-1, 2).max(0).tolist() == [126.5, 63.5]
    assert (np.abs(ends[:, 1] - ends[:, 0]).sum(1) == 1).all()
