import pytest
import torch
from torchvision.ops import roi_align

from zpix.detector.backbone import STRIDES
from zpix.detector.pooling import BoxPooler, box_levels


def pyramid_and_boxes(seed: int = 0, boxes: int = 40):
    torch.manual_seed(seed)
    features = [torch.randn(2, 6, 256 // s, 256 // s, requires_grad=True) for s in STRIDES]
    corner = torch.rand(boxes, 2) * 230 - 5
    return features, torch.cat([corner, corner + torch.rand(boxes, 2) * 180 + 2], 1), torch.arange(boxes) % 2


def reference(features, boxes, image, bins, samples):
    """torchvision's kernel, level by level."""
    rois = torch.cat([image[:, None].float(), boxes], 1)
    out = torch.zeros(len(boxes), features[0].shape[1], bins, bins)
    for level in range(4):
        rows = torch.where(box_levels(boxes) == level)[0]
        out = out.index_copy(0, rows, roi_align(features[level], rois[rows], bins, 1 / STRIDES[level], samples, True))
    return out


@pytest.mark.parametrize(("bins", "samples"), [(7, 2), (14, 1)])
def test_gather_equals_torchvision_forward_and_backward(bins, samples):
    features, boxes, image = pyramid_and_boxes()
    assert len(box_levels(boxes).unique()) >= 3
    ours, theirs = (
        BoxPooler(features)(boxes, image, bins=bins, samples=samples),
        reference(features, boxes, image, bins, samples),
    )
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    weight = torch.randn_like(ours)
    grad_ours = torch.autograd.grad((ours * weight).sum(), features[:4])
    grad_theirs = torch.autograd.grad((theirs * weight).sum(), features[:4])
    for a, b in zip(grad_ours, grad_theirs, strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_no_boxes_give_no_rows_and_a_connected_zero():
    features, _, _ = pyramid_and_boxes()
    pooled = BoxPooler(features)(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), bins=7, samples=1)
    assert pooled.shape == (0, 6, 7, 7)
    pooled.sum().backward()


def test_typical_sources_are_pooled_from_the_finest_map():
    sides = torch.tensor([8.0, 40.0, 63.0, 65.0, 130.0, 400.0])
    boxes = torch.stack([torch.zeros(6), torch.zeros(6), sides, sides], 1)
    assert box_levels(boxes).tolist() == [0, 0, 0, 1, 2, 3]
