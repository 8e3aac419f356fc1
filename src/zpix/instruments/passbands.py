"""Between which wavelengths does a band let light through?

What the network has to know of a band: a few numbers, so that a field is searched without curves and the packages that
bring them.
"""

from __future__ import annotations

from typing import NamedTuple

from zpix.errors import BandError


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


#: By name: HST's ACS and WFC3, and NIRCam, from the curves of astro-sedpy.
PASSBANDS = {
    "F435W": Passband(0.388, 0.433, 0.481),
    "F606W": Passband(0.476, 0.592, 0.709),
    "F775W": Passband(0.700, 0.769, 0.851),
    "F814W": Passband(0.706, 0.806, 0.892),
    "F850LP": Passband(0.830, 0.904, 0.952),
    "F105W": Passband(0.907, 1.055, 1.199),
    "F125W": Passband(1.099, 1.249, 1.400),
    "F140W": Passband(1.201, 1.392, 1.595),
    "F160W": Passband(1.400, 1.537, 1.687),
    "F070W": Passband(0.624, 0.705, 0.781),
    "F090W": Passband(0.796, 0.902, 1.005),
    "F115W": Passband(1.013, 1.154, 1.281),
    "F140M": Passband(1.332, 1.405, 1.478),
    "F150W": Passband(1.332, 1.501, 1.668),
    "F150W2": Passband(1.007, 1.672, 2.380),
    "F162M": Passband(1.542, 1.627, 1.712),
    "F182M": Passband(1.722, 1.845, 1.968),
    "F200W": Passband(1.755, 1.988, 2.227),
    "F210M": Passband(1.993, 2.096, 2.201),
    "F250M": Passband(2.413, 2.503, 2.594),
    "F277W": Passband(2.422, 2.776, 3.131),
    "F300M": Passband(2.831, 2.996, 3.156),
    "F322W2": Passband(2.433, 3.247, 4.013),
    "F335M": Passband(3.178, 3.362, 3.536),
    "F356W": Passband(3.136, 3.565, 3.979),
    "F360M": Passband(3.427, 3.623, 3.813),
    "F410M": Passband(3.866, 4.083, 4.301),
    "F430M": Passband(4.169, 4.281, 4.398),
    "F444W": Passband(3.881, 4.402, 4.982),
    "F460M": Passband(4.516, 4.630, 4.747),
    "F480M": Passband(4.663, 4.817, 4.971),
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
    if band not in PASSBANDS:
        raise BandError(f"'{band}': its wavelengths are not known; known are {' '.join(PASSBANDS)}")
    return PASSBANDS[band]
