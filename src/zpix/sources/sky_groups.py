"""Which positions on the sky are one place?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord, search_around_sky
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def groups_on_sky(ra: Floats, dec: Floats, *, radius_arcsec: float) -> Iterator[NDArray[np.int64]]:
    """Group positions, the first of which stand for those around them.

    Parameters
    ----------
    ra, dec : (N,) float64, degrees
        Positions, all finite, the most important first.
    radius_arcsec : float, arcsec
        Largest distance from the first of a group.

    Yields
    ------
    (n,) int64
        Rows of one group: the first row that is left, and all rows within the radius that are left.
    """
    if len(ra) == 0:
        return
    sky = SkyCoord(ra, dec, unit="deg")
    first, second, _, _ = search_around_sky(sky, sky, radius_arcsec * u.arcsec)
    order = np.lexsort((second, first))
    neighbours = np.split(second[order], np.searchsorted(first[order], np.arange(1, len(ra))))
    free = np.ones(len(ra), bool)
    for row in range(len(ra)):
        if free[row]:
            group = neighbours[row][free[neighbours[row]]]
            free[group] = False
            yield group
