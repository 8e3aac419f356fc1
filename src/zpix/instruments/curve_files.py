"""Where are the filter curves and other data files of installed packages?"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from zpix.errors import BandError, MissingExtraError
from zpix.instruments.instrument import Curve


def package_file(package: str, *parts: str) -> Path:
    """Find a data file inside an installed package without importing the package.

    Parameters
    ----------
    package : str
        Name of the package.
    *parts : str
        Folders and name of the file inside it.

    Returns
    -------
    Path
        Of the file, which may not exist.

    Raises
    ------
    MissingExtraError
        If the package is not installed; all of them are in the extra `sim`.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise MissingExtraError(package, "sim")
    return Path(spec.origin).parent.joinpath(*parts)


def sedpy_curve(pattern: str, band: str) -> Curve:
    """Read a curve that astro-sedpy ships.

    Parameters
    ----------
    pattern : str
        Name of the files, such as "jwst_{band}.par".
    band : str
        Name of the band, in lower case in the name of its file.

    Returns
    -------
    wavelength : (W,) float64, Å
        Where the curve is sampled.
    efficiency : (W,) float64
        Photon-to-electron efficiency there.

    Raises
    ------
    BandError
        If there is no such file.
    """
    path = package_file("sedpy", "data", "filters", pattern.format(band=band.lower()))
    if not path.is_file():
        raise BandError(f"band '{band}' cannot be drawn: astro-sedpy has no curve '{path.name}' of it")
    wavelength, efficiency = np.loadtxt(path, unpack=True)
    return wavelength, efficiency
