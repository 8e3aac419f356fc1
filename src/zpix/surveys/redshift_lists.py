"""How is a list of spectroscopic redshifts read, and which of them are secure?"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.errors import CatalogueError, ConfigError
from zpix.sources import Rows, SourceTable, read_source_table
from zpix.sources.fits_table import first_names
from zpix.sources.known import known_z
from zpix.sources.quality_flags import SECURE, is_familiar, quality_ranks
from zpix.sources.rows import SHARED
from zpix.sources.sky_angles import degrees_near
from zpix.sources.table_text import text_of

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

_REDSHIFT = ("z_spec", "zspec", "specz_redshift", "z_best", "z", "redshift")
_IDENTIFIER = ("unique_id", "id", "nirspec_id", "name", "source_id", "objid", "number")
_RANK_WITHOUT_QUALITY = 99


@dataclass(frozen=True, eq=False)
class RedshiftList(Rows):
    """M redshifts of one list.

    Attributes
    ----------
    name : str
        File name of the list.
    id : (M,) str
        Identifiers of the list; row numbers from 1 where it has none.
    ra, dec : (M,) float64, degrees
        Right ascension and declination.
    z : (M,) float64
        Redshift, NaN where the list has none.
    quality : (M,) str
        Quality flag of the list.
    rank : (M,) int64
        Rank of the quality, 0 for the best; -1 where not secure.
    quality_column : str, default: ""
        Column that the qualities are from; empty for none.
    """

    name: str = field(metadata=SHARED)
    id: NDArray[np.str_]
    ra: Floats
    dec: Floats
    z: Floats
    quality: NDArray[np.str_]
    rank: NDArray[np.int64]
    quality_column: str = field(default="", metadata=SHARED)

    def near(self, ra: Floats, dec: Floats) -> RedshiftList:
        """Return the list with right ascensions in degrees, where only hours put it into a field.

        Parameters
        ----------
        ra, dec : (M,) float64, degrees
            Positions in the field.

        Returns
        -------
        RedshiftList
            The same redshifts.
        """
        return replace(self, ra=degrees_near(self.ra, self.dec, ra, dec, path=self.name))


def read_redshifts(source: str | Path) -> RedshiftList:
    """Read a list of redshifts.

    Parameters
    ----------
    source : str or Path
        A table in a format of `read_source_table`, such as the line-flux tables of JADES DR3 and the table `Obs_info`
        of DR4; or `PATH:COLUMN=BEST,NEXT,...` to name the column of qualities and those that are secure, best first.

    Returns
    -------
    RedshiftList
        All redshifts of the list.

    Raises
    ------
    ConfigError
        If `source` names a column without qualities, or the reverse.
    InputFileError
        If the file is missing, truncated, or not a table.
    CatalogueError
        If it has no positions or redshifts, lacks the named column of qualities, or has qualities of an unknown scheme.
    """
    path, column, secure = parse_list(source)
    return redshift_list(read_source_table(path), column=column, secure=secure)


def redshift_list(table: SourceTable, *, column: str | None = None, secure: Sequence[str] = ()) -> RedshiftList:
    """Take the list of redshifts from a table.

    Parameters
    ----------
    table : SourceTable
        The table.
    column : str, optional
        Column of qualities; default the first with a name in use for them, such as `z_spec_flag`.
    secure : sequence of str, default: ()
        Qualities that are secure, the best first; by default A and 4, then B and 3.

    Returns
    -------
    RedshiftList
        One redshift for each row of the table.

    Raises
    ------
    CatalogueError
        If it has no positions or redshifts, lacks the named column, or has qualities of an unknown scheme.
    """
    ra, dec = table.position()
    z = table.number(*_REDSHIFT, what="redshift")
    quality = table.quality(column)
    if quality is None:
        if len(table):
            log.warning("'%s' has no column of qualities: all its redshifts count as secure", table.path)
        quality, rank = np.full(len(table), ""), np.full(len(table), _RANK_WITHOUT_QUALITY)
    else:
        rank = quality_ranks(quality, secure)
        _check_scheme(table, quality, rank, column or table.quality_column, named=bool(secure))
    return RedshiftList(
        name=table.path.name,
        id=_identifiers(table),
        ra=ra,
        dec=dec,
        z=np.where(np.isfinite(ra), known_z(z), np.nan),
        quality=quality,
        rank=rank,
        quality_column=column or table.quality_column,
    )


def parse_list(source: str | Path) -> tuple[Path, str | None, tuple[str, ...]]:
    """Parse how a list of redshifts is named: `PATH` or `PATH:COLUMN=BEST,NEXT,...`.

    Parameters
    ----------
    source : str or Path
        What was given.

    Returns
    -------
    path : Path
        The file.
    column : str or None
        Column of qualities, if it is named.
    secure : tuple of str
        Qualities that are secure, if they are named.

    Raises
    ------
    ConfigError
        If a column is named without qualities, or the reverse.
    """
    path, colon, rule = str(source).rpartition(":")
    column, equals, secure = rule.partition("=")
    if not (colon and equals):
        return Path(source), None, ()
    flags = tuple(flag.strip() for flag in secure.split(",") if flag.strip())
    if not column or not flags:
        raise ConfigError(f"redshifts = '{source}': allowed are PATH and PATH:COLUMN=BEST,NEXT,...")
    return Path(path), column, flags


def _check_scheme(
    table: SourceTable, quality: NDArray[np.str_], rank: NDArray[np.int64], column: str, *, named: bool
) -> None:
    """Refuse qualities of an unknown scheme, and say so where none is secure."""
    if not len(quality) or (rank >= 0).any():
        return
    flags = first_names(sorted(set(quality.tolist()) - {""})) or "nothing"
    found = f"column '{column}' of '{table.path}' holds {flags}"
    if not named and not is_familiar(quality):
        raise CatalogueError(
            f"{found}: it is not known which are secure ({', '.join(SECURE)} or 'secure' are); name them as"
            f" {table.path.name}:{column}=BEST,NEXT,..."
        )
    log.warning("%s: none of its redshifts is secure", found)


def _identifiers(table: SourceTable) -> NDArray[np.str_]:
    """Identifiers of a list; row numbers from 1 where it has none."""
    if "tier" in table and "nirspec_id" in table and "unique_id" not in table:  # JADES DR3: unique only together
        tier, number = (text_of(table.columns[name]) for name in ("tier", "nirspec_id"))
        return np.char.add(np.char.add(tier, "_"), number)
    name = next((name for name in _IDENTIFIER if name in table), None)
    return text_of(table.columns[name]) if name else np.arange(1, len(table) + 1).astype(str)
