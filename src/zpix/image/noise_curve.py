"""By how much do sums of so many pixels scatter more than their errors add up to?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zpix.image.examination import BandExamination, Examination
from zpix.image.repairs import BandRepair
from zpix.image.sum_noise import square_areas_pix


@dataclass(frozen=True)
class NoiseCurve:
    """Scatter of sums over what the errors of their pixels add up to, by the number of pixels.

    Attributes
    ----------
    n_pix : tuple of float
        Numbers of pixels, ascending.
    over_error : tuple of tuple of float
        For each band, the scatter of sums of so many pixels over their error.
    """

    n_pix: tuple[float, ...]
    over_error: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, examination: Examination, bands: Sequence[str], repairs: Sequence[BandRepair] = ()) -> NoiseCurve:
        """Take the curve from the examination of a mosaic.

        Parameters
        ----------
        examination : Examination
            Of the mosaic as it is given.
        bands : sequence of str
            Bands of the curve, in order. One that was not examined, or of which too little is empty, is taken to have
            independent pixels with right errors.
        repairs : sequence of BandRepair, optional
            What is done to its pixels: errors that are scaled are nearer to the scatter.

        Returns
        -------
        NoiseCurve
            For single pixels, and sums over the areas of `square_areas_pix`.
        """
        known = {own.band: own for own in examination.bands}
        scaled = {repair.band: repair.error_factor for repair in repairs}
        areas = tuple(float(area) for area in square_areas_pix(examination.pixel_scale_arcsec))
        curves = tuple(
            tuple(value / scaled.get(band, 1.0) for value in _points(known[band])) if band in known else (1.0,) * 3
            for band in bands
        )
        return cls((1.0, *areas), curves)

    def at(self, n_pix: ArrayLike) -> NDArray[np.float32]:
        """Give the factors for sums of so many pixels.

        Parameters
        ----------
        n_pix : (N,) float
            Numbers of pixels; NaN gives NaN.

        Returns
        -------
        (N, band) float32
            Linear in the logarithm of the number between the points of the curve, constant beyond them.
        """
        log_n = np.log(np.maximum(np.asarray(n_pix, np.float64), 1.0))
        points = np.log(self.n_pix)
        values = [np.interp(log_n, points, own) for own in self.over_error]
        return np.stack(values, axis=1).astype(np.float32) if values else np.zeros((len(log_n), 0), np.float32)


def _points(own: BandExamination) -> tuple[float, float, float]:
    """Scatter over error of a pixel, a small and a large sum; 1 if that of sums could not be measured."""
    small = own.sums_over_error
    if not small > 0:
        return 1.0, 1.0, 1.0
    large = own.large_sums_over_error if own.large_sums_over_error > 0 else small
    pixel = own.noise_over_error if own.noise_over_error > 0 and math.isfinite(own.noise_over_error) else small
    return pixel, small, large
