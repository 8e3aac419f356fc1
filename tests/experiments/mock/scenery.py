"""Images and photometry whose measurements are known."""

from __future__ import annotations

import numpy as np

from experiments.mock import detection, matching

LONG = ("F277W", "F356W", "F444W")


def gaussian(sigma_pix: float, size: int = 401) -> np.ndarray:
    """A round Gaussian of unit flux on the middle pixel."""
    y, x = np.indices((size, size)) - size // 2
    image = np.exp(-0.5 * (x**2 + y**2) / sigma_pix**2)
    return image / image.sum()


def cutout_of(flux: np.ndarray, bands: tuple[str, ...] = LONG) -> matching.Cutout:
    return matching.Cutout(bands, flux, np.ones(flux.shape), np.ones(flux.shape[1:], bool))


def catalogue(flux: np.ndarray, error: float = 1.0) -> detection.Photometry:
    n = len(flux)
    return detection.Photometry(
        np.zeros(n), np.zeros(n), flux, np.full(flux.shape, error), flux.sum(axis=1), np.zeros(n, np.int64)
    )
