"""What is done to the pixels of a mosaic by a few numbers for each band: a constant sky, scales of errors and fluxes?

A sky is a fault when it lies outside what the model was taught, whose own sky is not zero: galaxies too faint to be
masked raise it. Errors are judged by sums of pixels, since those are what sources are measured with: images that were
drizzled or matched to another PSF scatter less from pixel to pixel, and their errors need not be wrong. Where the sky
is uneven, as in a cluster of galaxies, their light is in these sums too: errors are then made larger only as far as the
scatter of pixels asks for it.

A model whose errors are measured is given errors that are the scatter of these sums, on every mosaic: then there is no
wrong scale. A model that was adapted to a field has flux factors, by which fluxes and errors are divided.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zpix.config import Errors
from zpix.image.examination import BandExamination, Examination
from zpix.image.pixels import Pixels
from zpix.image.taught import Range, Taught, TaughtBand

#: Errors are right if sums scatter by this much of what the model was taught; the range of errors of pixels that differ
#: with the way in which a mosaic was drizzled.
RIGHT_ERRORS = (0.75, 1.35)
# A sky is a fault if it lies further than this from the middle of what the model was taught, in errors of a pixel, and
# outside of that.
_SKY = 0.12
# Sums hold more than noise where the sky scatters by more than this from place to place, in units of right errors.
_UNEVEN = 0.25
# A fault is larger than this many of its standard errors.
_SIGNIFICANT = 2.0


@dataclass(frozen=True)
class BandRepair:
    """What is done to the pixels of one band.

    Attributes
    ----------
    band : str
        Name of the band.
    sky_njy : float, nJy per pixel
        What is subtracted from fluxes.
    error_factor : float
        What errors are multiplied by.
    flux_factor : float
        What fluxes and errors are divided by, after that.
    """

    band: str
    sky_njy: float = 0.0
    error_factor: float = 1.0
    flux_factor: float = 1.0


def find_repairs(examination: Examination, taught: Taught, *, errors: Errors = "image") -> tuple[BandRepair, ...]:
    """Say what must be done to a mosaic for its sky and its errors to be like those that a model was taught.

    Parameters
    ----------
    examination : Examination
        What the pixels say.
    taught : Taught
        What the model was taught.
    errors : {"image", "measured"}, default: "image"
        What the model takes for errors. With "measured" the errors of each band are multiplied by the measured scatter
        of its sums, whatever it is.

    Returns
    -------
    tuple of BandRepair
        Of the bands that need one; with errors of the images none for a healthy field.
    """
    repairs = []
    for given in examination.bands:
        known = taught.band(given.band)
        if errors == "measured":
            own, factor = given.in_measured_errors(), given.measured_factor
        else:
            own, factor = given, _error_factor(given, known)
        repair = BandRepair(own.band, _sky_njy(own, known.sky), factor)
        if repair != BandRepair(own.band):
            repairs.append(repair)
    return tuple(repairs)


def repair_pixels(pixels: Pixels, bands: Sequence[str], repairs: Sequence[BandRepair]) -> None:
    """Subtract the sky and scale errors and fluxes of pixels, in place; what is not valid stays as it is.

    Parameters
    ----------
    pixels : Pixels
        Flux, error and validity, (band, y, x).
    bands : sequence of str
        Their bands.
    repairs : sequence of BandRepair
        What to do; bands that are not named stay as they are.
    """
    for repair in repairs:
        if repair.band in bands:
            index = bands.index(repair.band)
            flux, valid = pixels.flux[index], pixels.valid[index]
            if repair.sky_njy:
                np.subtract(flux, np.float32(repair.sky_njy), out=flux, where=valid)
            pixels.error[index] *= np.float32(repair.error_factor)
            if repair.flux_factor != 1.0:
                flux /= np.float32(repair.flux_factor)
                pixels.error[index] /= np.float32(repair.flux_factor)


def with_flux_factors(
    repairs: Sequence[BandRepair], bands: Sequence[str], factors: Mapping[str, float]
) -> tuple[BandRepair, ...]:
    """Add flux factors to repairs.

    Parameters
    ----------
    repairs : sequence of BandRepair
        What is done to the pixels otherwise.
    bands : sequence of str
        Bands of the mosaic.
    factors : mapping of str to float
        What fluxes are divided by, by band; other bands stay as they are.

    Returns
    -------
    tuple of BandRepair
        In the order of the bands.
    """
    known = {repair.band: repair for repair in repairs}
    named = {band: replace(known.get(band, BandRepair(band)), flux_factor=factors.get(band, 1.0)) for band in bands}
    return tuple(repair for band, repair in named.items() if band in known or repair.flux_factor != 1.0)


def _sky_njy(own: BandExamination, known: Range) -> float:
    """Sky of a band above the middle of what is known; 0 if it lies in the range."""
    middle, half = 0.5 * (known[0] + known[1]), 0.5 * (known[1] - known[0])
    beyond = abs(own.sky - middle) - max(half, _SKY)
    if not beyond > _SIGNIFICANT * own.sky_error:  # also if it could not be measured
        return 0.0
    return _rounded((own.sky - middle) * own.error_njy)


def _error_factor(own: BandExamination, known: TaughtBand) -> float:
    """Noise of sums of a band over the nearest that is known; 1 if it is about right."""
    factor = _over(own.sums_over_error, known.sums_over_error)
    by_pixels = _over(own.noise_over_error, known.noise_over_error)
    if own.sky_spread > _UNEVEN * by_pixels:
        factor = min(factor, max(by_pixels, 1.0))
    wrong = not RIGHT_ERRORS[0] <= factor <= RIGHT_ERRORS[1]
    if not (wrong and abs(math.log(factor)) > _SIGNIFICANT * own.sums_error):
        return 1.0
    return _rounded(factor)


def _over(value: float, known: Range) -> float:
    """A value over the nearest that is known: 1 inside the range."""
    return value / min(max(value, known[0]), known[1])


def _rounded(value: float) -> float:
    """Four digits: the same on every machine."""
    return float(f"{value:.4g}")
