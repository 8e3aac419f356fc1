"""Which spectra lie in a field, and which source does each belong to?

Lists are compiled by the rules of `zpix.surveys.spectroscopy`, and redshifts given to sources by those of
`zpix.surveys.redshift_labels`, as for a training store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.adaptation.field_sources import FieldSources
from zpix.errors import CatalogueError
from zpix.image import Mosaic, Region
from zpix.sources import ReferenceSources
from zpix.surveys import Compilation, compile_redshifts, read_redshifts, sources_of_redshifts

#: Spectra without which there is nothing to learn from, or to judge by.
FEWEST = 10
# Redshifts that all lie within this interval of ln(1 + z) teach one answer for everything.
_NARROW = 0.05


@dataclass(frozen=True, eq=False)
class FieldSpectra:
    """Spectra of K sources of a field.

    Attributes
    ----------
    row : (K,) int64
        Row of the source of each.
    z : (K,) float64
        Its redshift.
    ra, dec : (K,) float64, degrees
        Where its list says it is.
    list_name, id, quality : (K,) str
        Where it is from.
    counts : mapping of str to int
        How many redshifts are listed, left out for each reason, and used.
    """

    row: NDArray[np.int64]
    z: NDArray[np.float64]
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    list_name: NDArray[np.str_]
    id: NDArray[np.str_]
    quality: NDArray[np.str_]
    counts: Mapping[str, int]

    def __len__(self) -> int:
        """Return the number of spectra."""
        return len(self.z)


def spectra_on(mosaic: Mosaic, lists: Sequence[str | Path], *, radius_arcsec: float) -> Compilation:
    """Compile the redshifts of lists that lie on a mosaic.

    Parameters
    ----------
    mosaic : Mosaic
        The field.
    lists : sequence of str or Path
        Lists, the most trusted first.
    radius_arcsec : float, arcsec
        Separation within which redshifts are of one source.

    Returns
    -------
    Compilation
        The redshifts in the field.

    Raises
    ------
    CatalogueError
        If no redshift counts, or none lies on the mosaic.
    """
    height, width = mosaic.shape
    corners = mosaic.sky(np.array([0, width, 0, width]), np.array([0, 0, height, height]))
    compilation = compile_redshifts(
        [read_redshifts(one).near(*corners) for one in lists], radius_arcsec=radius_arcsec
    )  # fmt: skip
    names = ", ".join(f"'{_name(one)}'" for one in lists)
    if not len(compilation):
        left = {name: count for name, count in compilation.counts["all"].items() if count}
        why = ", ".join(f"{count} {name}" for name, count in left.items())
        raise CatalogueError(f"{names}: gives no redshift to learn from ({why or 'the list is empty'})")
    inside = Region.whole(mosaic.shape).contains(*mosaic.pixel(compilation.ra, compilation.dec))
    if not inside.any():
        raise CatalogueError(
            f"none of the {len(compilation)} redshifts of {names} lies on the mosaics: they are around RA "
            f"{np.median(compilation.ra):.3f}, Dec {np.median(compilation.dec):+.3f}, the mosaics around RA "
            f"{np.median(corners[0]):.3f}, Dec {np.median(corners[1]):+.3f}"
        )
    return compilation[inside]


def match_spectra(sources: FieldSources, compilation: Compilation, *, radius_arcsec: float) -> FieldSpectra:
    """Give the redshifts of a field to its sources.

    Parameters
    ----------
    sources : FieldSources
        The sources.
    compilation : Compilation
        Redshifts in the field.
    radius_arcsec : float, arcsec
        Largest distance of a redshift from its source.

    Returns
    -------
    FieldSpectra
        Those that are used, in order of their sources.

    Raises
    ------
    CatalogueError
        If they are fewer than ten, or all of one redshift.
    """
    listed = ReferenceSources(
        np.arange(len(sources)), sources.ra, sources.dec, sources.label, np.full(len(sources), np.nan)
    )
    row, reason = sources_of_redshifts(listed, compilation, radius_arcsec=radius_arcsec)
    used = np.flatnonzero(reason == "")
    used = used[np.argsort(row[used])]
    told = compilation.counts["all"]
    counts = {
        **{name: count for name, count in told.items() if name != "kept"},
        "outside the mosaics": told["kept"] - len(compilation),
        **{name: int((reason == name).sum()) for name in sorted(set(reason.tolist()) - {""})},
        "used": len(used),
    }
    _refuse_useless(compilation.z[used], counts, radius_arcsec)
    own = compilation[used]
    return FieldSpectra(row[used], own.z, own.ra, own.dec, own.list_name, own.id, own.quality, counts)


def _refuse_useless(z: NDArray[np.float64], counts: Mapping[str, int], radius_arcsec: float) -> None:
    """Refuse spectra that cannot teach."""
    if len(z) < FEWEST:
        why = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
        raise CatalogueError(
            f"{len(z)} spectra have a source within {radius_arcsec:g} arcsec, and {FEWEST} are needed to learn from "
            f"and to judge by ({why})"
        )
    low, high = np.quantile(np.log1p(z), [0.02, 0.98])
    if high - low < _NARROW:
        raise CatalogueError(
            f"nearly all of the {len(z)} spectra have one redshift (z = {np.expm1(low):.3f} to {np.expm1(high):.3f}): "
            "a model would learn to give it to every source; add spectra of other redshifts"
        )


def _name(source: str | Path) -> str:
    """Name of the file of a list."""
    return Path(str(source)).name
