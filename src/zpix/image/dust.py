"""How much does the Milky Way's dust redden a source?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray


def ebv_at(ra: ArrayLike, dec: ArrayLike, *, dust: str | float | Path = "sfd") -> NDArray[np.float32]:
    """E(B−V) in magnitudes at positions in degrees (ICRS), shape (N,)."""
    raise NotImplementedError
