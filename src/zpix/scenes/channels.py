"""Which of NIRCam's two channels observes a band?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zpix.spectra.filters import pivot_um

#: Side of a detector's pixel in arcsec, short and long channel (JWST User Documentation, NIRCam Field of View).
NATIVE_PIXEL_ARCSEC = (0.0311, 0.0630)
_LONG_FROM_UM = 2.4


def channels(bands: tuple[str, ...]) -> NDArray[np.intp]:
    """0 for each band of the short channel, 1 for each of the long one, shape (band,)."""
    return (pivot_um(bands) > _LONG_FROM_UM).astype(np.intp)
