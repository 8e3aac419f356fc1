"""Between which wavelengths does a band let light through?

What the network has to know of a band: a few numbers, so that a field is searched without curves and the packages that
bring them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from zpix.errors import BandError
from zpix.image.bands import PIVOT_UM


class Passband(NamedTuple):
    """Where a band lies.

    Attributes
    ----------
    blue_um, red_um : float, µm
        Where the curve first and last reaches half its height.
    pivot_um : float, µm
        Pivot wavelength.
    """

    blue_um: float
    pivot_um: float
    red_um: float


#: Wavelengths in µm at which curves of ACS, WFC3 and NIRCam first and last reach half their height, from the curves of
#: astro-sedpy.
HALF_HEIGHT_UM = {
    "F435W": (0.388, 0.481),
    "F606W": (0.476, 0.709),
    "F775W": (0.700, 0.851),
    "F814W": (0.706, 0.892),
    "F850LP": (0.830, 0.952),
    "F105W": (0.907, 1.199),
    "F125W": (1.099, 1.400),
    "F140W": (1.201, 1.595),
    "F160W": (1.400, 1.687),
    "F070W": (0.624, 0.781),
    "F090W": (0.796, 1.005),
    "F115W": (1.013, 1.281),
    "F140M": (1.332, 1.478),
    "F150W": (1.332, 1.668),
    "F150W2": (1.007, 2.380),
    "F162M": (1.542, 1.712),
    "F182M": (1.722, 1.968),
    "F200W": (1.755, 2.227),
    "F210M": (1.993, 2.201),
    "F250M": (2.413, 2.594),
    "F277W": (2.422, 3.131),
    "F300M": (2.831, 3.156),
    "F322W2": (2.433, 4.013),
    "F335M": (3.178, 3.536),
    "F356W": (3.136, 3.979),
    "F360M": (3.427, 3.813),
    "F410M": (3.866, 4.301),
    "F430M": (4.169, 4.398),
    "F444W": (3.881, 4.982),
    "F460M": (4.516, 4.747),
    "F480M": (4.663, 4.971),
}


def passband(band: str) -> Passband:
    """Say where a band lies.

    Parameters
    ----------
    band : str
        Name of the band, such as "F444W".

    Returns
    -------
    Passband
        Its wavelengths.

    Raises
    ------
    BandError
        If it is not known.

    Examples
    --------
    >>> passband("F444W").pivot_um
    4.402
    """
    if band not in HALF_HEIGHT_UM:
        raise BandError(f"'{band}': its wavelengths are not known; known are {' '.join(HALF_HEIGHT_UM)}")
    blue, red = HALF_HEIGHT_UM[band]
    return Passband(blue, PIVOT_UM[band], red)


def overlapping_bands(band: str, others: Iterable[str]) -> tuple[str, ...]:
    """List the bands whose curves overlap that of a band, between their half heights.

    Parameters
    ----------
    band : str
        Name of the band.
    others : iterable of str
        Names of bands; those that are not known overlap nothing.

    Returns
    -------
    tuple of str
        Those of them that do, in their order.

    Raises
    ------
    BandError
        If the wavelengths of `band` are not known.

    Examples
    --------
    >>> overlapping_bands("F182M", ("F150W", "F162M", "F200W", "F210M"))
    ('F200W',)
    """
    own = passband(band)
    known = [other for other in others if other in HALF_HEIGHT_UM]
    return tuple(
        other for other in known if passband(other).blue_um < own.red_um and own.blue_um < passband(other).red_um
    )
