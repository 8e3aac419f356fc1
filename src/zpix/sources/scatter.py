"""How far do values scatter, whatever the outliers among them?"""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Standard deviation of a normal distribution in units of its median absolute deviation.
SIGMA_PER_MAD = 1.4826


@overload
def sigma_nmad(values: ArrayLike, *, centre: ArrayLike | None = None, axis: None = None) -> float: ...
@overload
def sigma_nmad(values: ArrayLike, *, centre: ArrayLike | None = None, axis: int) -> NDArray[np.float64]: ...


def sigma_nmad(
    values: ArrayLike, *, centre: ArrayLike | None = None, axis: int | None = None
) -> float | NDArray[np.float64]:
    """Normalised median absolute deviation, 1.4826 median(|x − centre|).

    Of errors Δz / (1 + z) it is the usual scatter of photometric redshifts; of pixels, a robust rms of the noise.

    Parameters
    ----------
    values : array-like of float
        All finite.
    centre : float or array-like of float, optional
        What deviations are measured from; the median by default.
    axis : int, optional
        Axis to take the medians along; all values together by default.

    Returns
    -------
    float or ndarray of float64
        In the unit of `values`; NaN of nothing.

    Examples
    --------
    >>> sigma_nmad([0.0, 1.0, 2.0, 100.0])
    1.4826
    """
    own: NDArray[np.float64] = np.asarray(values, np.float64)
    if not own.size:
        return float("nan") if axis is None else np.full(np.delete(own.shape, axis), np.nan)
    middle = np.median(own, axis=axis, keepdims=True) if centre is None else np.asarray(centre, np.float64)
    spread: NDArray[np.float64] = SIGMA_PER_MAD * np.median(np.abs(own - middle), axis=axis)
    return float(spread) if axis is None else spread
