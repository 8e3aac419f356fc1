"""In which bands did a survey observe?

What a survey of many fields or many visits has everywhere; single fields may have more. The sets by which a model is
measured, and in which the demonstration can be drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from zpix.errors import ConfigError

_JADES = ("F090W", "F115W", "F150W", "F200W", "F277W", "F335M", "F356W", "F410M", "F444W")
_COSMOS_WEB = ("F115W", "F150W", "F277W", "F444W")

#: Bands of each survey by its name, by pivot wavelength from blue to red.
BAND_SETS: dict[str, tuple[str, ...]] = {
    "MegaScience": (
        *("F070W", "F090W", "F115W", "F140M", "F150W", "F162M", "F182M", "F200W", "F210M", "F250M"),
        *("F277W", "F300M", "F335M", "F356W", "F360M", "F410M", "F430M", "F444W", "F460M", "F480M"),
    ),
    "JADES with ACS": ("F435W", "F606W", "F775W", "F814W", "F090W", "F850LP", *_JADES[1:]),
    "JADES": _JADES,
    "PRIMER": tuple(band for band in _JADES if band != "F335M"),
    "CEERS": tuple(band for band in _JADES if band not in ("F335M", "F090W")),
    "NGDEEP": tuple(band for band in _JADES if band not in ("F335M", "F090W", "F410M")),
    "COSMOS-Web with ACS": ("F814W", *_COSMOS_WEB),
    "COSMOS-Web": _COSMOS_WEB,
}


def bands_called(wanted: str | Sequence[str]) -> tuple[str, ...]:
    """Give the bands that a user means.

    Parameters
    ----------
    wanted : str or sequence of str
        A name of `BAND_SETS` in any case, bands with commas between them, or a list of bands.

    Returns
    -------
    tuple of str
        The bands.

    Raises
    ------
    ConfigError
        If it is the name of no survey.

    Examples
    --------
    >>> bands_called("cosmos-web"), bands_called("F150W,F444W")
    (('F115W', 'F150W', 'F277W', 'F444W'), ('F150W', 'F444W'))
    """
    if not isinstance(wanted, str):
        return tuple(band.strip().upper() for band in wanted)
    surveys = {survey.upper(): bands for survey, bands in BAND_SETS.items()}
    if wanted.strip().upper() in surveys:
        return surveys[wanted.strip().upper()]
    bands = tuple(band.strip().upper() for band in wanted.split(",") if band.strip())
    if not bands or (len(bands) == 1 and not bands[0][1:2].isdigit()):
        raise ConfigError(f"bands = '{wanted}': neither bands nor one of the surveys {', '.join(BAND_SETS)}")
    return bands
