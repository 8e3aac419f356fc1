"""How are images in several bands shown as one colour picture?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from zpix.image import PIVOT_UM, in_wavelength_order
from zpix.sources import sigma_nmad

#: How brightness grows with flux.
PictureStretch = Literal["asinh", "log", "linear"]
#: Bands of each colour, as places in a list of bands: red, green, blue.
Channels = Sequence[Sequence[int]]

_DARKEST = -1.6
_NO_DATA = 0.35


@dataclass(frozen=True)
class StretchCurve:
    """How brightness grows with flux, in units of the sky's noise above the darkest flux.

    Attributes
    ----------
    name : {"asinh", "log", "linear"}
        The stretch.
    softening : float
        Flux at which it changes from linear to logarithmic; without a meaning for "linear".
    brightest : float
        Flux that is as bright as can be.
    """

    name: PictureStretch
    softening: float
    brightest: float


#: The stretches, of which the first is the default.
STRETCH_CURVES = (
    StretchCurve("asinh", 6.0, 400.0 - _DARKEST),
    StretchCurve("log", 1.0, 1000.0 - _DARKEST),
    StretchCurve("linear", 1.0, 60.0 - _DARKEST),
)


def colour_composite(
    flux: NDArray[np.floating],
    bands: Sequence[str],
    *,
    valid: NDArray[np.bool_] | None = None,
    channels: Channels | None = None,
    noise_njy: float | None = None,
    stretch: PictureStretch = "asinh",
    brightest: float | None = None,
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
    channels : three sequences of int, optional
        Places in `bands` of those that are red, green and blue, in place of thirds.
    noise_njy : float, optional
        Noise of the mean of the three colours, by which fluxes are scaled; by default that of this image.
    stretch : {"asinh", "log", "linear"}, default: "asinh"
        How brightness grows with flux.
    brightest : float, optional
        Flux in units of the noise that is as bright as can be, in place of that of the stretch.

    Returns
    -------
    (y, x, 3) float32
        Red, green and blue, from 0 to 1.
    """
    thirds = colour_channels(bands) if channels is None else channels
    seen = np.isfinite(flux) if valid is None else valid & np.isfinite(flux)
    colours = np.stack([_average(flux, seen, list(third)) for third in thirds])  # (3, y, x), red first
    empty = ~seen[[band for third in thirds for band in third]].any(0)
    intensity = colours.mean(0)
    noise = np.float32(sky_noise(intensity[~empty]) if noise_njy is None else noise_njy)
    level = np.maximum(intensity / noise, _DARKEST) - np.float32(_DARKEST)
    bright = stretched(level, stretch, brightest) / np.maximum(level, 0.5)
    colours /= noise
    colours -= np.float32(_DARKEST)
    colours *= bright
    np.maximum(colours, 0, out=colours)
    colours /= np.maximum(colours.max(0), 1)  # saturated cores keep their colour
    colours[:, empty] = _NO_DATA
    return np.ascontiguousarray(np.moveaxis(colours, 0, -1))


def colour_channels(bands: Sequence[str]) -> list[list[int]]:
    """Say which bands are red, green and blue: thirds of the bands in the order of their wavelengths.

    Parameters
    ----------
    bands : sequence of str
        Names of the bands; where one is unknown, they are taken in the order given.

    Returns
    -------
    list of list of int
        Places in `bands` of the red, green and blue ones; of fewer than three bands, some are used twice.

    Examples
    --------
    >>> colour_channels(["F444W", "F277W", "F150W", "F090W"])
    [[0], [1], [3, 2]]
    """
    known = all(name in PIVOT_UM for name in bands)
    order = [list(bands).index(name) for name in (in_wavelength_order(bands) if known else bands)]
    if len(order) == 1:
        return [order, order, order]
    if len(order) == 2:
        return [order[1:], order, order[:1]]
    return [part.tolist() for part in reversed(np.array_split(order, 3))]


def stretched(
    level: NDArray[Any], stretch: PictureStretch = "asinh", brightest: float | None = None
) -> NDArray[np.float32]:
    """Turn the brightness of pixels into that of a picture.

    Parameters
    ----------
    level : array of float32
        Flux above the darkest one, in units of the sky's noise.
    stretch : {"asinh", "log", "linear"}, default: "asinh"
        How brightness grows with flux.
    brightest : float, optional
        Flux in units of the noise that is as bright as can be, in place of that of the stretch.

    Returns
    -------
    array of float32
        0 for the darkest and 1 for the brightest flux that is shown; beyond these for others.
    """
    curve = next(curve for curve in STRETCH_CURVES if curve.name == stretch)
    level, top = np.asarray(level, np.float32), curve.brightest if brightest is None else brightest - _DARKEST
    if stretch == "linear":
        return np.asarray(level / np.float32(top), np.float32)
    grow = np.arcsinh if stretch == "asinh" else np.log1p
    soft = np.float32(curve.softening)
    return np.asarray(grow(level / soft) / np.float32(grow(top / soft)), np.float32)


def grey_picture(
    flux: NDArray[np.floating],
    noise_njy: float,
    *,
    valid: NDArray[np.bool_] | None = None,
    stretch: PictureStretch = "asinh",
    brightest: float | None = None,
) -> NDArray[np.float32]:
    """Make a grey picture of one band with the stretch of the colour pictures.

    Parameters
    ----------
    flux : (y, x) float, nJy
        The image; pixels that are not finite are black.
    noise_njy : float
        Noise of the sky.
    valid : (y, x) bool, optional
        Whether pixels are used; others are black.
    stretch : {"asinh", "log", "linear"}, default: "asinh"
        How brightness grows with flux.
    brightest : float, optional
        Flux in units of the noise that is as bright as can be, in place of that of the stretch.

    Returns
    -------
    (y, x) float32
        Brightness from 0 to 1.
    """
    level = np.nan_to_num(flux / np.float32(noise_njy), nan=_DARKEST) - np.float32(_DARKEST)
    if valid is not None and not valid.all():
        level[~valid] = 0
    return np.clip(stretched(np.maximum(level, 0), stretch, brightest), 0, 1)


def sky_noise(intensity: NDArray[np.floating]) -> float:
    """Return the standard deviation of the sky, from the pixels below the median, which sources hardly change.

    Parameters
    ----------
    intensity : array of float
        Pixels of an image; may be empty.

    Returns
    -------
    float
        The noise, above 0.
    """
    if not intensity.size:
        return 1.0
    middle = np.median(intensity)
    below = intensity[intensity <= middle]
    return max(sigma_nmad(below, centre=middle), 1e-12)


def _average(flux: NDArray[np.floating], seen: NDArray[np.bool_], bands: list[int]) -> NDArray[np.float32]:
    """Mean over the seen ones of some bands, 0 where none is; (band, y, x) to (y, x)."""
    total = np.zeros(flux.shape[1:], np.float32)
    count = np.zeros(flux.shape[1:], np.float32)
    for band in bands:
        own = seen[band]
        total += flux[band] if own.all() else np.where(own, flux[band], 0)
        count += own
    total /= np.maximum(count, 1)
    return total
