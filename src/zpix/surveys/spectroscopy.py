"""Which spectroscopic redshifts are known, according to lists that may contradict each other?

Lists are joined to one compilation by these rules:

1. Only redshifts that are known, secure and in range count. Known is what is above zero and below 90
   (`zpix.sources.known`). Secure are the qualities A and B, or 4 and 3, or a word such as `secure`; other flags can be
   named with the list. In a list without qualities all redshifts are secure, and rank below those of all other lists.
2. Redshifts are ranked by quality, then by the order of the lists (the newest release first), then by row. The best one
   represents all within the radius of it; the best of the remaining ones those around it; and so on.
3. Redshifts agree if they differ by no more than the limit in Δz/(1+z). One that contradicts the best is overruled if
   its quality is worse or its list comes later. If quality and list are the same, it is not known which is right, and
   all redshifts at that place are left out.

Every redshift of every list is counted once: as kept, or under the reason why it is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from zpix.errors import OutputError
from zpix.outputs import whole_file
from zpix.sources import Rows
from zpix.sources.rows import SHARED
from zpix.sources.sky_groups import groups_on_sky
from zpix.surveys.redshift_lists import RedshiftList

Floats = NDArray[np.float64]

#: Range of redshifts that count: lower ones are of stars or failed fits, and models are not trained on higher ones.
Z_RANGE = (0.01, 15.0)
#: Largest distance of redshifts of one source.
RADIUS_ARCSEC = 0.3
#: Largest Δz/(1+z) of redshifts that agree: larger than differences between prism and grating, and far below the
#: scatter of photometric redshifts.
AGREEMENT = 0.01

#: What redshifts are counted under, in this order.
_FATES = (
    "no redshift", "not secure", "out of range", "in conflict", "overruled by quality", "overruled by order",
    "agrees with a kept one", "kept",
)  # fmt: skip
_ENDINGS = (".parquet", ".fits", ".csv")


@dataclass(frozen=True, eq=False)
class Compilation(Rows):
    """K places on the sky with one redshift each, the best quality first.

    Attributes
    ----------
    ra, dec : (K,) float64, degrees
        Right ascension and declination.
    z : (K,) float64
        Redshift.
    list_name : (K,) str
        Name of the list that the redshift is from.
    id : (K,) str
        Its identifier in that list.
    quality : (K,) str
        Its quality flag in that list.
    lists_agree : (K,) int64
        Number of lists that agree on it, its own included.
    counts : mapping of str to mapping of str to int
        For each list, and for `all`, how many redshifts are listed, kept, and left out for each reason; those of the
        whole compilation, also after rows were taken.
    """

    ra: Floats
    dec: Floats
    z: Floats
    list_name: NDArray[np.str_]
    id: NDArray[np.str_]
    quality: NDArray[np.str_]
    lists_agree: NDArray[np.int64]
    counts: Mapping[str, Mapping[str, int]] = field(metadata=SHARED)

    def table(self) -> Table:
        """Return the compilation as a table, which `read_redshifts` can read as a list.

        Returns
        -------
        astropy Table
            One row per redshift, with the counts as comments.
        """
        return Table(
            {
                "id": self.id, "ra": self.ra, "dec": self.dec, "z_spec": self.z, "z_spec_flag": self.quality,
                "list": self.list_name, "lists_agree": self.lists_agree,
            },
            units={"ra": "deg", "dec": "deg"},
            meta={"comments": [f"{name}: {_count_text(counts)}" for name, counts in self.counts.items()]},
        )  # fmt: skip


def compile_redshifts(
    lists: Sequence[RedshiftList],
    *,
    radius_arcsec: float = RADIUS_ARCSEC,
    agreement: float = AGREEMENT,
    z_range: tuple[float, float] = Z_RANGE,
) -> Compilation:
    """Join lists of redshifts by the rules of this module.

    Parameters
    ----------
    lists : sequence of RedshiftList
        The lists, the most trusted first.
    radius_arcsec : float, default 0.3 arcsec
        Largest distance of redshifts of one source.
    agreement : float, default 0.01
        Largest difference in Δz/(1+z) of redshifts that agree.
    z_range : (float, float), default (0.01, 15)
        Lowest and highest redshift that counts.

    Returns
    -------
    Compilation
        One redshift for each place.
    """
    fate, agree, order = judge_redshifts(lists, radius_arcsec=radius_arcsec, agreement=agreement, z_range=z_range)
    origin = np.repeat(np.arange(len(lists)), [len(one) for one in lists])
    ra, dec, z = (_joined(lists, name, np.float64) for name in ("ra", "dec", "z"))
    kept = order[fate[order] == "kept"]
    names = _distinct([one.name for one in lists])
    return Compilation(
        ra=ra[kept],
        dec=dec[kept],
        z=z[kept],
        list_name=np.array(names, dtype=str)[origin[kept]] if len(kept) else np.zeros(0, "U1"),
        id=_joined(lists, "id", np.str_)[kept],
        quality=_joined(lists, "quality", np.str_)[kept],
        lists_agree=agree[kept],
        counts={**{name: tally(fate[origin == i]) for i, name in enumerate(names)}, "all": tally(fate)},
    )


def judge_redshifts(
    lists: Sequence[RedshiftList],
    *,
    radius_arcsec: float = RADIUS_ARCSEC,
    agreement: float = AGREEMENT,
    z_range: tuple[float, float] = Z_RANGE,
) -> tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.int64]]:
    """Judge each redshift of lists by the rules of this module.

    Parameters
    ----------
    lists : sequence of RedshiftList
        The lists, the most trusted first; M redshifts in all.
    radius_arcsec, agreement, z_range : float, float, (float, float)
        As of `compile_redshifts`.

    Returns
    -------
    fate : (M,) str
        What each redshift is counted under: "kept", or why it is not.
    agree : (M,) int64
        Number of lists that agree on a kept one, its own included.
    order : (U,) int64
        Rows that are known, secure and in range, the best first.
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
    for group in groups_on_sky(ra[usable], dec[usable], radius_arcsec=radius_arcsec):
        rows = usable[group]
        fate[rows], same = _verdicts(z[rows], rank[rows], origin[rows], agreement=agreement)
        agree[rows[0]] = len(np.unique(origin[rows[same]]))
    return fate, agree, usable


def _verdicts(
    z: Floats, rank: NDArray[np.int64], origin: NDArray[np.int64], *, agreement: float
) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """What the redshifts of one source, the best first, are counted under, and which agree with the best, each (n,)."""
    same = np.abs(z - z[0]) <= agreement * (1 + z[0])
    worse = rank > rank[0]
    fate = np.where(same, "agrees with a kept one", np.where(worse, "overruled by quality", "overruled by order"))
    fate[0] = "kept"
    if (~same & ~worse & (origin == origin[0])).any():
        fate[:] = "in conflict"
    return fate, same


def write_compilation(table: Table, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write the table of a compilation.

    Parameters
    ----------
    table : astropy Table
        The table, as `Compilation.table` returns it.
    path : str or Path
        File to write: `.parquet`, `.fits` or `.csv`.
    overwrite : bool, default False
        Whether a file there may be replaced; unfinished files of a killed process are removed too.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        If there is a file already, the ending is another, or the file cannot be written.
    """
    path = Path(path)
    check_place(path, overwrite=overwrite)
    if overwrite:
        for left in path.parent.glob(f".{path.stem}.*.part{path.suffix}"):  # by a process that was killed
            left.unlink()
    with whole_file(path) as temporary:
        table.write(temporary, format=path.suffix[1:])
    return path


def check_place(path: str | Path, *, overwrite: bool = False) -> None:
    """Check before the work is done that `write_compilation` can write to a file.

    Parameters
    ----------
    path : str or Path
        File to write.
    overwrite : bool, default False
        Whether a file there may be replaced.

    Raises
    ------
    OutputError
        If there is a file already, or its ending is not `.parquet`, `.fits` or `.csv`.
    """
    path = Path(path)
    if path.suffix not in _ENDINGS:
        raise OutputError(f"{path}: a compilation of redshifts is written as {', '.join(_ENDINGS)}")
    if path.exists() and not overwrite:
        raise OutputError(f"{path}: already exists; remove it or choose another place")


def _joined(lists: Sequence[RedshiftList], name: str, dtype: type) -> NDArray[Any]:
    """One column of all lists."""
    return np.concatenate([np.zeros(0, dtype), *(getattr(one, name) for one in lists)])


def _distinct(names: Sequence[str]) -> list[str]:
    """Names of lists, with the number of the list where two have the same name."""
    return [name if names.count(name) == 1 else f"{name} ({i + 1})" for i, name in enumerate(names)]


def tally(fate: NDArray[np.str_]) -> dict[str, int]:
    """Count redshifts by what became of them.

    Parameters
    ----------
    fate : (M,) str
        As `judge_redshifts` gives it.

    Returns
    -------
    dict of str to int
        How many are listed, left out for each reason, and kept.
    """
    return {"listed": len(fate), **{name: int((fate == name).sum()) for name in _FATES}}


def _count_text(counts: Mapping[str, int]) -> str:
    """Counts of a list as one line."""
    return ", ".join(f"{count} {name}" for name, count in counts.items())
