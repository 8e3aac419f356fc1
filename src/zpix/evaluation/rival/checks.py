"""Can the rival's photometry be trusted?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.evaluation.rival.fit import Fit
from zpix.evaluation.rival.photometry import RivalPhotometry

Floats = NDArray[np.float64]

#: A source counts for the flux scale of a band in which it is this many σ above zero.
_CLEAR = 10.0
#: Beyond this χ² per band templates do not describe a source, and say nothing about the scale of fluxes.
_GOOD_CHI2 = 3.0


def flux_scale(photometry: RivalPhotometry, fit: Fit) -> Floats:
    """Median of measured over best-fitting flux in each band, (band,), of sources that templates describe well.

    1 where the flux scale (zero point) of a band agrees with the templates; NaN where no source is bright. No redshift
    but the fit's own is used. It is reported and not applied.
    """
    flux, error = photometry.flux_njy, photometry.error_njy
    described = fit.chi2 < _GOOD_CHI2 * flux.shape[1]
    scale = np.full(flux.shape[1], np.nan)
    for band in range(len(scale)):
        good = described & (flux[:, band] > _CLEAR * error[:, band]) & (fit.model_njy[:, band] > 0)  # not true of NaN
        if good.any():
            scale[band] = np.median(flux[good, band] / fit.model_njy[good, band])
    return scale


def pulls(photometry: RivalPhotometry, true_njy: NDArray) -> Floats:
    """(measured − true) / error of each source and band, (N, band), after one scale per source, as totals are free.

    Of variance one if the errors are honest, but for the one band in N that the scale costs. Rows that were not
    observed in all bands are NaN.
    """
    flux, error, true = photometry.flux_njy, photometry.error_njy, np.asarray(true_njy, float)
    scale = (flux * true / error**2).sum(1) / (true**2 / error**2).sum(1)
    freedom = np.sqrt(1 - 1 / flux.shape[1])
    return (flux - scale[:, None] * true) / (error * freedom)
