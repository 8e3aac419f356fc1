"""Which pixels of its box belong to a source?

The mask head of Mask R-CNN (He et al. 2017), with one mask for all classes: the shape of a segment does not depend on
the class.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zpix.config import ModelConfig
from zpix.detector.boxes import sides_of

#: Bins of the pooled features; masks have twice as many pixels across.
MASK_BINS = 14
MASK_SIZE = 2 * MASK_BINS


class MaskHead(nn.Module):
    """Pooled features to masks.

    Parameters
    ----------
    config : ModelConfig
        Shape of the network.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        channels = config.mask_channels or config.pyramid_channels
        layers: list[nn.Module] = []
        for number in range(config.mask_layers):
            before = channels if number else config.pyramid_channels
            layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(inplace=True)]
        self.convolutions = nn.Sequential(*layers)
        self.upsample = nn.ConvTranspose2d(channels, channels, 2, stride=2)
        self.logit = nn.Conv2d(channels, 1, 1)

    def forward(self, pooled: Tensor) -> Tensor:
        """Give the mask of each of n boxes.

        Parameters
        ----------
        pooled : Tensor, shape (n, channel, 14, 14)
            Pyramid features of the boxes.

        Returns
        -------
        Tensor, shape (n, 28, 28)
            Logits on a grid that spans the box.
        """
        logits: Tensor = self.logit(torch.relu(self.upsample(self.convolutions(pooled))))
        return logits[:, 0]


def mask_targets(segmentation: Tensor, boxes: Tensor, image_index: Tensor, segment_id: Tensor) -> Tensor:
    """Tell which cells of each box's mask grid lie on its segment.

    Parameters
    ----------
    segmentation : Tensor, shape (image, y, x), int
        Identifier of the segment of each pixel.
    boxes : Tensor, shape (n, 4), pixels
        Half-open boxes (x0, y0, x1, y1).
    image_index : Tensor, shape (n,), int64
        Image of each box.
    segment_id : Tensor, shape (n,), int64
        Segment of each box.

    Returns
    -------
    Tensor, shape (n, 28, 28)
        1 or 0: the segmentation map is read at the pixel under each cell's centre.
    """
    steps = (torch.arange(MASK_SIZE, device=boxes.device) + 0.5) / MASK_SIZE
    side = sides_of(boxes)
    x = boxes[:, 0:1] + side[:, 0:1] * steps  # (n, 28), box edges lie between pixels
    y = boxes[:, 1:2] + side[:, 1:2] * steps
    column = x.floor().long().clamp(0, segmentation.shape[2] - 1)
    row = y.floor().long().clamp(0, segmentation.shape[1] - 1)
    under = segmentation[image_index[:, None, None], row[:, :, None], column[:, None, :]]
    return (under == segment_id[:, None, None]).float()
