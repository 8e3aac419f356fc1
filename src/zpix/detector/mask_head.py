"""Which pixels of its box belong to a source?

The mask head of Mask R-CNN (He et al. 2017), one mask for all classes: the shape of a segment does not ask whether it
is a star.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zpix.config import ModelConfig

#: Bins of the pooled features; masks have twice as many pixels across.
MASK_BINS = 14
MASK_SIZE = 2 * MASK_BINS


class MaskHead(nn.Module):
    """(n, channel, 14, 14) pooled features to (n, 28, 28) mask logits."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        channels = config.pyramid_channels
        layers: list[nn.Module] = []
        for _ in range(config.mask_layers):
            layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(inplace=True)]
        self.convolutions = nn.Sequential(*layers)
        self.upsample = nn.ConvTranspose2d(channels, channels, 2, stride=2)
        self.logit = nn.Conv2d(channels, 1, 1)

    def forward(self, pooled: Tensor) -> Tensor:
        return self.logit(torch.relu(self.upsample(self.convolutions(pooled))))[:, 0]


def mask_targets(segmentation: Tensor, boxes: Tensor, image_index: Tensor, segment_id: Tensor) -> Tensor:
    """Which cells of each box's mask grid lie on its segment.

    Parameters
    ----------
    segmentation : (image, y, x) int, segment identifiers
    boxes : (n, 4) float, image pixels
    image_index, segment_id : (n,) int64

    Returns
    -------
    (n, 28, 28) float of 0 and 1, the segmentation map read at the pixel under each cell's centre
    """
    steps = (torch.arange(MASK_SIZE, device=boxes.device) + 0.5) / MASK_SIZE
    x = boxes[:, 0:1] + (boxes[:, 2:3] - boxes[:, 0:1]) * steps  # (n, 28), box edges lie between pixels
    y = boxes[:, 1:2] + (boxes[:, 3:4] - boxes[:, 1:2]) * steps
    column = x.floor().long().clamp(0, segmentation.shape[2] - 1)
    row = y.floor().long().clamp(0, segmentation.shape[1] - 1)
    under = segmentation[image_index[:, None, None], row[:, :, None], column[:, None, :]]
    return (under == segment_id[:, None, None]).float()
