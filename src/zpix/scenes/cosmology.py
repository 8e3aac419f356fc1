"""How long is an arcsec at some redshift?"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray


def kpc_per_arcsec(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the proper length of an arcsec in the cosmology of Planck 2018.

    Parameters
    ----------
    z : (N,) float64
        Redshifts.

    Returns
    -------
    (N,) float64, kpc
        Lengths.
    """
    return np.interp(z, *_distance_table())


@cache
def _distance_table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Redshifts and kpc per arcsec."""
    from astropy.cosmology import Planck18

    z = np.geomspace(0.005, 20.0, 400)
    return z, 1.0 / Planck18.arcsec_per_kpc_proper(z).value
