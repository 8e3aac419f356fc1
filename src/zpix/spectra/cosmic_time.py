"""How old was the universe at each redshift?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def age_of_universe(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the age of a flat universe of H₀ = 70 km/s/Mpc and Ω_m = 0.3.

    Parameters
    ----------
    z : (N,) float64
        Redshifts.

    Returns
    -------
    (N,) float64, Gyr
        Ages.
    """
    from astropy.cosmology import FlatLambdaCDM

    return np.asarray(FlatLambdaCDM(H0=70.0, Om0=0.3).age(z).to_value("Gyr"))
