"""What do the pixels of one source look like at full resolution?"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def extract_cutouts(
    flux: Tensor, error: Tensor, boxes: Tensor, image_index: Tensor, size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Square cutouts around boxes, inside the image: at its edge the box is not in the middle of its cutout.

    Parameters
    ----------
    flux, error : (image, band, y, x) float
    boxes : (n, 4) float, half-open (x0, y0, x1, y1) in image pixels
    image_index : (n,) int64
    size : pixels across; images smaller than this are filled up with flux zero and error +inf

    Returns
    -------
    flux, error : (n, band, size, size)
    corner : (n, 2) int64, image pixel (x, y) of each cutout's first pixel
    """
    height, width = flux.shape[2:]
    if min(height, width) < size:
        missing = (0, max(size - width, 0), 0, max(size - height, 0))
        flux, error = F.pad(flux, missing), F.pad(error, missing, value=math.inf)
    centre = 0.5 * (boxes[:, :2] + boxes[:, 2:])
    last = torch.tensor([flux.shape[3] - size, flux.shape[2] - size], device=boxes.device)
    corner = torch.minimum(torch.round(centre - size / 2).long().clamp(min=0), last)
    if len(boxes) == 0:
        nothing = flux.new_zeros((0, flux.shape[1], size, size))
        return nothing, nothing, corner
    # Copying windows is ten times faster than gathering their pixels by index.
    places = [
        (i, slice(y, y + size), slice(x, x + size))
        for i, (x, y) in zip(image_index.tolist(), corner.tolist(), strict=True)
    ]
    cut_flux, cut_error = (torch.stack([image[i, :, y, x] for i, y, x in places]) for image in (flux, error))
    return cut_flux, cut_error, corner


def masks_on_cutouts(masks: Tensor, boxes: Tensor, corner: Tensor, size: int) -> Tensor:
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
