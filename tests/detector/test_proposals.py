import pytest
import torch
from torchvision.models.detection._utils import Matcher
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import box_iou

from zpix.detector.backbone import STRIDES
from zpix.detector.proposals import match_anchors

SIZE = 256


def grid_of_anchors():
    generator = AnchorGenerator(tuple((2 * s,) for s in STRIDES), ((0.5, 1.0, 2.0),) * len(STRIDES))
    features = [torch.zeros(1, 1, SIZE // s, SIZE // s) for s in STRIDES]
    anchors = generator(ImageList(torch.zeros(1, 1, SIZE, SIZE), [(SIZE, SIZE)]), features)[0]
    return anchors, [(f.shape[2], f.shape[3]) for f in features]


@pytest.mark.parametrize("seed", range(4))
def test_local_matching_equals_matching_all_with_all(seed):
    torch.manual_seed(seed)
    anchors, grids = grid_of_anchors()
    centre, side = torch.rand(60, 2) * SIZE, torch.exp(torch.rand(60, 2) * 3 + 1.3)  # 4 to 70 pixels
    boxes = torch.cat([centre - side / 2, centre + side / 2], 1).clamp(0, SIZE)
    ours = match_anchors(boxes, anchors, grids, per_cell=3)
    iou = box_iou(boxes, anchors)
    theirs = Matcher(0.5, 0.3, allow_low_quality_matches=True)(iou.clone())
    different = torch.where(ours != theirs)[0]
    assert len(different) <= 3  # equal overlaps may go to another box, and rounding decides at a threshold
    for anchor in different.tolist():
        if ours[anchor] >= 0 and theirs[anchor] >= 0:
            torch.testing.assert_close(iou[ours[anchor], anchor], iou[theirs[anchor], anchor], atol=1e-5, rtol=0)
    assert set(ours[ours >= 0].tolist()) == set(theirs[theirs >= 0].tolist())


def test_no_boxes_match_nothing():
    anchors, grids = grid_of_anchors()
    assert (match_anchors(torch.zeros(0, 4), anchors, grids, per_cell=3) == Matcher.BELOW_LOW_THRESHOLD).all()
