"""What does the detector find in an image, and what is it told to describe?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from zpix.detector.redshift_head import Mixture


class Found(NamedTuple):
    """Sources of one image.

    Attributes
    ----------
    boxes : Tensor, shape (n, 4), pixels
        Half-open boxes (x0, y0, x1, y1).
    score : Tensor, shape (n,)
        Probability that the source is real: one minus that of the background.
    class_probability : Tensor, shape (n, class)
        Probability of each class of the model, given that the source is real.
    masks : Tensor, shape (n, 28, 28)
        Probability that a cell of a grid that spans the box belongs to the source.
    mixture : Mixture
        Redshifts.
    """

    boxes: Tensor
    score: Tensor
    class_probability: Tensor
    masks: Tensor
    mixture: Mixture


class ForcedBoxes(NamedTuple):
    """Boxes of one image that are described whether the network finds a source there or not.

    Attributes
    ----------
    boxes : Tensor, shape (n, 4), pixels
        Half-open boxes (x0, y0, x1, y1).
    masks : Tensor, shape (n, 28, 28)
        Masks on the grid of `Found.masks`; NaN where the network shall predict them.
    """

    boxes: Tensor
    masks: Tensor


def put_masks(masks: Tensor, boxes: list[Tensor], forced: Sequence[ForcedBoxes]) -> None:
    """Replace the masks of forced boxes, the last of each image, by those that are given for them.

    Parameters
    ----------
    masks : Tensor, shape (n, 28, 28)
        Masks of all boxes; they are changed.
    boxes : list of Tensor
        Boxes of each image.
    forced : sequence of ForcedBoxes
        Those of each image that are forced.
    """
    for given, in_image in zip(forced, by_image(masks, boxes), strict=True):
        predicted = in_image[len(in_image) - len(given.masks) :]
        predicted.copy_(torch.where(given.masks.isnan(), predicted, given.masks))


def found_of(boxes: list[Tensor], shares: Tensor, masks: Tensor, mixture: Mixture) -> list[Found]:
    """Divide the columns of all sources among their images.

    Parameters
    ----------
    boxes : list of Tensor, shape (n, 4), pixels
        Boxes of each image.
    shares : Tensor, shape (N, 1 + class)
        Probabilities of the background and of each class.
    masks : Tensor, shape (N, 28, 28)
        Masks.
    mixture : Mixture
        Redshifts of N sources.

    Returns
    -------
    list of Found
        Of each image.
    """
    real = 1 - shares[:, 0]
    class_probability = shares[:, 1:] / real.clamp(min=1e-6)[:, None]
    columns = [by_image(column, boxes) for column in (real, class_probability, masks, *mixture)]
    return [
        Found(own, score, classes, own_masks, Mixture(*parameters))
        for own, score, classes, own_masks, *parameters in zip(boxes, *columns, strict=True)
    ]


def by_image(column: Tensor, boxes: list[Tensor]) -> tuple[Tensor, ...]:
    """Divide a column of all boxes among their images.

    Parameters
    ----------
    column : Tensor, shape (N, ...)
        One row for each box.
    boxes : list of Tensor
        Boxes of each image.

    Returns
    -------
    tuple of Tensor
        Its rows of each image; views of it.
    """
    return torch.split(column, [len(own) for own in boxes])
