"""Which class does a proposal have, or is it background, and where exactly is its box?"""

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

_SAMPLED_PROPOSALS = 512  # of one image, as of anchors


class BoxHead(nn.Module):
    """Pooled features to classes and box corrections.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network, and its classes.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.layers = TwoMLPHead(config.pyramid_channels * BOX_BINS**2, config.box_hidden)
        self.classes = nn.Linear(config.box_hidden, 1 + len(config.classes))  # background first
        self.deltas = nn.Linear(config.box_hidden, 4)  # shared by the classes
        self.coder = BoxCoder(weights=(10.0, 10.0, 5.0, 5.0))
        self.matcher = Matcher(0.5, 0.5, allow_low_quality_matches=False)
        self.sampler = BalancedPositiveNegativeSampler(_SAMPLED_PROPOSALS, 0.25)

    def forward(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Classify n boxes and correct them.

        Parameters
        ----------
        pooled : Tensor, shape (n, channel, 7, 7)
            Pyramid features of the boxes.

        Returns
        -------
        logits : Tensor, shape (n, 1 + class)
            Of the background and of each class.
        deltas : Tensor, shape (n, 4)
            Corrections, for `decode`.
        """
        hidden = self.layers(pooled)
        with torch.autocast(hidden.device.type, enabled=False):  # bf16 rounds scores near one to half a per cent
            return self.classes(hidden.float()), self.deltas(hidden.float())

    def fp32_parts(self) -> list[nn.Module]:
        """List the layers that compute in fp32 whatever the rest does.

        Returns
        -------
        list of Module
            The last layers.
        """
        return [self.classes, self.deltas]

    def decode(self, deltas: Tensor, proposals: Tensor) -> Tensor:
        """Correct boxes.

        Parameters
        ----------
        deltas : Tensor, shape (n, 4)
            Corrections.
        proposals : Tensor, shape (n, 4), pixels
            The boxes that were classified.

        Returns
        -------
        Tensor, shape (n, 4), pixels
            Corrected boxes.
        """
        boxes: Tensor = self.coder.decode_single(deltas.float(), proposals)
        return boxes.reshape(-1, 4)

    @torch.no_grad()
    def sample(
        self, proposals: list[Tensor], truth_boxes: list[Tensor], truth_labels: list[Tensor]
    ) -> tuple[list[Tensor], Tensor, Tensor]:
        """Draw a balanced sample of proposals to learn from.

        Parameters
        ----------
        proposals : list of Tensor, shape (m, 4), pixels
            Proposals of each image.
        truth_boxes : list of Tensor, shape (n, 4), pixels
            Boxes of the true sources of each image.
        truth_labels : list of Tensor, shape (n,), int64
            Their classes.

        Returns
        -------
        boxes : list of Tensor, shape (s, 4), pixels
            The sample of each image.
        labels : Tensor, shape (sum of s,), int64
            Classes of all of them; 0 is background.
        targets : Tensor, shape (sum of s, 4)
            Corrections that lead to the true boxes.
        """
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
        """Give the class and box losses of a sample; only true sources have a box to learn.

        Parameters
        ----------
        logits : Tensor, shape (n, 1 + class)
            Of the background and of each class.
        deltas : Tensor, shape (n, 4)
            Corrections.
        labels : Tensor, shape (n,), int64
            True classes; 0 is background.
        targets : Tensor, shape (n, 4)
            What the corrections should be.

        Returns
        -------
        dict of str to Tensor, shape ()
            `class` and `box`.
        """
        real = torch.where(labels > 0)[0]
        return {
            "class": class_loss(logits, labels),
            "box": box_loss(deltas[real], targets[real], len(labels)),
        }
