import pytest
import torch
from torchvision.models.detection._utils import Matcher
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import box_iou

from tests.detector.scenery import small_model
from zpix.detector.backbone import STRIDES
from zpix.detector.proposals import ProposalNetwork, best_proposals, match_anchors

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


def test_a_true_box_gets_the_best_proposal_of_those_that_are_its_own():
    truth = torch.tensor([[0.0, 0, 10, 10], [8.0, 0, 18, 10], [40.0, 40, 50, 50]])
    proposals = torch.tensor([
        [30.0, 0, 40, 10],  # nobody's
        [7.0, 0, 17, 10],  # the second's, the best of two
        [0.0, 0, 10, 11],  # the first's
        [8.0, 0, 18, 10],
        [40.0, 40, 44, 44],  # too small a part of the third
    ])  # fmt: skip
    found, best = best_proposals(proposals, truth)
    assert found.tolist() == [True, True, False]
    assert best[:2].tolist() == [2, 1]
    for nothing in (best_proposals(proposals[:0], truth), best_proposals(proposals, truth[:0])):
        assert not nothing[0].any() and len(nothing[0]) == len(nothing[1])


def test_proposals_of_little_objectness_are_left_out():
    torch.manual_seed(0)
    network = ProposalNetwork(small_model(pyramid_channels=8)).eval()
    features = [torch.randn(1, 8, 64 // s, 64 // s) for s in STRIDES]
    size = (64, 64)
    objectness, deltas, anchors = network(features, size)
    middle = float(torch.sigmoid(objectness.detach()).median())
    everything, better = (
        network.select(objectness, deltas, anchors, features, size, 10_000, least_objectness=least)[0]
        for least in (0.0, middle)
    )
    assert 0 < len(better) < len(everything)
    torch.testing.assert_close(better, everything[: len(better)])  # the best come first
