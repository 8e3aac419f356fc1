"""How wide is the PSF of a band, and how much of the light is within a radius?"""

import numpy as np

from zpix.scenes.psf import transfer_function


def profile(band: str) -> tuple[float, np.ndarray]:
    """FWHM in arcsec, and the light within 0.5 and 1″, on pixels of 0.015″."""
    side, step = 512, 0.015
    image = np.fft.fftshift(np.fft.irfft2(transfer_function(band, side // 2, oversampling=2), (side, side)))
    y, x = np.indices(image.shape) - side // 2
    radius = np.hypot(y, x) * step
    along = (image[side // 2] + image[:, side // 2])[side // 2 :]  # mean of both axes, from the peak
    first = int(np.argmax(along < along[0] / 2))
    half = np.interp(along[0] / 2, along[[first, first - 1]], [first, first - 1]) * step
    return 2 * float(half), np.array([image[radius < within].sum() for within in (0.5, 1.0)])
