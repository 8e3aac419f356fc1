"""Which spectroscopic redshifts are known, according to any number of lists that may contradict each other?

The rules by which lists become one compilation:

1. Of every list, redshifts that are secure and in range count. Secure are the qualities A and B, or 4 and 3; other
   flags are named with the list. In a list without qualities all are secure, and come after all others in quality.
2. The best redshift, by quality, then by the order in which the lists are given (the newest release first), then by
   row, stands for all that are within the radius of it; the best of the rest for those around it; and so on.
3. Redshifts agree if they differ by no more than the limit in Δz/(1+z). One that contradicts the best is overruled,
   because its quality is worse or its list comes later. If quality and list are the same, nobody can tell which is
   right, and all redshifts of that place are left out.

Every redshift of every list is counted once, as kept or by why it is not.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord, search_around_sky
from astropy.table import Table
from numpy.typing import NDArray

from zpix.errors import ConfigError, OutputError
from zpix.outputs import whole_file
from zpix.sources.source_table import SECURE, SourceTable, read_source_table

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]

#: Redshifts below are stars and failures; beyond, no model has anything to learn from.
Z_RANGE = (0.01, 15.0)
RADIUS_ARCSEC = 0.3
#: In Δz/(1+z): some times the difference between prism and grating, and far below the scatter of photometric redshifts.
AGREEMENT = 0.01

_REDSHIFT = ("z_spec", "zspec", "specz_redshift", "z_best", "z", "redshift")
_IDENTIFIER = ("unique_id", "id", "nirspec_id", "name", "source_id", "objid", "number")
#: What becomes of redshifts, in the order in which it is told.
_FATES = (
    "no redshift", "not secure", "out of range", "in conflict", "overruled by quality", "overruled by order",
    "agrees with a kept one", "kept",
)  # fmt: skip
_RANK_WITHOUT_QUALITY = 99
_ENDINGS = (".parquet", ".fits", ".csv")


@dataclass(frozen=True, eq=False)
class RedshiftList:
    """M redshifts of one list.

    Attributes
    ----------
    name : str
    id : (M,) str
        As the list has them; row numbers from 1 where it has none.
    ra, dec : (M,) float64
        In degrees.
    z : (M,) float64
        NaN where the list has none.
    quality : (M,) str
        As the list has it.
    rank : (M,) int64
        0 for the best quality, upwards; -1 where not secure.
    """

    name: str
    id: NDArray[np.str_]
    ra: Floats
    dec: Floats
    z: Floats
    quality: NDArray[np.str_]
    rank: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.z)


@dataclass(frozen=True, eq=False)
class Compilation:
    """K places on the sky with one redshift each, the best quality first.

    Attributes
    ----------
    ra, dec, z : (K,) float64
    list_name, id, quality : (K,) str
        The list that a redshift is from, and what it is called and how good it is there.
    lists_agree : (K,) int64
        How many lists agree on it, its own included.
    counts : mapping of str to mapping of str to int
        For each list, and for `all`, how many redshifts are listed and what became of them.
    """

    ra: Floats
    dec: Floats
    z: Floats
    list_name: NDArray[np.str_]
    id: NDArray[np.str_]
    quality: NDArray[np.str_]
    lists_agree: NDArray[np.int64]
    counts: Mapping[str, Mapping[str, int]]

    def __len__(self) -> int:
        return len(self.z)

    def table(self) -> Table:
        """The compilation as a table that can be given as a list again."""
        return Table(
            {
                "id": self.id, "ra": self.ra, "dec": self.dec, "z_spec": self.z, "z_spec_flag": self.quality,
                "list": self.list_name, "lists_agree": self.lists_agree,
            },
            units={"ra": "deg", "dec": "deg"},
            meta={"comments": [f"{name}: {_told(counts)}" for name, counts in self.counts.items()]},
        )  # fmt: skip


def read_redshifts(source: str | Path) -> RedshiftList:
    """Read a list: `PATH` to a FITS, CSV or Parquet table, or `PATH:COLUMN=BEST,NEXT,...` to say what is secure.

    The line-flux tables of JADES' DR3 and the table `Obs_info` of its DR4 are read as they are.

    Raises
    ------
    InputFileError
        If the file is missing, truncated, or not a table.
    CatalogueError
        If it has no positions or redshifts, or not the named column of qualities.
    """
    path, column, secure = _parsed(str(source))
    table = read_source_table(path)
    ra, dec = table.position()
    z = table.number(*_REDSHIFT, what="redshift")
    quality = table.quality(column)
    if quality is None:
        if len(table):
            log.warning("'%s' has no column of qualities: all its redshifts count as secure", path)
        quality, rank = np.full(len(table), ""), np.full(len(table), _RANK_WITHOUT_QUALITY)
    else:
        # A and 4 are alike, and so are B and 3
        ranks = {flag: place if column else place // 2 for place, flag in enumerate(secure or SECURE)}
        rank = np.array([ranks.get(flag, -1) for flag in quality.tolist()], np.int64)
    known = np.isfinite(ra) & (np.abs(dec) <= 90) & (z > 0)  # JADES has -1 where there is none, others -99 or 0
    return RedshiftList(
        name=path.name,
        id=_identifiers(table),
        ra=ra,
        dec=dec,
        z=np.where(known, z, np.nan),
        quality=quality,
        rank=rank,
    )


def compile_redshifts(
    lists: Sequence[RedshiftList],
    *,
    radius_arcsec: float = RADIUS_ARCSEC,
    agreement: float = AGREEMENT,
    z_range: tuple[float, float] = Z_RANGE,
) -> Compilation:
    """Bring lists together by this module's rules, the most trusted list first.

    Parameters
    ----------
    radius_arcsec : redshifts within are of one source
    agreement : largest difference in Δz/(1+z) of redshifts that agree
    """
    origin = np.repeat(np.arange(len(lists)), [len(one) for one in lists])
    ra, dec, z = (_joined(lists, name, np.float64) for name in ("ra", "dec", "z"))
    rank = _joined(lists, "rank", np.int64)
    fate = np.full(len(z), "kept", "U24")
    fate[rank < 0] = "not secure"
    fate[(z < z_range[0]) | (z > z_range[1])] = "out of range"
    fate[np.isnan(z)] = "no redshift"
    usable = np.flatnonzero(fate == "kept")
    usable = usable[np.lexsort((usable, origin[usable], rank[usable]))]  # the best first
    agree = np.zeros(len(z), np.int64)
    for group in _groups(ra[usable], dec[usable], radius_arcsec):
        rows = usable[group]
        fate[rows], same = _verdicts(z[rows], rank[rows], origin[rows], agreement=agreement)
        agree[rows[0]] = len(np.unique(origin[rows[same]]))
    kept = usable[fate[usable] == "kept"]
    names = _distinct([one.name for one in lists])
    return Compilation(
        ra=ra[kept],
        dec=dec[kept],
        z=z[kept],
        list_name=np.array(names, dtype=str)[origin[kept]] if len(kept) else np.zeros(0, "U1"),
        id=_joined(lists, "id", np.str_)[kept],
        quality=_joined(lists, "quality", np.str_)[kept],
        lists_agree=agree[kept],
        counts={**{name: _tally(fate[origin == i]) for i, name in enumerate(names)}, "all": _tally(fate)},
    )


def _verdicts(
    z: Floats, rank: NDArray[np.int64], origin: NDArray[np.int64], *, agreement: float
) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """What becomes of the redshifts of one source, the best first, and which of them agree with the best, each (n,)."""
    same = np.abs(z - z[0]) <= agreement * (1 + z[0])
    worse = rank > rank[0]
    fate = np.where(same, "agrees with a kept one", np.where(worse, "overruled by quality", "overruled by order"))
    fate[0] = "kept"
    if (~same & ~worse & (origin == origin[0])).any():
        fate[:] = "in conflict"
    return fate, same


def write_compilation(table: Table, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write the table of a compilation as Parquet, FITS or CSV, by the ending of `path`.

    With `overwrite`, what is there is replaced, and so is what a killed call has left.

    Raises
    ------
    OutputError
        If there is a file already, the ending is another, or the place cannot be written to.
    """
    path = Path(path)
    check_place(path, overwrite=overwrite)
    if overwrite:
        for left in path.parent.glob(f".{path.stem}.*.part{path.suffix}"):  # by a writer that was killed
            left.unlink()
    with whole_file(path) as temporary:
        table.write(temporary, format=path.suffix[1:])
    return path


def check_place(path: str | Path, *, overwrite: bool = False) -> None:
    """Refuse a place where `write_compilation` would not write, before the work is done."""
    path = Path(path)
    if path.suffix not in _ENDINGS:
        raise OutputError(f"{path}: a compilation of redshifts is written as {', '.join(_ENDINGS)}")
    if path.exists() and not overwrite:
        raise OutputError(f"{path}: already exists; remove it or choose another place")


def _parsed(source: str) -> tuple[Path, str | None, tuple[str, ...]]:
    """Path, column of qualities, and secure qualities of `PATH` or `PATH:COLUMN=BEST,NEXT`."""
    path, colon, rule = source.rpartition(":")
    column, equals, secure = rule.partition("=")
    if not (colon and equals):
        return Path(source), None, ()
    flags = tuple(flag.strip() for flag in secure.split(",") if flag.strip())
    if not column or not flags:
        raise ConfigError(f"redshifts = '{source}': allowed are PATH and PATH:COLUMN=BEST,NEXT,...")
    return Path(path), column, flags


def _groups(ra: Floats, dec: Floats, radius_arcsec: float) -> Iterator[NDArray[np.int64]]:
    """Rows that belong together, in the order of their first: each first takes all within the radius not taken yet."""
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


def _identifiers(table: SourceTable) -> NDArray[np.str_]:
    """What a list calls its redshifts; row numbers from 1 where it has no names."""
    if "tier" in table and "nirspec_id" in table and "unique_id" not in table:  # JADES' DR3: unique together only
        tier, number = (table.columns[name].astype(str) for name in ("tier", "nirspec_id"))
        return np.char.add(np.char.add(tier, "_"), number)
    name = next((name for name in _IDENTIFIER if name in table), None)
    return table.columns[name].astype(str) if name else np.arange(1, len(table) + 1).astype(str)


def _joined(lists: Sequence[RedshiftList], name: str, dtype: type) -> NDArray:
    return np.concatenate([np.zeros(0, dtype), *(getattr(one, name) for one in lists)])


def _distinct(names: Sequence[str]) -> list[str]:
    """Names of lists, with the number of the list where two have the same."""
    return [name if names.count(name) == 1 else f"{name} ({i + 1})" for i, name in enumerate(names)]


def _tally(fate: NDArray[np.str_]) -> dict[str, int]:
    return {"listed": len(fate), **{name: int((fate == name).sum()) for name in _FATES}}


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
