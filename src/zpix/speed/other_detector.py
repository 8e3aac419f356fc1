"""Which parts do implementations of the network by other libraries have in common?"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zpix.detector import Detector
from zpix.detector.cutouts import source_pixels
from zpix.detector.soft_photometry import SourcePixels


class OtherDetector(nn.Module):
    """Base of networks of other libraries that have the redshift head of a detector.

    Parameters
    ----------
    detector : Detector
        Gives the redshift head.
    """

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.redshift_head = detector.redshift_head
        self.images = detector.images
        self.cutout_size_pix = detector.config.cutout_size_pix

    def channels(self, flux: Tensor, error: Tensor) -> Tensor:
        """Make the input of the network in the usual memory order.

        Parameters
        ----------
        flux, error : (1, band, y, x) float32, nJy
            The image and its errors.

        Returns
        -------
        (1, channel, y, x) float32
            Significances and validity.
        """
        return self.images(flux, error).contiguous()

    def cutouts(self, flux: Tensor, error: Tensor, boxes: Tensor, masks: Tensor) -> SourcePixels:
        """Cut out the pixels of the sources of one image, as the redshift head reads them.

        Parameters
        ----------
        flux, error : (1, band, y, x) float32, nJy
            The image and its errors.
        boxes : (n, 4) float32, pixels
            Boxes (x0, y0, x1, y1) of the sources.
        masks : (n, M, M) float32
            Mask probabilities on a grid that spans the box.

        Returns
        -------
        SourcePixels
            Pixels of the n sources.
        """
        image = torch.zeros(len(boxes), dtype=torch.long, device=flux.device)
        return source_pixels(flux, error, boxes, image, masks, size=self.cutout_size_pix)
