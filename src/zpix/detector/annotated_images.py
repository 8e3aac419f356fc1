"""What does the network learn from in one step? A batch of annotated images."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Scenes:
    """A batch of annotated images.

    Attributes
    ----------
    flux : Tensor, shape (image, band, y, x), float32, nJy
        Flux per pixel.
    error : Tensor, shape (image, band, y, x), float32, nJy
        Its 1-sigma error; +inf where a pixel is not valid.
    dust : Tensor, shape (image,), float32, mag
        E(B−V) of the Milky Way.
    segmentation : Tensor, shape (image, y, x), int32
        Source i of an image has the value i + 1; 0 elsewhere.
    boxes : list of Tensor, shape (n, 4), float32, pixels
        Half-open boxes (x0, y0, x1, y1) of the sources of each image.
    labels : list of Tensor, shape (n,), int64
        Their classes: 1 for the first class of the model, and so on.
    redshifts : list of Tensor, shape (n,), float32
        Their redshifts; NaN where unknown.
    """

    flux: Tensor
    error: Tensor
    dust: Tensor
    segmentation: Tensor
    boxes: list[Tensor]
    labels: list[Tensor]
    redshifts: list[Tensor]

    def to(self, device: torch.device) -> Scenes:
        """Copy the batch to a device.

        Parameters
        ----------
        device : torch.device
            The device.

        Returns
        -------
        Scenes
            The same batch there.
        """

        def move(value: Tensor) -> Tensor:
            return value.to(device, non_blocking=True)

        return Scenes(
            flux=move(self.flux),
            error=move(self.error),
            dust=move(self.dust),
            segmentation=move(self.segmentation),
            boxes=[move(b) for b in self.boxes],
            labels=[move(v) for v in self.labels],
            redshifts=[move(z) for z in self.redshifts],
        )
