import torch

from zpix.detector.boxes import (
    centred_in,
    centres_of,
    image_index,
    jittered,
    larger_than_a_pixel,
    reaching_into,
    sides_of,
)

BOXES = torch.tensor([[10.0, 12, 20, 20], [60, 60, 61, 90], [150, 0, 250, 40]])


def test_centres_sides_and_boxes_without_an_area():
    torch.testing.assert_close(centres_of(BOXES), torch.tensor([[15.0, 16], [60.5, 75], [200, 20]]))
    torch.testing.assert_close(sides_of(BOXES), torch.tensor([[10.0, 8], [1, 30], [100, 40]]))
    assert larger_than_a_pixel(BOXES).tolist() == [True, False, True]


def test_a_region_is_half_open_and_large_boxes_reach_farther_into_it():
    assert centred_in(BOXES, (15, 16, 60.5, 75)).tolist() == [True, False, False]
    assert reaching_into(BOXES, (100, 0, 160, 100)).tolist() == [False, False, True]
    assert reaching_into(BOXES, (90, 0, 100, 100)).tolist() == [False, True, False]


def test_jittered_boxes_stay_near_and_inside():
    torch.manual_seed(0)
    many = BOXES[:1].expand(2000, -1)
    moved = jittered(many, 0.05, (64, 64))
    torch.testing.assert_close((moved - many).std(0), torch.tensor([0.5, 0.4, 0.5, 0.4]), atol=0.0, rtol=0.15)
    assert jittered(BOXES, 0.5, (64, 64)).max() <= 64


def test_joined_boxes_know_their_image():
    assert image_index([BOXES[:2], BOXES[:0], BOXES]).tolist() == [0, 0, 2, 2, 2]
