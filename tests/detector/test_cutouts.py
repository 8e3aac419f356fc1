import torch

from zpix.detector.cutouts import extract_cutouts, masks_on_cutouts
from zpix.detector.mask_head import mask_targets


def test_cutouts_hold_the_pixels_around_the_box_and_stay_inside_the_image():
    flux = torch.arange(2 * 3 * 40 * 50, dtype=torch.float32).reshape(2, 3, 40, 50) + 1
    error = flux / 2
    boxes = torch.tensor([[10.0, 12, 20, 20], [-3, -3, 5, 5], [44, 34, 50, 40]])
    cut, cut_error, corner = extract_cutouts(flux, error, boxes, torch.tensor([0, 1, 1]), 16)
    assert corner.tolist() == [[7, 8], [0, 0], [34, 24]]
    torch.testing.assert_close(cut[0], flux[0, :, 8:24, 7:23])
    torch.testing.assert_close(cut[1], flux[1, :, :16, :16])
    torch.testing.assert_close(cut[2], flux[1, :, 24:, 34:])
    torch.testing.assert_close(cut_error, cut / 2)


def test_images_smaller_than_a_cutout_are_filled_up_with_nothing():
    flux = torch.ones(1, 2, 10, 40)
    cut, error, corner = extract_cutouts(flux, flux, torch.tensor([[3.0, 3, 9, 9]]), torch.tensor([0]), 16)
    assert corner.tolist() == [[0, 0]]
    assert (cut[0, :, :10] == 1).all() and (cut[0, :, 10:] == 0).all() and torch.isinf(error[0, :, 10:]).all()


def test_no_boxes_give_no_cutouts():
    flux = torch.ones(1, 2, 40, 40)
    cut, error, corner = extract_cutouts(flux, flux, torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), 16)
    assert cut.shape == error.shape == (0, 2, 16, 16) and corner.shape == (0, 2)


def test_masks_fill_their_boxes_and_nothing_else():
    boxes = torch.tensor([[10.0, 12, 20, 20]])
    placed = masks_on_cutouts(torch.ones(1, 28, 28), boxes, torch.tensor([[7, 8]]), 16)[0]
    inside = torch.zeros(16, 16)
    inside[4:12, 3:13] = 1
    torch.testing.assert_close((placed > 0.5).float(), inside)


def test_mask_targets_read_the_segment_under_the_box():
    segmentation = torch.zeros(1, 32, 32, dtype=torch.int32)
    segmentation[0, 8:16, 4:8] = 3
    target = mask_targets(segmentation, torch.tensor([[4.0, 8, 12, 16]]), torch.tensor([0]), torch.tensor([3]))
    assert target.shape == (1, 28, 28)
    assert target[0, :, :14].all() and not target[0, :, 14:].any()
