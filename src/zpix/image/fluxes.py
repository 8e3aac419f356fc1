"""How many nJy is one unit of an image?

Inside zpix every image is in nJy per pixel; the units of other programs are converted here. Where a header contradicts
itself the numbers are told, and what cannot be resolved is refused.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io.fits.verify import VerifyError

from zpix.errors import InputFileError

#: 1 MJy in nJy: an image in MJy/sr times its pixels' area in sr times this is in nJy per pixel.
NJY_PER_MJY = 1e15

_LIGHT_SPEED_ANGSTROM_PER_S = 2.99792458e18
_NJY_PER_CGS = 1e32  # erg / s / cm² / Hz
_NJY_ZERO_POINT = 31.4  # AB magnitude of 1 nJy
_SR_PER_SQUARE_ARCSEC = float(u.arcsec.to(u.rad)) ** 2
# Two statements of one number agree within this: NIRCam's native pixels differ by as much from their nominal size.
_AGREEMENT = 0.02
_DIALECTS = (None, "fits", "vounit", "cds", "ogip")
_RATE = re.compile(r"(/\s*|\bper\s+)s(ec(ond)?s?)?\b|\bs(ec(ond)?)?\s*(\*\*|\^)?\s*\(?-1|^cps$")


def njy_per_unit(
    header: Mapping[str, Any],
    *,
    path: object,
    default: float | None = None,
    pixel_area_sr: float | None = None,
    remarks: list[str] | None = None,
) -> float:
    """Return the factor from the values of an image to nJy per pixel.

    BUNIT decides, in any spelling that astropy knows: a surface brightness such as MJy/sr needs the area of a pixel, a
    flux such as `nJy` or grizli's `10.0*nanoJansky` needs nothing, and count rates need PHOTMJSR with the area, or
    PHOTFNU (Jy per unit), or for HST ZEROPNT (AB magnitude of one unit) or PHOTFLAM with PHOTPLAM. Without BUNIT an
    image with ZEROPNT, or of HST with PHOTFLAM and PHOTPLAM, is a count rate; any other has `default` nJy per unit, or
    is in MJy/sr if no default is given. An image of HST without any of these is refused.

    The area is PIXAR_SR, or else PIXAR_A2. If it differs from that of the WCS by more than 2 %, or is missing, the
    WCS's is used, which is remarked on; count rates are then refused, as they may be per pixel of either size.

    Parameters
    ----------
    header : mapping of str to value
        FITS header of the science image.
    path : path
        The file, for messages.
    default : float, optional
        Factor for an image without BUNIT, nJy per unit.
    pixel_area_sr : float, optional, steradian
        Area of a pixel by the WCS.
    remarks : list of str, optional
        Receives what the user should know of the conversion.

    Returns
    -------
    float
        Factor in nJy per unit.

    Raises
    ------
    InputFileError
        If the unit is unknown, a keyword that it needs is missing, or two keywords contradict each other.

    Examples
    --------
    >>> njy_per_unit({"BUNIT": "10.0*nanoJansky"}, path="field-f444w_drc_sci.fits")
    10.0
    """
    remarks = [] if remarks is None else remarks
    text = _text(header) or _unstated_rate(header, default)
    if not text and default is not None:
        return default
    unit = u.MJy / u.sr if not text else known_unit(text)
    if unit is None:
        return _from_calibration(header, path, text, pixel_area_sr, remarks)
    if unit.is_equivalent(u.nJy):
        return float(unit.to(u.nJy))
    return float(unit.to(u.MJy / u.sr)) * _area(header, path, pixel_area_sr, remarks) * NJY_PER_MJY


@lru_cache(maxsize=256)  # every file of a mosaic says it again, and reading it takes longer than opening the file
def known_unit(text: str) -> u.UnitBase | None:
    """Read a unit of flux per pixel or of surface brightness.

    Parameters
    ----------
    text : str
        BUNIT of a FITS header.

    Returns
    -------
    astropy unit or None
        Convertible to nJy or to MJy/sr; None for any other text.

    Examples
    --------
    >>> known_unit("nJy/pixel"), known_unit("MJy sr^-1"), known_unit("DN/s")
    (Unit("nJy"), Unit("MJy / sr"), None)
    """
    long = {"nano": "n", "micro": "u", "milli": "m", "mega": "M"}
    text = re.sub(r"(nano|micro|milli|mega)(?=jansky|jy)", lambda m: long[m[0].lower()], text.strip(), flags=re.I)
    text = re.sub(r"maggies\b", "maggy", re.sub(r"jansky", "Jy", text, flags=re.I), flags=re.I)
    for dialect in _DIALECTS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # spellings that a dialect discourages
            unit = u.Unit(text, format=dialect, parse_strict="silent")
        # magnitudes are no UnitBase; an image in AB is not one in 3631 Jy
        if not isinstance(unit, u.UnitBase) or isinstance(unit, u.UnrecognizedUnit) or unit in (u.AB, u.ST):
            continue
        for per_pixel in (unit, unit * u.pix, unit * u.pix**2):
            if per_pixel.is_equivalent(u.nJy) or per_pixel.is_equivalent(u.MJy / u.sr):
                return per_pixel
            if per_pixel.is_equivalent(u.mgy):
                return u.Unit(per_pixel.to(u.nJy, equivalencies=u.zero_point_flux(1 * u.AB)) * u.nJy)
    return None


def refuse_other_unit(header: Mapping[str, Any], errors: Mapping[str, Any], *, path: object) -> None:
    """Refuse errors that state another unit than the science image.

    Parameters
    ----------
    header, errors : mapping of str to value
        FITS headers of the science image and of its errors; either may have no BUNIT.
    path : path
        The file, for messages.

    Raises
    ------
    InputFileError
        If both have a BUNIT that is known, and they differ.
    """
    texts = _text(header), _text(errors)
    science, error = (known_unit(text) if text else None for text in texts)
    if science is None or error is None:
        return
    if not error.is_equivalent(science) or not np.isclose(error.to(science), 1.0, rtol=1e-6):
        raise InputFileError(
            f"'{path}' has science in '{texts[0]}' and errors in '{texts[1]}' (BUNIT): both must be in one unit"
        )


def _text(header: Mapping[str, Any]) -> str:
    """BUNIT of a header, empty if there is none."""
    return str(header.get("BUNIT") or "").strip()


def _unstated_rate(header: Mapping[str, Any], default: float | None) -> str:
    """Unit of a count rate if a header without BUNIT tells of one, else empty."""
    of_hst = str(header.get("TELESCOP") or "").strip().upper() == "HST"
    calibrated = _number(header, "PHOTFLAM") and _number(header, "PHOTPLAM")
    if _number(header, "ZEROPNT") or (of_hst and (calibrated or default is None)):
        return "electrons/s"
    return ""


def _number(header: Mapping[str, Any], key: str) -> float | None:
    """A positive number of a header; None for anything else, such as NaN, text, or a damaged card."""
    try:
        value = float(header.get(key) or 0)
    except (TypeError, ValueError, VerifyError):
        return None
    return value if 0 < value < np.inf else None


def _stated_area(header: Mapping[str, Any]) -> tuple[float | None, str]:
    """Area of a pixel that the header states, in steradian, and what it states."""
    area = _number(header, "PIXAR_SR")
    if area is not None and area < 1:
        return area, f"PIXAR_SR is {area:.4g} sr"
    square = _number(header, "PIXAR_A2")
    if square is not None:
        return square * _SR_PER_SQUARE_ARCSEC, f"PIXAR_A2 is {square:.4g} arcsec²"
    try:
        found = header.get("PIXAR_SR")
    except VerifyError:
        found = "unreadable"
    return None, "PIXAR_SR is missing" if found is None else f"PIXAR_SR is '{found}'"


def _area(header: Mapping[str, Any], path: object, of_wcs: float | None, remarks: list[str]) -> float:
    """Area of a pixel in steradian: that of the header if the WCS agrees with it."""
    area, stated = _stated_area(header)
    if area is not None and (of_wcs is None or abs(area / of_wcs - 1) <= _AGREEMENT):
        return area
    if of_wcs is None:
        raise InputFileError(
            f"{stated} in the science header of '{path}': a surface brightness needs the area of a pixel in steradian"
        )
    but = ", and" if area is None else ", but"
    side = np.sqrt(of_wcs / _SR_PER_SQUARE_ARCSEC)
    remarks.append(f"{stated}{but} a pixel of the WCS has {of_wcs:.4g} sr ({side:.4g}″ a side): the WCS's area is used")
    return of_wcs


def _from_calibration(
    header: Mapping[str, Any], path: object, unit: str, of_wcs: float | None, remarks: list[str]
) -> float:
    """Factor for count rates, from the photometric keywords of JWST or HST."""
    per_sr, per_flux = _number(header, "PHOTMJSR"), _number(header, "PHOTFNU")
    per_angstrom, pivot, zero_point = (_number(header, key) for key in ("PHOTFLAM", "PHOTPLAM", "ZEROPNT"))
    if not _RATE.search(unit.lower()) or not (per_sr or per_flux or (per_angstrom and pivot) or zero_point):
        raise InputFileError(
            f"'{path}' is in '{unit}', which zpix cannot convert: BUNIT may be MJy/sr, a multiple of nJy, or a "
            "count rate per second with PHOTMJSR, PHOTFNU, ZEROPNT, or PHOTFLAM and PHOTPLAM"
        )
    if per_sr:
        factor = per_sr * _area_for_rates(header, path, unit, of_wcs, remarks) * NJY_PER_MJY
        if per_flux and abs(per_flux * 1e9 / factor - 1) > _AGREEMENT:
            raise InputFileError(
                f"'{path}' is in '{unit}', for which PHOTMJSR with the area of a pixel gives {factor:.4g} nJy and "
                f"PHOTFNU {per_flux * 1e9:.4g} nJy: remove the one of these keywords that is wrong"
            )
        return factor
    if per_flux:
        return per_flux * 1e9
    of_hst = None
    if per_angstrom and pivot:
        of_hst = per_angstrom * pivot**2 / _LIGHT_SPEED_ANGSTROM_PER_S * _NJY_PER_CGS
    if zero_point is None:
        assert of_hst is not None
        return of_hst
    stated = float(10 ** (-0.4 * (zero_point - _NJY_ZERO_POINT)))
    if of_hst is not None and abs(of_hst / stated - 1) > _AGREEMENT:
        remarks.append(
            f"ZEROPNT is {zero_point:.3f} mag, which is used, and PHOTFLAM with PHOTPLAM gives "
            f"{_NJY_ZERO_POINT - 2.5 * np.log10(of_hst):.3f} mag"
        )
    return stated


def _area_for_rates(
    header: Mapping[str, Any], path: object, unit: str, of_wcs: float | None, remarks: list[str]
) -> float:
    """Area of a pixel to which a count rate belongs; two areas leave open which pixel that is."""
    area, stated = _stated_area(header)
    if area is not None and of_wcs is not None and abs(area / of_wcs - 1) > _AGREEMENT:
        raise InputFileError(
            f"'{path}' is in '{unit}', {stated} and a pixel of the WCS has {of_wcs:.4g} sr: correct PIXAR_SR to the "
            "area of the pixel that the counts are of, or convert the image to MJy/sr"
        )
    return _area(header, path, of_wcs, remarks)
