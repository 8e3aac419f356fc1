"""Which spectrum does an unobscured active nucleus have?

The continuum is that of the family `kcorrect`; the lines are broad, with the equivalent widths of the composite of
Vanden Berk et al. (2001, Table 2) and, beyond 9000 Å, of the order of those of Glikman et al. (2006).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from zpix.instruments import LN_STEP
from zpix.spectra.continua import accretion
from zpix.spectra.wavelengths import REST_PIXELS, REST_START, pixel_at

#: Rest wavelength (Å) and rest equivalent width (Å) of a nucleus's lines.
QUASAR_LINES = (
    (1215.67, 93.0),  # with N V
    (1398.0, 8.0),  # Si IV and O IV]
    (1549.0, 24.0),
    (1909.0, 21.0),
    (2799.0, 32.0),
    (4341.7, 13.0),
    (4862.7, 46.0),
    (4960.3, 4.0),
    (5008.2, 13.0),
    (5877.2, 5.0),
    (6564.6, 195.0),
    (10833.2, 36.0),
    (12821.6, 25.0),
    (18756.1, 30.0),
)
_BROAD_KM_S = 4000.0  # full width at half maximum


@cache
def quasar_light() -> NDArray[np.float32]:
    """Give the light of a nucleus.

    Returns
    -------
    (2, W) float32
        f_ν of continuum and of lines on `rest_grid`, in units of the continuum at 5500 Å.
    """
    continuum = accretion()
    continuum = continuum / continuum[pixel_at(5500.0)]
    sigma = _BROAD_KM_S / 2.3548 / 299_792.458
    ln_wave = np.log(REST_START) + LN_STEP * np.arange(REST_PIXELS)
    lines = np.zeros_like(continuum)
    for wavelength, width in QUASAR_LINES:
        profile = np.exp(-0.5 * ((ln_wave - np.log(wavelength)) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
        lines += continuum[pixel_at(wavelength)] * width / wavelength * profile
    return np.stack([continuum, lines]).astype(np.float32)
