"""Is a proposal a galaxy, a star or background, and where exactly is its box?"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler, BoxCoder, Matcher
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.ops import box_iou

from zpix.config import ModelConfig
from zpix.detector.losses import box_loss, class_loss

#: Bins of the pooled features.
BOX_BINS = 7

_CLASSES = 3  # background, galaxy, star: zpix.sources.CLASS_NAMES
_SAMPLED_PROPOSALS = 256  # of one image


class BoxHead(nn.Module):
    """(n, channel, 7, 7) pooled features to class logits (n, 3) and box corrections (n, 4)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.layers = TwoMLPHead(config.pyramid_channels * BOX_BINS**2, config.box_hidden)
        self.classes = nn.Linear(config.box_hidden, _CLASSES)
        self.deltas = nn.Linear(config.box_hidden, 4)  # shared by the classes: a box is a box
        self.coder = BoxCoder(weights=(10.0, 10.0, 5.0, 5.0))
        self.matcher = Matcher(0.5, 0.5, allow_low_quality_matches=False)
        self.sampler = BalancedPositiveNegativeSampler(_SAMPLED_PROPOSALS, 0.25)

    def forward(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.layers(pooled)
        with torch.autocast(hidden.device.type, enabled=False):  # bf16 knows scores near one to half a per cent
            return self.classes(hidden.float()), self.deltas(hidden.float())

    def fp32_parts(self) -> list[nn.Module]:
        """Layers that compute in fp32 whatever the rest does."""
        return [self.classes, self.deltas]

    def decode(self, deltas: Tensor, proposals: Tensor) -> Tensor:
        """Corrected boxes (n, 4)."""
        return self.coder.decode_single(deltas.float(), proposals).reshape(-1, 4)

    @torch.no_grad()
    def sample(
        self, proposals: list[Tensor], truth_boxes: list[Tensor], truth_labels: list[Tensor]
    ) -> tuple[list[Tensor], Tensor, Tensor]:
        """A balanced sample of proposals: boxes of each image, class labels and box targets of all of them."""
        matches, labels = [], []
        for boxes, truth, label in zip(proposals, truth_boxes, truth_labels, strict=True):
            match = (
                self.matcher(box_iou(truth, boxes))
                if len(truth)
                else torch.full((len(boxes),), -1, dtype=torch.long, device=boxes.device)
            )
            matches.append(match)
            labels.append(torch.where(match >= 0, label[match.clamp(min=0)] if len(label) else 0, 0))
        positive, negative = self.sampler(labels)
        sampled, sampled_labels, targets = [], [], []
        for image, truth in enumerate(truth_boxes):
            rows = torch.where(positive[image] | negative[image])[0]
            boxes = proposals[image][rows]
            sampled.append(boxes)
            sampled_labels.append(labels[image][rows])
            near = truth[matches[image][rows].clamp(min=0)] if len(truth) else boxes
            targets.append(self.coder.encode_single(near, boxes))
        return sampled, torch.cat(sampled_labels), torch.cat(targets)

    def losses(self, logits: Tensor, deltas: Tensor, labels: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Class and box losses of a sample; only true sources have a box to learn."""
        real = torch.where(labels > 0)[0]
        return {
            "class": class_loss(logits, labels),
            "box": box_loss(deltas[real], targets[real], len(labels)),
        }
