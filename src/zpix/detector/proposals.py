"""Where might sources be?

The Region Proposal Network (Ren et al. 2015): an objectness and a box correction for every anchor of the pyramid.
torchvision's anchors, matcher, sampler and box coder; only the best anchors are decoded, and the number kept follows
the area of the image, so that a field gives the same sources however it is cut.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler, BoxCoder, Matcher
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import batched_nms, box_iou, clip_boxes_to_image

from zpix.config import ModelConfig
from zpix.detector.losses import box_loss, objectness_loss

_ASPECT_RATIOS = (0.5, 1.0, 2.0)
_NMS_IOU = 0.7
_SAMPLED_ANCHORS = 512  # of one image; 256 for the few objects of a photograph, a tile here has ninety sources


class ProposalNetwork(nn.Module):
    """Anchors to proposals."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sizes = config.anchor_sizes_pix
        self.anchors = AnchorGenerator(tuple((s,) for s in sizes), (_ASPECT_RATIOS,) * len(sizes))
        self.head = RPNHead(config.pyramid_channels, len(_ASPECT_RATIOS))
        self.coder = BoxCoder(weights=(1.0, 1.0, 1.0, 1.0))
        # Small boxes rarely reach the usual 0.7 with any anchor of a stride-4 grid; 0.5 keeps several per source.
        self.matcher = Matcher(0.5, 0.3, allow_low_quality_matches=True)
        self.sampler = BalancedPositiveNegativeSampler(_SAMPLED_ANCHORS, 0.5)

    def forward(self, features: list[Tensor], size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        """Objectness (image, A) and corrections (image, A, 4) of all A anchors, and the anchors (A, 4)."""
        objectness, deltas = self.head(features)
        images = objectness[0].shape[0]
        # (image, anchor, y, x) to (image, y, x, anchor): the order of the anchor generator
        flat = [o.permute(0, 2, 3, 1).reshape(images, -1) for o in objectness]
        flat_deltas = [
            d.view(images, -1, 4, *d.shape[2:]).permute(0, 3, 4, 1, 2).reshape(images, -1, 4) for d in deltas
        ]
        sizes = ImageList(features[0].new_zeros((images, 1, *size)), [size] * images)
        anchors = self.anchors(sizes, [f.float() for f in features])[0]
        return torch.cat(flat, 1).float(), torch.cat(flat_deltas, 1).float(), anchors

    @torch.no_grad()
    def select(
        self,
        objectness: Tensor,
        deltas: Tensor,
        anchors: Tensor,
        features: list[Tensor],
        size: tuple[int, int],
        count: int,
    ) -> list[Tensor]:
        """The best `count` boxes (n, 4) of each image, after non-maximum suppression within each level."""
        per_level = [f.shape[2] * f.shape[3] * len(_ASPECT_RATIOS) for f in features]
        chosen = []
        for image in range(len(objectness)):
            rows, levels, start = [], [], 0
            for level, number in enumerate(per_level):
                top = objectness[image, start : start + number].topk(min(count, number))[1]
                rows.append(top + start)
                levels.append(torch.full_like(top, level))
                start += number
            row, level_of_row = torch.cat(rows), torch.cat(levels)
            boxes = self.coder.decode_single(deltas[image, row], anchors[row]).reshape(-1, 4)
            boxes = clip_boxes_to_image(boxes, size)
            whole = ((boxes[:, 2:] - boxes[:, :2]) > 1.0).all(1)
            boxes, score, level_of_row = boxes[whole], objectness[image, row][whole], level_of_row[whole]
            keep = batched_nms(boxes, score, level_of_row, _NMS_IOU)[:count]
            chosen.append(boxes[keep])
        return chosen

    def losses(
        self, objectness: Tensor, deltas: Tensor, anchors: Tensor, truth_boxes: list[Tensor]
    ) -> dict[str, Tensor]:
        """Objectness and box losses against the true boxes (n, 4) of each image."""
        labels, targets = [], []
        for boxes in truth_boxes:
            if len(boxes) == 0:
                labels.append(anchors.new_zeros(len(anchors)))
                targets.append(torch.zeros_like(anchors))
                continue
            match = self.matcher(box_iou(boxes, anchors))
            label = (match >= 0).float()
            label[match == Matcher.BETWEEN_THRESHOLDS] = -1.0  # neither; never sampled
            labels.append(label)
            targets.append(self.coder.encode_single(boxes[match.clamp(min=0)], anchors))
        positive, negative = self.sampler(labels)
        positive_rows = torch.where(torch.cat(positive))[0]
        sampled = torch.cat([positive_rows, torch.where(torch.cat(negative))[0]])
        return {
            "rpn_objectness": objectness_loss(objectness.reshape(-1)[sampled], torch.cat(labels)[sampled]),
            "rpn_box": box_loss(deltas.reshape(-1, 4)[positive_rows], torch.cat(targets)[positive_rows], len(sampled)),
        }
