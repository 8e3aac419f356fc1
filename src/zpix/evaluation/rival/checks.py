"""Do the fluxes of a rival agree with its templates, and their errors with the truth?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.evaluation.rival.fit import Fit
from zpix.evaluation.rival.photometry import RivalPhotometry

Floats = NDArray[np.float64]

_CLEAR_SNR = 10.0  # in a band, of a source that its flux scale is measured from
_GOOD_CHI2 = 3.0  # per band; beyond it templates do not describe a source


def flux_scale(photometry: RivalPhotometry, fit: Fit) -> Floats:
    """Median ratio of measured to best-fit flux in each band, of sources that templates describe well.

    It is 1 if the zero point of a band agrees with the templates. Redshifts are those of the fit. The scale is reported
    and not applied.

    Parameters
    ----------
    photometry : RivalPhotometry of length N
        Measured fluxes.
    fit : Fit of length N
        Best fits to them.

    Returns
    -------
    (band,) float64
        NaN where no source is bright.
    """
    flux, error = photometry.flux_njy, photometry.error_njy
    described = fit.chi2 < _GOOD_CHI2 * flux.shape[1]
    scale = np.full(flux.shape[1], np.nan)
    for band in range(len(scale)):
        good = described & (flux[:, band] > _CLEAR_SNR * error[:, band]) & (fit.model_njy[:, band] > 0)  # false for NaN
        if good.any():
            scale[band] = np.median(flux[good, band] / fit.model_njy[good, band])
    return scale


def pulls(photometry: RivalPhotometry, true_njy: NDArray[Any]) -> Floats:
    """Errors of fluxes in units of their estimated errors, (measured − true) / error.

    True fluxes are scaled by one factor per source first, since total fluxes are uncertain. The variance, corrected for
    the degree of freedom that the factor uses, is 1 if the estimated errors are right.

    Parameters
    ----------
    photometry : RivalPhotometry of length N
        Measured fluxes and estimated errors.
    true_njy : (N, band) float, nJy
        True total fluxes.

    Returns
    -------
    (N, band) float64
        NaN for sources that were not observed in all bands.
    """
    flux, error, true = photometry.flux_njy, photometry.error_njy, np.asarray(true_njy, float)
    scale = (flux * true / error**2).sum(1) / (true**2 / error**2).sum(1)
    freedom = np.sqrt(1 - 1 / flux.shape[1])
    pull: Floats = (flux - scale[:, None] * true) / (error * freedom)
    return pull
