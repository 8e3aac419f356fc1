"""How are several images of one band, such as those of NIRCam's modules A and B, put together?"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zpix.errors import BandError
from zpix.image.mosaic import Mosaic
from zpix.image.pixels import Pixels
from zpix.image.regions import Region
from zpix.image.resampling import resample

_WINDOWS = 5  # along each axis of an image, over which two images are compared
_WINDOW_SIZE = 48  # pixels
_SHARED = 0.5  # part of the one image with data in the other, above which they may show the same exposures
_FAINT_SIGMA = 2.0  # pixels within this many errors of zero show noise, not sources
_SAME_NOISE = 0.6  # correlation of that noise above which it comes from the same exposures


def weighted_mean(parts: Sequence[Pixels]) -> Pixels:
    """Average images of one band with inverse variances as weights.

    Parameters
    ----------
    parts : sequence of Pixels
        The same region in each image.

    Returns
    -------
    Pixels
        The mean of those that are valid, pixel by pixel: Σ f σ⁻² / Σ σ⁻², with the error (Σ σ⁻²)^−1/2.
    """
    if len(parts) == 1:
        return parts[0]
    valid = np.stack([part.valid for part in parts])
    weight = np.stack([np.where(part.valid, part.error.astype(np.float64), np.inf) ** -2 for part in parts])
    some: NDArray[np.bool_] = np.logical_or.reduce(valid, axis=0)
    total = np.where(some, weight.sum(axis=0), 1.0)
    flux = np.where(some, (weight * np.stack([part.flux for part in parts])).sum(axis=0) / total, 0.0)
    error = np.where(some, total**-0.5, np.inf)
    return Pixels(flux.astype(np.float32), error.astype(np.float32), some)


def refuse_same_exposures(images: Sequence[Mosaic]) -> None:
    """Refuse two images of one band that were made of the same exposures: their noise is not independent.

    Such are the mosaics of one field with 20 and with 40 mas, or a file beside its compressed copy.

    Parameters
    ----------
    images : sequence of Mosaic
        The images of one band.

    Raises
    ------
    BandError
        If most of one image has data in another, with the same noise.
    """
    for one, other in itertools.permutations(images, 2):
        shared, correlation = _agreement(one, other)
        if shared > _SHARED and correlation > _SAME_NOISE:
            raise BandError(
                f"band {one.bands[0]} is in '{one.paths[0]}' and in '{other.paths[0]}' with the same noise: both show "
                "the same exposures, leave one of them out"
            )


def _agreement(one: Mosaic, other: Mosaic) -> tuple[float, float]:
    """Part of an image with data in another, and how the noise of both is correlated there."""
    height, width = one.shape
    known, own, others = 0, [], []
    for y, x in itertools.product(*(np.linspace(0, size, 2 * _WINDOWS + 1)[1::2] for size in (height, width))):
        window = Region(int(x), int(y), int(x), int(y)).grown(_WINDOW_SIZE // 2)
        window = window.intersection(Region.whole(one.shape))
        first, second = one.read(window), resample(other, window, wcs=one.wcs)
        known += int(first.valid.sum())
        both = first.valid & second.valid
        own.append((first.flux / first.error)[both])
        others.append((second.flux / second.error)[both])
    noise = np.array([np.concatenate(own), np.concatenate(others)])
    shared = noise.shape[1] / max(known, 1)
    noise = noise[:, (np.abs(noise) < _FAINT_SIGMA).all(axis=0)]
    if noise.shape[1] < 2 or not noise.std(axis=1).all():
        return shared, 0.0
    return shared, float(np.corrcoef(noise)[0, 1])
