"""What does the Hubble Space Telescope do to light, in front of its cameras?

The pupil is round, with a round obstruction and four struts. The camera for the infrared has a mask in a cold image of
the pupil, which hides the warm rims of mirror, obstruction and struts. Sizes are those of Tiny Tim (Krist, Hook &
Stoehr 2011), without the three pads that hold the primary mirror.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zpix.instruments.telescope import Telescope

_RADIUS_M = 1.2


def _hst_pupil(n_pixels: int, *, rim: float, obstruction: float, strut: float) -> NDArray[np.float64]:
    """Transmission of HST's pupil, (n_pixels, n_pixels); all sizes are in units of the primary mirror's radius."""
    steps = (2 * np.arange(n_pixels) + 1 - n_pixels) / n_pixels
    x, y = steps, steps[:, None]
    radius = np.hypot(x, y)
    struts = np.minimum(np.abs(x - y), np.abs(x + y)) < strut / np.sqrt(2)
    return np.asarray((radius <= rim) & (radius > obstruction) & ~struts, np.float64)


#: HST as ACS sees it. The curves of HST's filters hold what is lost at the obstruction: the area is that of the whole
#: primary mirror.
HST = Telescope(
    diameter_m=2 * _RADIUS_M,
    collecting_area_m2=np.pi * _RADIUS_M**2,
    pupil=partial(_hst_pupil, rim=1.0, obstruction=0.330, strut=0.022),
    wavefront_um=0.030,
    halo_arcsec=0.30,
    wing=2.5e-5,
    core_arcsec=0.10,
    resolved_arcsec=0.09,
    spike=1.6e-5,
)
#: HST as WFC3 sees it in the infrared, behind the cold mask.
HST_COLD_MASK = replace(
    HST,
    pupil=partial(_hst_pupil, rim=0.941, obstruction=0.354, strut=0.0591),
    wing=4.0e-5,
    core_arcsec=0.18,
    resolved_arcsec=0.16,
)
