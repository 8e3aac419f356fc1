"""Which galaxies does a JAGUAR mock catalogue list?

The JADES team's simulated universe (Williams et al. 2018) comes as FITS tables, one of star-forming and one of
quiescent galaxies, of the same piece of sky.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpix.errors import BandError, CatalogueError
from zpix.scenes.counts import REFERENCE_BAND
from zpix.sources.fits_table import read_fits_table

_COLUMNS = ("RA", "DEC", "redshift", "Re_maj", "sersic_n", "axis_ratio", "position_angle")
_FLUX = ("NRC_{}_fnu", "HST_{}_fnu")  # of NIRCam's bands and of HST's
_SMALLEST_RE_ARCSEC = 0.001
_QUIESCENT = "_q_"  # in the file's name, as in JADES_Q_mock_r1_v1.2.fits


@dataclass(frozen=True, eq=False)
class JaguarCatalogue:
    """N galaxies of one or several files.

    Attributes
    ----------
    bands : tuple of str
        Names of the bands.
    flux : (N, band) float32, nJy
        Fluxes without the Milky Way's dust.
    z, mag, re_arcsec, sersic_n, axis_ratio, pa_deg : (N,) float64
        As in `zpix.scenes.Population`.
    quiescent : (N,) bool
        True for galaxies of a file of quiescent ones.
    per_arcmin2 : (N,) float64, arcmin⁻²
        One over the area of the file that a galaxy is from.
    """

    bands: tuple[str, ...]
    flux: NDArray[np.float32]
    z: NDArray[np.float64]
    mag: NDArray[np.float64]
    re_arcsec: NDArray[np.float64]
    sersic_n: NDArray[np.float64]
    axis_ratio: NDArray[np.float64]
    pa_deg: NDArray[np.float64]
    quiescent: NDArray[np.bool_]
    per_arcmin2: NDArray[np.float64]

    def __len__(self) -> int:
        """Return the number of galaxies."""
        return len(self.z)

    def fluxes(self, rows: NDArray[np.int64], *, bands: tuple[str, ...]) -> NDArray[np.float32]:
        """Give the total fluxes of some galaxies.

        Parameters
        ----------
        rows : (M,) int
            Rows of the catalogue.
        bands : tuple of str
            Names of bands that it has.

        Returns
        -------
        (M, band) float32, nJy
            Fluxes.
        """
        return self.flux[rows][:, [self.bands.index(band) for band in bands]]

    def draw(self, rng: np.random.Generator, area: float) -> NDArray[np.int64]:
        """Draw galaxies, with replacement, at the surface density of the files.

        Parameters
        ----------
        rng : Generator
            Random numbers.
        area : float, arcmin²
            Area of the sky.

        Returns
        -------
        (M,) int
            Rows of the catalogue.
        """
        if len(self) == 0:
            return np.zeros(0, np.int64)
        expected = np.cumsum(self.per_arcmin2)
        deviate = rng.uniform(0, expected[-1], rng.poisson(area * expected[-1]))
        return np.asarray(np.searchsorted(expected, deviate), np.int64)


@lru_cache(maxsize=2)
def read_jaguar(paths: tuple[str, ...], bands: tuple[str, ...], limit_mag: float) -> JaguarCatalogue:
    """Read the galaxies brighter than a magnitude; they are kept between calls.

    Parameters
    ----------
    paths : tuple of str
        Files in JAGUAR's format.
    bands : tuple of str
        Names of the bands to read; `REFERENCE_BAND` is read too.
    limit_mag : float, mag
        Magnitude of the faintest in `REFERENCE_BAND`.

    Returns
    -------
    JaguarCatalogue
        The galaxies.

    Raises
    ------
    InputFileError
        If a file is missing or not FITS.
    CatalogueError
        If a column is missing or the positions span no area.
    BandError
        If a file has no fluxes of a band.
    """
    needed = tuple(dict.fromkeys((*bands, REFERENCE_BAND)))
    parts = [_read(Path(path), needed, limit_mag) for path in paths]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return JaguarCatalogue(bands=needed, **joined)


def _read(path: Path, bands: tuple[str, ...], limit_mag: float) -> dict[str, NDArray[Any]]:
    """Fields of a `JaguarCatalogue` of one file."""
    table, _ = read_fits_table(path)
    for name in _COLUMNS:
        if name not in table:
            raise CatalogueError(f"'{path}' has no column '{name}': a JAGUAR catalogue has {', '.join(_COLUMNS)}")
    flux = np.stack([np.asarray(table[_flux_column(path, table, band)], np.float32) for band in bands], axis=1)
    columns = {name: np.asarray(table[name], np.float64) for name in _COLUMNS}
    area = _area_arcmin2(path, columns["RA"], columns["DEC"])
    with np.errstate(divide="ignore", invalid="ignore"):
        mag = 31.4 - 2.5 * np.log10(flux[:, bands.index(REFERENCE_BAND)].astype(np.float64))
    usable = (mag < limit_mag) & (
        columns["redshift"] > 0
    )  # not by band, so that the galaxies do not depend on the bands
    usable &= np.all([np.isfinite(value) for value in columns.values()], axis=0)
    return {
        "flux": np.maximum(np.nan_to_num(flux[usable]), 0),
        "z": columns["redshift"][usable],
        "mag": mag[usable],
        "re_arcsec": np.maximum(columns["Re_maj"][usable], _SMALLEST_RE_ARCSEC),
        "sersic_n": np.clip(columns["sersic_n"][usable], 0.5, 6.0),
        "axis_ratio": np.clip(columns["axis_ratio"][usable], 0.1, 1.0),
        "pa_deg": columns["position_angle"][usable] % 180,
        "quiescent": np.full(usable.sum(), _QUIESCENT in path.name.lower()),
        "per_arcmin2": np.full(usable.sum(), 1 / area),
    }


def _flux_column(path: Path, table: Mapping[str, Any], band: str) -> str:
    """Name of the column that holds the fluxes of a band."""
    names = [name.format(band) for name in _FLUX]
    for name in names:
        if name in table:
            return name
    raise BandError(f"'{path}' has no fluxes of band {band} (column '{names[0]}' or '{names[1]}')")


def _area_arcmin2(path: Path, ra: NDArray[np.float64], dec: NDArray[np.float64]) -> float:
    """Area of the rectangle that positions in degrees span; across RA = 0 too."""
    if len(ra) == 0:
        return 1.0
    width = np.ptp((ra - ra[0] + 180) % 360) * np.cos(np.deg2rad(dec.mean()))
    area = float(width * np.ptp(dec) * 3600)
    if not area > 0:
        raise CatalogueError(f"'{path}' has positions that span no area: the density of its galaxies is unknown")
    return area
