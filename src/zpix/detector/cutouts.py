"""What do the pixels of one source look like at full resolution?"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def extract_cutouts(images: Tensor, boxes: Tensor, image_index: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Square cutouts centred on boxes.

    Parameters
    ----------
    images : (image, channel, y, x) float
    boxes : (n, 4) float, half-open (x0, y0, x1, y1) in image pixels
    image_index : (n,) int64
    size : pixels across

    Returns
    -------
    cutouts : (n, channel, size, size), zero outside the image
    corner : (n, 2) int64, image pixel (x, y) of each cutout's first pixel
    """
    centre = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    corner = torch.round(centre - size / 2).long()
    padded = F.pad(images, (size, size, size, size))
    limit = torch.tensor([images.shape[3], images.shape[2]], device=boxes.device)
    inside = torch.minimum((corner + size).clamp(min=0), limit + size)  # boxes far outside read the padding
    steps = torch.arange(size, device=boxes.device)
    column = inside[:, 0:1] + steps  # (n, size)
    row = inside[:, 1:2] + steps
    # (n, size, size, channel) by advanced indexing, then channels first
    taken = padded.permute(0, 2, 3, 1)[image_index[:, None, None], row[:, :, None], column[:, None, :]]
    return taken.permute(0, 3, 1, 2), corner


def place_masks(masks: Tensor, boxes: Tensor, corner: Tensor, size: int) -> Tensor:
    """Mask probabilities (n, M, M) that span their boxes, resampled to cutout pixels: (n, size, size).

    Bilinear in the mask grid, zero outside the box.
    """
    if len(boxes) == 0:
        return masks.new_zeros((0, size, size))
    pixel = torch.arange(size, device=boxes.device) + 0.5
    width = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1e-3)
    position = (corner[:, :, None] + pixel - boxes[:, :2, None]) / width[:, :, None] * 2 - 1  # (n, xy, size)
    x, y = position[:, 0], position[:, 1]
    grid = torch.stack([x[:, None, :].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], -1)
    return F.grid_sample(masks[:, None].float(), grid.float(), align_corners=False)[:, 0]
