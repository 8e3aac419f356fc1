"""How old was the universe at each redshift?"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from astropy.cosmology import FlatLambdaCDM


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
    return np.asarray(_cosmology().age(z).to_value("Gyr"))


@cache
def _cosmology() -> FlatLambdaCDM:
    """Return the cosmology, made once: astropy takes 0.1 s for it, and ages are asked for in every cell of a sky."""
    from astropy.cosmology import FlatLambdaCDM

    return FlatLambdaCDM(H0=70.0, Om0=0.3)
