"""Where are boxes, and which of them are wanted?

Boxes are half-open (x0, y0, x1, y1) in image pixels, as float tensors of shape (n, 4).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torchvision.ops import clip_boxes_to_image, nms

# A proposal is moved by less than this, or half its side, and overlaps no other box by half from farther away.
_LEAST_REACH_PIX = 32.0

#: Half-open (x0, y0, x1, y1) in image pixels.
Rectangle = tuple[float, float, float, float]


def centres_of(boxes: Tensor) -> Tensor:
    """Give the centres (x, y) of boxes.

    Parameters
    ----------
    boxes : Tensor, shape (n, 4), pixels
        Boxes.

    Returns
    -------
    Tensor, shape (n, 2), pixels
        On the boxes' scale, where pixel 0 reaches from 0 to 1.
    """
    return 0.5 * (boxes[:, :2] + boxes[:, 2:])


def sides_of(boxes: Tensor) -> Tensor:
    """Give the widths and heights of boxes.

    Parameters
    ----------
    boxes : Tensor, shape (..., 4), pixels
        Boxes.

    Returns
    -------
    Tensor, shape (..., 2), pixels
        Width and height.
    """
    return boxes[..., 2:] - boxes[..., :2]


def larger_than_a_pixel(boxes: Tensor) -> Tensor:
    """Tell which boxes have both sides longer than a pixel.

    Parameters
    ----------
    boxes : Tensor, shape (n, 4), pixels
        Boxes.

    Returns
    -------
    Tensor, shape (n,), bool
        False for boxes that have shrunk to a line or a point.
    """
    return (sides_of(boxes) > 1.0).all(1)


def centred_in(boxes: Tensor, region: Rectangle) -> Tensor:
    """Tell which boxes have their centre in a region.

    Parameters
    ----------
    boxes : Tensor, shape (n, 4), pixels
        Boxes.
    region : tuple of float, pixels
        The region, half-open.

    Returns
    -------
    Tensor, shape (n,), bool
        True inside.
    """
    centre = centres_of(boxes)
    low, high = boxes.new_tensor(region[:2]), boxes.new_tensor(region[2:])
    return ((centre >= low) & (centre < high)).all(1)


def reaching_into(boxes: Tensor, region: Rectangle) -> Tensor:
    """Tell which proposals can become a source centred in a region, or suppress one.

    Parameters
    ----------
    boxes : Tensor, shape (n, 4), pixels
        Proposals.
    region : tuple of float, pixels
        The region, half-open.

    Returns
    -------
    Tensor, shape (n,), bool
        False for proposals that cannot matter there.
    """
    centre = centres_of(boxes)
    reach = (0.5 * sides_of(boxes)).clamp(min=_LEAST_REACH_PIX)
    low, high = boxes.new_tensor(region[:2]), boxes.new_tensor(region[2:])
    return ((centre >= low - reach) & (centre < high + reach)).all(1)


def jittered(boxes: Tensor, fraction: float, size: tuple[int, int]) -> Tensor:
    """Move and scale boxes at random, within the image.

    Parameters
    ----------
    boxes : Tensor, shape (n, 4), pixels
        Boxes.
    fraction : float
        Standard deviation of each edge, in units of the box's sides.
    size : tuple of int, pixels
        Height and width of the image.

    Returns
    -------
    Tensor, shape (n, 4), pixels
        The moved boxes; the random numbers are torch's.
    """
    sides = sides_of(boxes).repeat(1, 2)
    moved = boxes + fraction * sides * torch.randn_like(boxes).clamp(-2, 2)
    inside: Tensor = clip_boxes_to_image(moved, size)
    return inside


def image_index(boxes: list[Tensor]) -> Tensor:
    """Say in which image each box lies once the boxes of all images are joined.

    Parameters
    ----------
    boxes : list of Tensor, shape (n, 4), pixels
        Boxes of each image.

    Returns
    -------
    Tensor, shape (sum of n,), int64
        Index of the image of each row.
    """
    return torch.cat([torch.full((len(b),), i, dtype=torch.long, device=b.device) for i, b in enumerate(boxes)])


def few_at_once(boxes: Tensor, image: Tensor, at_once: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Give boxes and their images, so many at once; all together on a graphics card.

    Parameters
    ----------
    boxes : Tensor, shape (n, 4), pixels
        Boxes.
    image : Tensor, shape (n,), int64
        Image of each.
    at_once : int
        Number of boxes that a processor takes together.

    Yields
    ------
    boxes : Tensor, shape (m, 4), pixels
        Some of them, in order.
    image : Tensor, shape (m,), int64
        Their images.
    """
    if boxes.is_cuda:
        at_once = max(1, len(boxes))
    yield from zip(torch.split(boxes, at_once), torch.split(image, at_once), strict=True)


def reported(boxes: Tensor, shares: Tensor, region: Rectangle | None, score_threshold: float, nms_iou: float) -> Tensor:
    """Choose the boxes of an image that are sources: probably real, the best of those that overlap, in the region.

    Parameters
    ----------
    boxes : Tensor, shape (n, 4), pixels
        Boxes.
    shares : Tensor, shape (n, 1 + class)
        Probability of the background and of each class.
    region : Rectangle or None
        Where centres of sources lie that are wanted; None for the whole image.
    score_threshold : float
        Least probability of being real.
    nms_iou : float
        Of two boxes that overlap by more than this (IoU), only the better stays.

    Returns
    -------
    Tensor, shape (m,), int64
        Their rows, best first.
    """
    real = 1 - shares[:, 0]
    rows = torch.where((real >= score_threshold) & larger_than_a_pixel(boxes))[0]
    rows = rows[nms(boxes[rows], real[rows], nms_iou)]
    return rows if region is None else rows[centred_in(boxes[rows], region)]
