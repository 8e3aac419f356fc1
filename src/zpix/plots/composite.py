"""How are images in several bands shown as one colour picture?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.image import PIVOT_UM, in_wavelength_order
from zpix.sources import sigma_nmad

#: Brightness, in units of the sky's noise, at which the stretch changes from linear to logarithmic.
_SOFTENING = 6.0
_DARKEST = -1.6
_BRIGHTEST = 400.0


def colour_composite(
    flux: NDArray[np.floating], bands: Sequence[str], *, valid: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Make a colour picture of an image in several bands.

    The bands, ordered by wavelength (as given, if one is unknown), are averaged in thirds: the short ones
    are blue, the middle ones green, the long ones red. A source of equal flux density in all bands is white.
    Brightness is stretched by asinh and colours are kept, as in Lupton et al. (2004, PASP 116, 133).

    Parameters
    ----------
    flux : (band, y, x) float, nJy
        Image in each band.
    bands : sequence of str
        Names of the bands.
    valid : (band, y, x) bool, optional
        Whether pixels are used; those without a valid band are grey.

    Returns
    -------
    (y, x, 3) float32
        Red, green and blue, from 0 to 1.
    """
    seen = np.isfinite(flux) if valid is None else valid & np.isfinite(flux)
    known = all(name in PIVOT_UM for name in bands)
    order = [list(bands).index(name) for name in (in_wavelength_order(bands) if known else bands)]
    thirds = _thirds(order)
    channels = np.stack([_average(flux[t], seen[t]) for t in reversed(thirds)], axis=-1)  # (y, x, 3), red first
    empty = ~seen.any(0)
    some = np.where(np.isnan(channels), 0.0, channels)
    intensity = some.mean(-1)
    noise = _noise(intensity[~empty])
    level = np.clip(intensity / noise, _DARKEST, None) - _DARKEST
    top = np.arcsinh((_BRIGHTEST - _DARKEST) / _SOFTENING)
    bright = np.arcsinh(level / _SOFTENING) / top
    ratio = (some / noise - _DARKEST) / np.maximum(level, 0.5)[..., None]
    picture: NDArray[Any] = np.clip(ratio, 0, None) * bright[..., None]
    peak = picture.max(-1, keepdims=True)
    picture = np.where(peak > 1, picture / np.maximum(peak, 1e-6), picture)  # saturated cores keep their colour
    picture[empty] = 0.35
    return np.asarray(picture, np.float32)


def _thirds(order: list[int]) -> list[list[int]]:
    """Bands of blue, green and red: thirds of the list; with fewer than three bands, some are used twice."""
    if len(order) == 1:
        return [order, order, order]
    if len(order) == 2:
        return [order[:1], order, order[1:]]
    return [list(part) for part in np.array_split(order, 3)]


def _average(flux: NDArray[np.floating], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean over the seen bands, NaN where none is; (band, y, x) to (y, x)."""
    count = seen.sum(0)
    total = np.where(seen, flux, 0.0).sum(0, dtype=np.float64)
    mean = np.full(count.shape, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def _noise(intensity: NDArray[np.float64]) -> float:
    """Standard deviation of the sky, from the pixels below the median, which sources hardly change."""
    if not intensity.size:
        return 1.0
    middle = np.median(intensity)
    below = intensity[intensity <= middle]
    return max(sigma_nmad(below, centre=middle), 1e-12)
