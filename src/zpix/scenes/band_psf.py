"""With which PSF is a band drawn: the telescope's or the user's, stretched or not?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpix.scenes.psf import Stretch, band_limit, transfer_function
from zpix.scenes.user_psf import UserPsf


@dataclass(frozen=True)
class BandPsf:
    """The PSF that a band is drawn with.

    Attributes
    ----------
    band : str
        Band whose PSF it is, which in a field that is matched to it is not the band drawn.
    angle_deg : float, degrees
        Position angle of the telescope's pupil, east of north.
    user : UserPsf, optional
        The user's PSF in place of the telescope's.
    stretch : Stretch, optional
        How it is widened and stretched; not at all by default.
    """

    band: str
    angle_deg: float
    user: UserPsf | None = None
    stretch: Stretch | None = None

    @property
    def limit(self) -> float:
        """Highest spatial frequency that it passes, in cycles per arcsec."""
        return band_limit(self.band) / (self.stretch.narrowest if self.stretch else 1.0)

    def transfer_function(
        self, size: int, *, oversampling: int, pixel_scale_arcsec: float
    ) -> NDArray[np.float32] | NDArray[np.complex64]:
        """Compute its Fourier transform for stamps of `size` pixels.

        Parameters
        ----------
        size : int
            Side of the stamp in pixels.
        oversampling : int
            How many times finer than the mosaic's pixels the light is sampled.
        pixel_scale_arcsec : float, arcsec
            Side of the mosaic's pixels.

        Returns
        -------
        (K, K // 2 + 1) float32, or complex64 for a PSF of the user's
            See `zpix.scenes.psf.transfer_function`.
        """
        if self.user is not None:
            return self.user.transfer_function(
                size, oversampling=oversampling, pixel_scale_arcsec=pixel_scale_arcsec, stretch=self.stretch
            )
        return transfer_function(
            self.band,
            size,
            oversampling=oversampling,
            pixel_scale_arcsec=pixel_scale_arcsec,
            angle_deg=self.angle_deg,
            stretch=self.stretch,
        )
