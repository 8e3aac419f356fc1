"""What do the pixels of one source look like at full resolution?"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def extract_cutouts(
    flux: Tensor, error: Tensor, boxes: Tensor, image_index: Tensor, size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Square cutouts centred on boxes.

    Parameters
    ----------
    flux, error : (image, band, y, x) float
    boxes : (n, 4) float, half-open (x0, y0, x1, y1) in image pixels
    image_index : (n,) int64
    size : pixels across

    Returns
    -------
    flux, error : (n, band, size, size); outside the image the flux is zero and the error +inf
    corner : (n, 2) int64, image pixel (x, y) of each cutout's first pixel
    """
    bands, height, width = flux.shape[1:]
    centre = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    corner = torch.round(centre - size / 2).long()
    steps = torch.arange(size, device=boxes.device)
    column, row = corner[:, 0:1] + steps, corner[:, 1:2] + steps  # (n, size)
    inside = ((row >= 0) & (row < height))[:, :, None] & ((column >= 0) & (column < width))[:, None, :]
    # (n, 1, size, size) place in an image, and (1, band, 1, 1) begin of each band's
    place = (row.clamp(0, height - 1) * width)[:, :, None] + column.clamp(0, width - 1)[:, None, :]
    band_start = torch.arange(bands, device=boxes.device) * (height * width)
    index = (image_index * (bands * height * width))[:, None, None, None] + band_start[:, None, None] + place[:, None]
    cut_flux, cut_error = (torch.take(image, index) for image in (flux, error))
    outside = ~inside[:, None]
    return cut_flux.masked_fill(outside, 0.0), cut_error.masked_fill(outside, math.inf), corner


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
