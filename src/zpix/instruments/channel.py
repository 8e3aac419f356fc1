"""What do the bands that fall on the same detectors of a camera have in common?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NoiseKernel:
    """Kernel that white noise is smoothed with: what neighbouring pixels of a mosaic share.

    The core is what drizzling does, the wing what 1/f noise and the subtracted background leave.

    Attributes
    ----------
    core_sigma_pix : float, pixels
        Gaussian σ of the core.
    wing_sigma_pix : float, pixels, default: 3.0
        Gaussian σ of the wing.
    wing_share : float, default: 0.0
        Share of the wing in the sum of the kernel.
    """

    core_sigma_pix: float
    wing_sigma_pix: float = 3.0
    wing_share: float = 0.0


@dataclass(frozen=True)
class Channel:
    """Detectors with pixels of one size, which observe some of a camera's bands.

    Attributes
    ----------
    name : str
        Name within the camera, such as "short".
    native_pixel_arcsec : float, arcsec
        Side of a detector's pixel.
    blur_arcsec : float, arcsec
        Gaussian σ of charge diffusion, jitter and drizzling together.
    noise : NoiseKernel
        What neighbouring pixels of a mosaic share.
    chip_arcsec : float, arcsec
        Side of a chip.
    chip_pitch_arcsec : float, arcsec
        Distance from a chip to its neighbour; the rest is a gap.
    has_wisps : bool, default: False
        Whether scattered light leaves faint strands.
    """

    name: str
    native_pixel_arcsec: float
    blur_arcsec: float
    noise: NoiseKernel
    chip_arcsec: float
    chip_pitch_arcsec: float
    has_wisps: bool = False
