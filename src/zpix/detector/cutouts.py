"""What do the pixels of one source look like at full resolution?"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from zpix.detector.boxes import centres_of, sides_of
from zpix.detector.normalisation import split_validity
from zpix.detector.soft_photometry import SourcePixels


def source_pixels(
    flux: Tensor, error: Tensor, boxes: Tensor, image: Tensor, masks: Tensor, *, size: int
) -> SourcePixels:
    """Cut the sources of a batch out, with their masks resampled to pixels.

    Parameters
    ----------
    flux : Tensor, shape (image, band, y, x), nJy
        Flux per pixel.
    error : Tensor, shape (image, band, y, x), nJy
        Its error; +inf where a pixel is not valid.
    boxes : Tensor, shape (n, 4), pixels
        Half-open boxes (x0, y0, x1, y1).
    image : Tensor, shape (n,), int64
        Image of each box.
    masks : Tensor, shape (n, M, M)
        Mask probabilities on a grid that spans the box.
    size : int, pixels
        Side of the cutouts.

    Returns
    -------
    SourcePixels
        Of n sources.
    """
    cut_flux, cut_error, corner = extract_cutouts(flux, error, boxes, image, size)
    clean_flux, variance = split_validity(cut_flux, cut_error)
    return SourcePixels(
        flux=clean_flux,
        variance=variance,
        mask=masks_on_cutouts(masks, boxes, corner, size),
        size=sides_of(boxes),
    )


def extract_cutouts(
    flux: Tensor, error: Tensor, boxes: Tensor, image_index: Tensor, size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Cut squares around boxes, inside the image: at its edge the box is not in the middle of its cutout.

    Parameters
    ----------
    flux : Tensor, shape (image, band, y, x), nJy
        Flux per pixel.
    error : Tensor, shape (image, band, y, x), nJy
        Its error; +inf where a pixel is not valid.
    boxes : Tensor, shape (n, 4), pixels
        Half-open boxes (x0, y0, x1, y1).
    image_index : Tensor, shape (n,), int64
        Image of each box.
    size : int, pixels
        Side of the cutouts; images smaller than this are filled up with flux zero and error +inf.

    Returns
    -------
    flux : Tensor, shape (n, band, size, size), nJy
        Flux per pixel.
    error : Tensor, shape (n, band, size, size), nJy
        Its error.
    corner : Tensor, shape (n, 2), int64
        Image pixel (x, y) of each cutout's first pixel.
    """
    height, width = flux.shape[2:]
    if min(height, width) < size:
        missing = (0, max(size - width, 0), 0, max(size - height, 0))
        flux, error = functional.pad(flux, missing), functional.pad(error, missing, value=math.inf)
    last = torch.tensor([flux.shape[3] - size, flux.shape[2] - size], device=boxes.device)
    corner = torch.minimum(torch.round(centres_of(boxes) - size / 2).long().clamp(min=0), last)
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
    """Resample masks that span their boxes to the pixels of cutouts.

    Parameters
    ----------
    masks : Tensor, shape (n, M, M)
        Mask probabilities on a grid that spans the box.
    boxes : Tensor, shape (n, 4), pixels
        Half-open boxes (x0, y0, x1, y1).
    corner : Tensor, shape (n, 2), int64
        Image pixel (x, y) of each cutout's first pixel.
    size : int, pixels
        Side of the cutouts.

    Returns
    -------
    Tensor, shape (n, size, size)
        Bilinear in the mask grid; zero outside the box.
    """
    if len(boxes) == 0:
        return masks.new_zeros((0, size, size))
    pixel = torch.arange(size, device=boxes.device) + 0.5
    width = sides_of(boxes).clamp(min=1e-3)
    position = (corner[:, :, None] + pixel - boxes[:, :2, None]) / width[:, :, None] * 2 - 1  # (n, xy, size)
    x, y = position[:, 0], position[:, 1]
    grid = torch.stack([x[:, None, :].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], -1)
    return functional.grid_sample(masks[:, None].float(), grid.float(), align_corners=False)[:, 0]
