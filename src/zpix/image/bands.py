"""Which filter is an image in, and how are filters called?

A band is an upper-case identifier: one of the nine of JADES, any other JWST or HST filter, or another
instrument's name such as `HSC-G`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from zpix.errors import BandError

#: The nine NIRCam bands of JADES DR2 GOODS-S, the paper's input.
JADES_BANDS = ("F090W", "F115W", "F150W", "F200W", "F277W", "F335M", "F356W", "F410M", "F444W")

#: Pivot wavelengths in µm of NIRCam's imaging filters (JWST user documentation, NIRCam Filters), and of those of HST
#: that deep surveys use (ACS and WFC3 instrument handbooks).
PIVOT_UM: Mapping[str, float] = MappingProxyType(
    {
        "F435W": 0.433,
        "F475W": 0.475,
        "F555W": 0.536,
        "F606W": 0.592,
        "F625W": 0.631,
        "F775W": 0.769,
        "F814W": 0.806,
        "F850LP": 0.904,
        "F098M": 0.986,
        "F105W": 1.055,
        "F110W": 1.153,
        "F125W": 1.249,
        "F140W": 1.392,
        "F160W": 1.537,
        "F070W": 0.705,
        "F090W": 0.902,
        "F115W": 1.154,
        "F140M": 1.405,
        "F150W": 1.501,
        "F162M": 1.627,
        "F164N": 1.644,
        "F150W2": 1.672,
        "F182M": 1.845,
        "F187N": 1.874,
        "F200W": 1.988,
        "F210M": 2.096,
        "F212N": 2.120,
        "F250M": 2.503,
        "F277W": 2.776,
        "F300M": 2.996,
        "F322W2": 3.247,
        "F323N": 3.237,
        "F335M": 3.362,
        "F356W": 3.565,
        "F360M": 3.623,
        "F405N": 4.055,
        "F410M": 4.083,
        "F430M": 4.281,
        "F444W": 4.402,
        "F460M": 4.630,
        "F466N": 4.654,
        "F470N": 4.707,
        "F480M": 4.817,
    }
)

_IDENTIFIER = re.compile(r"[A-Z][A-Z0-9_.+-]*")
_FILTER = re.compile(r"F\d{3,4}(W2|LP|[WMNX])N?")  # JWST and HST; grizli adds an N to NIRISS's filters
_FILTER_IN_NAME = re.compile(rf"(?<![A-Z0-9]){_FILTER.pattern}(?![A-Z0-9])")
_WIDTHS = ("N", "M", "W", "X", "LP", "W2")  # narrow to broad: of two crossed filters the narrower defines the band


def band_name(name: str) -> str:
    """Write the name of a band as zpix does: upper-case, without spaces around it.

    Parameters
    ----------
    name : str
        Name in any case.

    Returns
    -------
    str
        The band.

    Raises
    ------
    BandError
        If it is not an identifier: a letter, then letters, digits and `_ . + -`.

    Examples
    --------
    >>> band_name("f444w"), band_name("hsc-g")
    ('F444W', 'HSC-G')
    """
    band = str(name).strip().upper()
    if not _IDENTIFIER.fullmatch(band):
        raise BandError(
            f"'{name}' cannot be a band: a band is a letter followed by letters, digits, '_', '.', '+' or '-'"
        )
    return band


def chosen_band(name: str) -> str:
    """Return the band by which a user names a file.

    Parameters
    ----------
    name : str
        Name in any case.

    Returns
    -------
    str
        The band.

    Raises
    ------
    BandError
        If it is not an identifier, or begins as the filters of JWST and HST do and is none.

    Examples
    --------
    >>> chosen_band("f444w"), chosen_band("HSC-G")
    ('F444W', 'HSC-G')
    """
    band = band_name(name)
    if re.match(r"F\d", band) and not _FILTER.fullmatch(band):
        near = get_close_matches(band, PIVOT_UM, n=1)
        perhaps = f"; is {near[0]} meant?" if near else ""
        raise BandError(f"'{name}' is no filter of JWST or HST, such as F444W or F850LP{perhaps}")
    return band


def band_from_header(header: Mapping[str, Any]) -> str | None:
    """Find the band that a FITS header names in PUPIL, FILTER, FILTER1 or FILTER2.

    NIRCam's narrow filters sit in the pupil wheel in front of a wide one, so of two JWST or HST filters the narrower
    one counts; grizli and pipelines of HST write both into one entry. Names of other instruments are taken from FILTER
    as they are.

    Parameters
    ----------
    header : mapping of str to value
        FITS header.

    Returns
    -------
    str or None
        The band; None if the header names none.

    Examples
    --------
    >>> band_from_header({"FILTER": "F150W2", "PUPIL": "F162M"}), band_from_header({"FILTER": "F444W-CLEAR"})
    ('F162M', 'F444W')
    """
    keys = ("FILTER", "PUPIL", "FILTER1", "FILTER2")
    entries = [str(header.get(key) or "").strip().upper() for key in keys]
    parts = [part for entry in entries for part in re.split(r"[-;,/ ]+", entry)]
    filters = [part for part in parts if _FILTER.fullmatch(part)]
    if filters:
        return _narrowest(filters)
    other = entries[0]
    return other if _IDENTIFIER.fullmatch(other) and not other.startswith("CLEAR") else None


def band_from_file_name(name: str) -> str | None:
    """Find the band in a file name such as `field_f444w_drz.fits` or `field-f444w-clear_drc_sci.fits`.

    Parameters
    ----------
    name : str
        Name of the file, without its directory.

    Returns
    -------
    str or None
        The band, a JWST or HST filter; None if the name has none.

    Examples
    --------
    >>> band_from_file_name("hlsp_jades_jwst_nircam_goods-s-deep_f090w_v2.0_drz.fits")
    'F090W'
    """
    found = [match[0] for match in _FILTER_IN_NAME.finditer(name.upper())]
    return _narrowest(found) if found else None


def in_wavelength_order(bands: Iterable[str]) -> list[str]:
    """Sort bands by pivot wavelength.

    Parameters
    ----------
    bands : iterable of str
        The bands.

    Returns
    -------
    list of str
        Sorted; bands that are not in `PIVOT_UM` come last, by name.

    Examples
    --------
    >>> in_wavelength_order(["HSC-G", "F444W", "F090W"])
    ['F090W', 'F444W', 'HSC-G']
    """
    return sorted(bands, key=lambda band: (PIVOT_UM.get(band, float("inf")), band))


def _narrowest(filters: list[str]) -> str:
    """The filter of the narrowest kind."""

    def width(band: str) -> int:
        kind = _FILTER.fullmatch(band)
        assert kind is not None
        return _WIDTHS.index(kind[1])

    return min(filters, key=width)
