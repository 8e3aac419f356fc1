"""Which angles on the sky does a column give, in degrees, hours, or as text such as 03:32:14.5?"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
from astropy.coordinates import Angle
from astropy.units import UnitsError
from numpy.typing import NDArray

from zpix.errors import CatalogueError
from zpix.sources.known import known_numbers

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

#: Degrees per hour of right ascension.
HOUR_DEG = 15.0
#: Unit of an angle as tables write it, in lower case -> degrees.
_UNITS = {
    **dict.fromkeys(("h", "hr", "hour", "hours", "hourangle"), HOUR_DEG),
    **dict.fromkeys(("rad", "radian", "radians"), float(np.rad2deg(1))),
    **dict.fromkeys(("arcmin",), 1 / 60),
    **dict.fromkeys(("arcsec",), 1 / 3600),
}
_NOTHING = {"", "nan", "n/a", "na", "null", "none", "-", "--", "masked"}
_SEXAGESIMAL = re.compile(r"^[+-]?\d+([:\shd°]+)\d")
_MARGIN_DEG = 0.1  # around a field within which positions are of the field


def angle_deg(values: NDArray[Any], *, unit: str = "", column: str, path: Path) -> Floats:
    """Return the angles of a column in degrees.

    Text such as `03:32:14.5`, `03 32 14.5` or `03h32m14.5s` is read as hours in a column of right ascension, unless
    the unit is degrees or a value is beyond 24, and as degrees in others. What is converted is said.

    Parameters
    ----------
    values : (N,) array
        Numbers or text.
    unit : str, optional
        Unit of the column; degrees by default.
    column : str
        Name of the column; right ascensions begin with `ra` or `alpha`, or hold `.ra` or `_ra`.
    path : Path
        The file, for messages.

    Returns
    -------
    (N,) float64, degrees
        The angles; NaN where not known.

    Raises
    ------
    CatalogueError
        If a value is text that is no angle.
    """
    of_ra = bool(re.search(r"(^|[._])(ra|alpha)", column))
    words = unit.strip().lower()
    if values.dtype.kind in "OSU":
        text = np.char.strip(values.astype(str))
        if any(_SEXAGESIMAL.match(one) for one in text.tolist()):
            return _sexagesimal(text, hours=of_ra and not words.startswith("deg"), column=column, path=path)
        try:
            values = np.array([np.nan if one.lower() in _NOTHING else float(one) for one in text.tolist()], np.float64)
        except ValueError as error:
            raise CatalogueError(f"'{path}' holds text in column '{column}' that is no angle: {error}") from None
    factor = HOUR_DEG if column == "ra_hours" else _UNITS.get(words, 1.0)
    if factor != 1:
        log.warning("'%s' gives column '%s' in %s: converted to degrees", path, column, unit or "hours")
    return known_numbers(values) * factor


def degrees_near(ra: Floats, dec: Floats, near_ra: Floats, near_dec: Floats, *, path: Path | str) -> Floats:
    """Return right ascensions in degrees that may be given in hours, judged by where other sources are.

    Parameters
    ----------
    ra : (N,) float64, degrees or hours
        Right ascensions.
    dec : (N,) float64, degrees
        Declinations.
    near_ra, near_dec : (M,) float64, degrees
        Positions in the field in which they should lie.
    path : Path or str
        The file, for the message.

    Returns
    -------
    (N,) float64, degrees
        `ra`, or 15 `ra` if only so positions lie in the field; this is said.
    """
    known = np.isfinite(ra) & np.isfinite(dec)
    field = np.isfinite(near_ra) & np.isfinite(near_dec)
    if not known.any() or not field.any() or (ra[known] > 24).any():
        return ra
    first, declination = near_ra[field][0], near_dec[field]
    around = (near_ra[field] - first + 180) % 360 - 180
    margin = _MARGIN_DEG / max(float(np.cos(np.deg2rad(declination)).min()), 1e-3)

    def inside(degrees: Floats) -> bool:
        offset = (degrees[known] - first + 180) % 360 - 180
        in_ra = (offset >= around.min() - margin) & (offset <= around.max() + margin)
        in_dec = (dec[known] >= declination.min() - _MARGIN_DEG) & (dec[known] <= declination.max() + _MARGIN_DEG)
        return bool((in_ra & in_dec).any())

    if inside(ra) or not inside(HOUR_DEG * ra):
        return ra
    log.warning("'%s' gives right ascensions in hours: as degrees they lie outside the field", path)
    return HOUR_DEG * ra


def _sexagesimal(text: NDArray[np.str_], *, hours: bool, column: str, path: Path) -> Floats:
    """Angles of text such as 03:32:14.5, in degrees."""
    known = np.array([one.lower() not in _NOTHING for one in text.tolist()], bool)
    first = [float(one.group()) for one in (re.match(r"[+-]?\d+", each) for each in text[known].tolist()) if one]
    hours = hours and max(first, default=0.0) < 24
    angle = np.full(len(text), np.nan)
    try:
        angle[known] = Angle(text[known].tolist(), unit="hourangle" if hours else "deg").deg
    except (ValueError, UnitsError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CatalogueError(f"'{path}' holds text in column '{column}' that is no angle: {reason}") from None
    if hours:
        log.warning("'%s' gives column '%s' in hours, minutes and seconds: converted to degrees", path, column)
    return angle
