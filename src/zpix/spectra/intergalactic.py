"""How much light does gas between the galaxies let through?"""

from __future__ import annotations

import contextlib
import io
from functools import cache

import numpy as np
from numpy.typing import NDArray

from zpix.errors import MissingExtraError
from zpix.spectra.wavelengths import rest_grid

_PIXELS = 1403  # 600 to 2000 Å, the damping wing included


def absorb(
    light: NDArray[np.float32], z: NDArray[np.float64], gas: NDArray[np.float64], damping: NDArray[np.float64]
) -> None:
    """Dim rest-frame spectra by the gas in front of them.

    Parameters
    ----------
    light : (N, W) float32
        Spectra on `rest_grid`; written to.
    z : (N,) float64
        Redshifts.
    gas : (N,) float64
        Optical depth of the intergalactic medium in units of its mean.
    damping : (N,) float64
        Optical depth of neutral gas near the source (z > 6) in units of its mean.
    """
    redshift, tau, wing = _igm_tables()
    position = np.clip(z / (redshift[1] - redshift[0]), 0, len(redshift) - 1.001)
    row = position.astype(int)
    fraction = (position - row).astype(np.float32)[:, None]
    depth = (tau[row] * (1 - fraction) + tau[row + 1] * fraction) * gas[:, None].astype(np.float32)
    near = (wing[row] * (1 - fraction) + wing[row + 1] * fraction) * damping[:, None].astype(np.float32)
    light[:, :_PIXELS] *= np.exp(-(depth + near))


@cache
def _igm_tables() -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float32]]:
    """Redshifts, and optical depths over redshift and the first `_PIXELS` of `rest_grid`.

    The first is of the intergalactic medium (Inoue et al. 2014), the second of neutral gas near galaxies at z
    > 6 (Asada et al. 2025), whose damping wing softens the Lyman break.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # eazy greets on import
            from eazy.igm import Asada24
    except ImportError:
        raise MissingExtraError("eazy", "sim") from None
    model, rest = Asada24(), rest_grid()[:_PIXELS]
    redshift = np.arange(0.0, 16.01, 0.1)
    tau = np.empty((len(redshift), _PIXELS), np.float32)
    wing = np.zeros_like(tau)
    for row, z in enumerate(redshift):
        observed = rest * (1 + z)
        depth = model.tLSLAF(z, observed) + model.tLSDLA(z, observed) + model.tLCLAF(z, observed)
        tau[row] = depth + model.tLCDLA(z, observed)
        if z >= 6:
            wing[row] = np.clip(model.tau_cgm(10 ** model.lgNHI_z(z), observed, z), 0, 50)
    return redshift, np.clip(tau, 0, 50), wing
