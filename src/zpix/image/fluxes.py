"""How many nJy is one unit of an image?

Inside zpix every image is in nJy per pixel; the units of other programs are converted here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from astropy import units as u

from zpix.errors import InputFileError

#: 1 MJy in nJy: an image in MJy/sr times its pixels' area in sr times this is in nJy per pixel.
NJY_PER_MJY = 1e15

_LIGHT_SPEED_ANGSTROM_PER_S = 2.99792458e18
_NJY_PER_CGS = 1e32  # erg / s / cm² / Hz


def njy_per_unit(header: Mapping[str, Any], *, path: object, default: float | None = None) -> float:
    """Return the factor from the values of an image to nJy per pixel.

    BUNIT decides: MJy/sr needs PIXAR_SR, a flux such as `nJy` or grizli's `10.0*nanoJansky` needs nothing, and count
    rates need PHOTMJSR with PIXAR_SR, or PHOTFNU (Jy per unit), or PHOTFLAM with PHOTPLAM (HST). Without BUNIT the
    image has `default` nJy per unit, or is in MJy/sr if no default is given.

    Parameters
    ----------
    header : mapping of str to value
        FITS header of the science image.
    path : path
        The file, for messages.
    default : float, optional
        Factor for an image without BUNIT, nJy per unit.

    Returns
    -------
    float
        Factor in nJy per unit.

    Raises
    ------
    InputFileError
        If the unit is unknown or a keyword that it needs is missing.

    Examples
    --------
    >>> njy_per_unit({"BUNIT": "10.0*nanoJansky"}, path="field-f444w_drc_sci.fits")
    10.0
    """
    text = str(header.get("BUNIT") or "").strip()
    if not text:
        return default if default is not None else _pixel_area_sr(header, path) * NJY_PER_MJY
    unit = _parsed(text)
    if unit.is_equivalent(u.MJy / u.sr):
        return float(unit.to(u.MJy / u.sr)) * _pixel_area_sr(header, path) * NJY_PER_MJY
    if unit.is_equivalent(u.nJy):
        return float(unit.to(u.nJy))
    return _from_calibration(header, path, text)


def _parsed(text: str) -> u.UnitBase:
    """Unit of a BUNIT, with the spellings that astropy does not know: `10.0*nanoJansky`, `nJy/pixel`."""
    prefixes = {"nano": "n", "micro": "u", "mega": "M"}
    text = re.sub(r"/\s*pix(el)?$", "", text)
    text = re.sub(r"(nano|micro|mega)(?=jansky|jy)", lambda m: prefixes[m[0].lower()], text, flags=re.I)
    return u.Unit(re.sub(r"jansky", "Jy", text, flags=re.I), parse_strict="silent")


def _pixel_area_sr(header: Mapping[str, Any], path: object) -> float:
    """Area of a pixel that the header states."""
    area = header.get("PIXAR_SR")
    if not isinstance(area, int | float) or not 0 < area < 1:
        found = "no PIXAR_SR" if area is None else f"PIXAR_SR = {area}"
        raise InputFileError(
            f"'{path}' has {found} in its science header: an image in MJy/sr needs the area of a pixel in "
            "steradian there"
        )
    return float(area)


def _from_calibration(header: Mapping[str, Any], path: object, unit: str) -> float:
    """Factor for count rates, from the photometric keywords of JWST or HST."""
    if header.get("PHOTMJSR"):
        return float(header["PHOTMJSR"]) * _pixel_area_sr(header, path) * NJY_PER_MJY
    if header.get("PHOTFNU"):
        return float(header["PHOTFNU"]) * 1e9
    if header.get("PHOTFLAM") and header.get("PHOTPLAM"):
        per_hz = float(header["PHOTFLAM"]) * float(header["PHOTPLAM"]) ** 2 / _LIGHT_SPEED_ANGSTROM_PER_S
        return per_hz * _NJY_PER_CGS
    raise InputFileError(
        f"'{path}' is in '{unit}', which zpix cannot convert: BUNIT may be MJy/sr, a multiple of nJy, or a "
        "count rate with PHOTMJSR, PHOTFNU, or PHOTFLAM and PHOTPLAM"
    )
