import numpy as np
import pytest

from zpix.catalogue import place_masks, segment_masks, without_duplicates
from zpix.catalogue.duplicates import mask_iou
from zpix.sources import GALAXY, Detections, ZMixture


def detections(boxes, scores, masks) -> Detections:
    n = len(boxes)
    return Detections(
        box=np.array(boxes, np.float32).reshape(n, 4),
        score=np.array(scores, np.float32),
        label=np.full(n, GALAXY),
        class_probability=np.zeros((n, 2), np.float32),
        mask=np.array(masks, np.float32).reshape(n, 14, 14),
        redshift=ZMixture(np.ones((n, 1)), np.ones((n, 1)), np.ones((n, 1))),
    )


def kept(found: Detections, centre=None) -> list[int]:
    """Rows that stay; centres of the light are not known by default."""
    centre = np.full((len(found), 2), np.nan) if centre is None else np.array(centre)
    segments = segment_masks(place_masks(found))
    return without_duplicates(found.box, found.score, segments, centre_xy=centre, max_iou=0.5).tolist()


def disc(x: float, y: float, radius: float, box) -> np.ndarray:
    """Mask of a disc in pixel coordinates, on the grid of a box."""
    step = (np.arange(14) + 0.5) / 14
    grid_x, grid_y = box[0] + step * (box[2] - box[0]), box[1] + step * (box[3] - box[1])
    return (np.hypot(grid_x[None] - x, grid_y[:, None] - y) < radius).astype(np.float32)


SMALL, LARGE, BESIDE = (20, 20, 40, 40), (16, 16, 45, 45), (30, 20, 50, 40)


def test_a_box_too_large_around_the_same_pixels_goes():
    """The boxes overlap by less than one half, the masks are the same."""
    masks = [disc(30, 30, 9, LARGE), disc(30, 30, 9, SMALL)]
    found = detections([LARGE, SMALL], [0.6, 0.9], masks)
    assert kept(found) == [1]
    assert kept(found[np.array([1, 0])]) == [0]


def test_blended_neighbours_stay():
    """A galaxy inside a box that holds it and its neighbour is another galaxy if the masks differ."""
    masks = [disc(30, 30, 9, SMALL), disc(40, 30, 9, BESIDE)]
    found = detections([SMALL, BESIDE], [0.6, 0.9], masks)
    assert kept(found) == [0, 1]


def test_what_is_dropped_drops_nothing_else():
    """Three in a row: the middle one goes for the best, the last one overlaps only the middle one enough."""
    boxes = [(20 + 6 * i, 20, 40 + 6 * i, 40) for i in range(3)]
    found = detections(boxes, [0.9, 0.8, 0.7], np.ones((3, 14, 14)))
    assert kept(found) == [0, 2]


def test_a_core_and_its_whole_source_are_one_by_the_centre_of_their_light():
    """Neither the boxes nor the masks of a star's core and of the star with its spikes agree."""
    core, whole = (26, 26, 34, 34), (10, 10, 50, 50)
    found = detections([core, whole], [0.6, 0.9], [disc(30, 30, 4, core), disc(30, 30, 19, whole)])
    assert kept(found) == kept(found, [(29.5, 29.5), (27.4, 29.5)]) == [0, 1]
    assert kept(found, [(29.5, 29.5), (28.0, 28.5)]) == [1]
    assert kept(found[np.array([1, 0])], [(28.0, 28.5), (29.5, 29.5)]) == [0]
    assert kept(found, [(np.nan, np.nan), (29.5, 29.5)]) == [0, 1]


def test_no_detections_are_no_duplicates():
    assert kept(Detections.empty(14, 3)) == []


def test_mask_iou_counts_pixels():
    a, b = np.ones((4, 4), bool), np.ones((4, 4), bool)
    assert mask_iou((a, 0, 0), (b, 2, 0)) == pytest.approx(8 / 24)
    assert mask_iou((a, 0, 0), (b, 0, 4)) == 0
