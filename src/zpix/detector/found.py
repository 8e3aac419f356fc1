"""What does the detector find in an image, and what is it told to describe?"""

from __future__ import annotations

from typing import NamedTuple

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
