"""Which redshifts of spectra may a model learn from, and why not the others?

A redshift goes to the source of the catalogue that is nearest to it within the radius. It is left out, and counted, if

- it lies outside the mosaics, or there is no source within the radius;
- its source is a star;
- another redshift of the same source contradicts it (then both are), or agrees with it and is nearer;
- its source has no segment;
- its segment touches the edge of the mosaics, or a pixel that no band has observed: what was cut off is not known;
- no tile holds it.

The catalogue's own redshifts, where they are to be learnt from, come first and follow the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from zpix.image import Mosaic, Region, SegmentationMap
from zpix.progress import progress_bar
from zpix.sources import GALAXY
from zpix.sources.reference_table import ReferenceSources, nearest_sources
from zpix.surveys.spectroscopy import AGREEMENT, Z_RANGE, Compilation

#: Why redshifts are left out, in the order in which it is told.
REASONS = (
    "outside the mosaics", "without a source", "out of range", "of stars", "in conflict", "of a source that has one",
    "without a segment", "at an edge", "between tiles",
)  # fmt: skip
_LARGEST_RADIUS = 128  # how far from its position a segment is looked for, in pixels


@dataclass(frozen=True, eq=False)
class RedshiftLabels:
    """L redshifts and what becomes of them; the last are those of a compilation, in its order.

    Attributes
    ----------
    row : (L,) int64
        Of the source in the catalogue; -1 for none.
    z : (L,) float64
    reason : (L,) str
        Why it is left out, of `REASONS`; "" if it may be learnt from.
    """

    row: NDArray[np.int64]
    z: NDArray[np.float64]
    reason: NDArray[np.str_]

    def redshift_of(self, sources: ReferenceSources) -> NDArray[np.float64]:
        """Redshift to learn from of each source, (N,), NaN without any."""
        redshift = np.full(len(sources), np.nan)
        used = self.reason == ""
        redshift[self.row[used]] = self.z[used]
        return redshift

    def identifier(self, sources: ReferenceSources) -> NDArray[np.int64]:
        """Of the source of each, (L,); -1 for none."""
        return np.where(self.row >= 0, np.append(sources.id, -1)[self.row], -1)

    def use(self, sources: ReferenceSources, splits: Mapping[Any, NDArray[np.int64]]) -> NDArray[np.str_]:
        """The split whose sources, given by identifiers, have it, or why it is left out, (L,)."""
        use = self.reason.copy()
        for split, identifiers in splits.items():
            use[(self.reason == "") & np.isin(self.identifier(sources), identifiers)] = split
        return use

    def found_in(self, identifiers: NDArray[np.int64], sources: ReferenceSources) -> RedshiftLabels:
        """Those of other sources than the identified ones, which tiles hold, are between tiles."""
        lost = (self.reason == "") & ~np.isin(self.identifier(sources), identifiers)
        return replace(self, reason=np.where(lost, "between tiles", self.reason))

    def counts(self) -> dict[str, int]:
        """How many redshifts are known, left out for each reason, and learnt from."""
        left_out = {reason: int((self.reason == reason).sum()) for reason in REASONS}
        return {"known": len(self.z), **left_out, "learnt from": int((self.reason == "").sum())}


def choose_labels(
    sources: ReferenceSources,
    compilation: Compilation,
    *,
    mosaic: Mosaic,
    segmentation: SegmentationMap,
    tiles: Sequence[Region],
    radius_arcsec: float,
) -> RedshiftLabels:
    """Give redshifts to sources by this module's rules."""
    own = np.flatnonzero(np.isfinite(sources.redshift))
    row, reason = _sources_of(sources, compilation, radius_arcsec=radius_arcsec)
    taken = np.isin(row, own) & (reason == "")
    reason[taken] = "of a source that has one"
    own_z = sources.redshift[own]
    own_reason = np.where((own_z < Z_RANGE[0]) | (own_z > Z_RANGE[1]), "out of range", "").astype(reason.dtype)
    ra, dec = (np.append(getattr(sources, name)[own], getattr(compilation, name)) for name in ("ra", "dec"))
    row, z, reason = np.append(own, row), np.append(own_z, compilation.z), np.append(own_reason, reason)
    reason[~Region.whole(mosaic.shape).contains(*mosaic.pixel(ra, dec))] = "outside the mosaics"
    left = np.flatnonzero(reason == "")
    reason[left] = _faults_of_segments(mosaic, segmentation, sources, row[left])
    left = left[reason[left] == ""]
    at = mosaic.pixel(sources.ra[row[left]], sources.dec[row[left]])
    reason[left[tiles_of(tiles, *at) < 0]] = "between tiles"
    return RedshiftLabels(row, z, reason)


def _sources_of(
    sources: ReferenceSources, compilation: Compilation, *, radius_arcsec: float
) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    """Row of the source of each redshift of a compilation, and why it says nothing of it."""
    row, distance = nearest_sources(sources, compilation.ra, compilation.dec, radius_arcsec=radius_arcsec)
    reason = np.full(len(row), "", "U32")
    reason[row < 0] = "without a source"
    found = np.flatnonzero(row >= 0)
    reason[found[sources.label[row[found]] != GALAXY]] = "of stars"
    nearest_first = np.argsort(distance, kind="stable")
    nearest_first = nearest_first[reason[nearest_first] == ""]
    source, count = np.unique(row[nearest_first], return_counts=True)
    for one in source[count > 1]:
        several = nearest_first[row[nearest_first] == one]
        z = compilation.z[several]
        if np.ptp(z) <= AGREEMENT * (1 + z[0]):
            reason[several[1:]] = "of a source that has one"
        else:
            reason[several] = "in conflict"
    return row, reason


def _faults_of_segments(
    mosaic: Mosaic, segmentation: SegmentationMap, sources: ReferenceSources, rows: NDArray[np.int64]
) -> NDArray[np.str_]:
    """What keeps the segments of some sources from teaching a redshift, (row,), of `REASONS` or ""."""
    whole = Region.whole(mosaic.shape)
    positions = zip(*(np.rint(at).astype(int) for at in mosaic.pixel(sources.ra[rows], sources.dec[rows])), strict=True)
    faults = []
    with progress_bar("looking at segments", len(rows)) as bar:
        for (x, y), identifier in zip(positions, sources.id[rows], strict=True):
            around = Region(x, y, x + 1, y + 1).grown(_LARGEST_RADIUS).intersection(whole)
            own = segmentation.read(around) == identifier
            faults.append("without a segment")
            if own.any():
                (y0, y1), (x0, x1) = (np.flatnonzero(own.any(axis))[[0, -1]] for axis in (1, 0))
                touched = binary_dilation(np.pad(own[y0 : y1 + 1, x0 : x1 + 1], 1))
                box = Region(x0, y0, x1 + 1, y1 + 1).shifted(around.x0, around.y0).grown(1)
                observed = np.asarray(mosaic.read(box).valid.any(0))  # nothing is beyond the mosaics
                faults[-1] = "" if observed[touched].all() else "at an edge"
            bar.advance()
    return np.array(faults, "U32")


def tiles_of(tiles: Sequence[Region], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which of some tiles without overlap holds each position in pixels, -1 for none; the shape of x and y."""
    found = np.full(np.shape(x), -1)
    for index, tile in enumerate(tiles):
        np.copyto(found, index, where=tile.contains(x, y))
    return found
