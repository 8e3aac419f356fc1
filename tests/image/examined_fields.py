"""Fields of blobs in noise that neighbouring pixels share, for what examines mosaics."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter

from zpix.image import BandExamination, Examination, Pixels, Taught, TaughtBand
from zpix.search.array_image import ArrayImage

BANDS = ("F115W", "F200W", "F444W")
SCALE_ARCSEC = 0.03
#: Errors of a pixel, nJy.
ERRORS_NJY = (0.05, 0.05, 0.02)
#: The noise of this field is smoothed by this Gaussian, and its errors are those of the smoothed pixels.
SMOOTHED_PIX = 0.8


def blob_image(
    shape: tuple[int, int] = (384, 384), *, seed: int = 0, sources: int = 60, smoothed_pix: float = SMOOTHED_PIX
) -> ArrayImage:
    """Sources of FWHM 0.1 arcsec in noise of unit scatter over error; the positions are the same in all bands."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    light = np.zeros(shape)
    sigma = 0.1 / SCALE_ARCSEC / math.sqrt(8 * math.log(2))
    places = rng.uniform(15, np.array(shape) - 15, (sources, 2))
    for (row, column), snr in zip(places, np.geomspace(10, 200, sources), strict=True):
        light += snr * np.exp(-0.5 * ((y - row) ** 2 + (x - column) ** 2) / sigma**2)
    flux = []
    for error in ERRORS_NJY:
        noise = gaussian_filter(rng.standard_normal(shape), smoothed_pix, mode="wrap") if smoothed_pix else (
            rng.standard_normal(shape))  # fmt: skip
        flux.append(error * (light + noise / noise.std()))
    error = np.broadcast_to(np.array(ERRORS_NJY, np.float32)[:, None, None], (3, *shape)).copy()
    pixels = Pixels(np.array(flux, np.float32), error, np.ones((3, *shape), bool))
    return ArrayImage(BANDS, pixels, None, SCALE_ARCSEC)


def with_pixels(image: ArrayImage, **changed: np.ndarray) -> ArrayImage:
    """The same image with other arrays."""
    return replace(image, pixels=replace(image.pixels, **changed))


def band(name: str = "F444W", **values: object) -> BandExamination:
    """A healthy band in numbers."""
    healthy = BandExamination(
        name, 1.0, 0.0, 0.02, 0.1, 0.01, 0.03, 1.0, 2.5, 0.02, (0.6, 0.2, 0, 0, 0, 0, 0, 0), 30.3, (30.2, 30.4), 0.16,
        20, (0.01, 0.0), 0.02,
    )  # fmt: skip
    return replace(healthy, **values)


def seen(*bands: BandExamination, sources: int = 50) -> Examination:
    """An examination of these bands."""
    return Examination((2000, 2000), SCALE_ARCSEC, 12, 0.3, sources, bands)


#: What a model was taught of the healthy band.
TAUGHT = Taught(
    {"F444W": TaughtBand((0.0, 0.2), (0.9, 1.1), (2.4, 2.6), (0.55, 0.65), (29.5, 30.5), (0.15, 0.2))}, "a test"
)
