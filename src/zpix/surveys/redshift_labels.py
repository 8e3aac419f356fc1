"""Which spectroscopic redshifts may a model be trained on, and why are the others left out?

A redshift belongs to the nearest source of the reference catalogue within the radius. It is left out, and counted, if

- it lies outside the mosaics, or there is no source within the radius;
- its source is a star;
- another redshift of the same source contradicts it (then both are left out), or agrees with it and is nearer;
- its source has no segment;
- its segment touches the edge of the mosaics or a pixel that no band observed, so that part of it may be missing;
- it lies in no tile.

Redshifts of the reference catalogue itself, where they are used, come first and follow the same rules.
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
from zpix.sources import ReferenceSources, Rows, has_redshift, nearest_sources
from zpix.surveys.spectroscopy import AGREEMENT, Z_RANGE, Compilation

#: Why redshifts are left out, in the order in which they are counted.
REASONS = (
    "outside the mosaics", "without a source", "out of range", "of stars", "in conflict", "of a source that has one",
    "without a segment", "at an edge", "between tiles",
)  # fmt: skip
_LARGEST_RADIUS = 128  # pixels around a source in which its segment is searched


@dataclass(frozen=True, eq=False)
class RedshiftLabels(Rows):
    """L redshifts and their sources: first those of the reference catalogue, then those of a compilation, in its order.

    Attributes
    ----------
    row : (L,) int64
        Row of the source in the reference catalogue; -1 for none.
    z : (L,) float64
        Redshift.
    reason : (L,) str
        Why it is left out, one of `REASONS`; "" if it is used.
    """

    row: NDArray[np.int64]
    z: NDArray[np.float64]
    reason: NDArray[np.str_]

    def redshift_of(self, sources: ReferenceSources) -> NDArray[np.float64]:
        """Return the redshift to train on of each source.

        Parameters
        ----------
        sources : ReferenceSources
            N sources of the reference catalogue.

        Returns
        -------
        (N,) float64
            Redshifts, NaN where there is none.
        """
        redshift = np.full(len(sources), np.nan)
        used = self.reason == ""
        redshift[self.row[used]] = self.z[used]
        return redshift

    def identifier(self, sources: ReferenceSources) -> NDArray[np.int64]:
        """Return the identifier of the source of each redshift.

        Parameters
        ----------
        sources : ReferenceSources
            Sources of the reference catalogue.

        Returns
        -------
        (L,) int64
            Identifiers; -1 for none.
        """
        return np.where(self.row >= 0, np.append(sources.id, -1)[self.row], -1)

    def use(self, sources: ReferenceSources, splits: Mapping[Any, NDArray[np.int64]]) -> NDArray[np.str_]:
        """Return which split each redshift is in, or why it is left out.

        Parameters
        ----------
        sources : ReferenceSources
            Sources of the reference catalogue.
        splits : mapping of split to (n,) int64
            Identifiers of the sources of each split.

        Returns
        -------
        (L,) str
            Name of the split, or one of `REASONS`.
        """
        use = self.reason.copy()
        for split, identifiers in splits.items():
            use[(self.reason == "") & np.isin(self.identifier(sources), identifiers)] = split
        return use

    def found_in(self, identifiers: NDArray[np.int64], sources: ReferenceSources) -> RedshiftLabels:
        """Mark redshifts as between tiles whose sources are in none.

        Parameters
        ----------
        identifiers : (n,) int64
            Identifiers of the sources in tiles.
        sources : ReferenceSources
            Sources of the reference catalogue.

        Returns
        -------
        RedshiftLabels
            The same redshifts.
        """
        lost = (self.reason == "") & ~np.isin(self.identifier(sources), identifiers)
        return replace(self, reason=np.where(lost, "between tiles", self.reason))

    def counts(self) -> dict[str, int]:
        """Count the redshifts.

        Returns
        -------
        dict of str to int
            How many are known, left out for each of `REASONS`, and learnt from.
        """
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
    """Assign redshifts to sources by the rules of this module.

    Parameters
    ----------
    sources : ReferenceSources
        Sources of the reference catalogue; those that have a redshift there keep it.
    compilation : Compilation
        Spectroscopic redshifts.
    mosaic : Mosaic
        The mosaics.
    segmentation : SegmentationMap
        Segments of the sources, on the same pixel grid.
    tiles : sequence of Region
        Tiles of the training store.
    radius_arcsec : float, arcsec
        Largest distance of a redshift from its source.

    Returns
    -------
    RedshiftLabels
        Every redshift, with the reason if it is left out.
    """
    own = np.flatnonzero(np.isfinite(sources.redshift))
    row, reason = sources_of_redshifts(sources, compilation, radius_arcsec=radius_arcsec)
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


def sources_of_redshifts(
    sources: ReferenceSources, compilation: Compilation, *, radius_arcsec: float
) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    """Assign redshifts to sources by their positions alone.

    Parameters
    ----------
    sources : ReferenceSources
        The sources.
    compilation : Compilation
        K redshifts.
    radius_arcsec : float, arcsec
        Largest distance of a redshift from its source.

    Returns
    -------
    row : (K,) int64
        Row of the nearest source; -1 for none.
    reason : (K,) str
        Why the redshift is left out, one of `REASONS`; "" if it is used.
    """
    row, distance = nearest_sources(sources, compilation.ra, compilation.dec, radius_arcsec=radius_arcsec)
    reason = np.full(len(row), "", "U32")
    reason[row < 0] = "without a source"
    found = np.flatnonzero(row >= 0)
    reason[found[~has_redshift(sources.label[row[found]])]] = "of stars"
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
    """Why sources cannot be trained on because of their segments, (row,), one of `REASONS` or ""."""
    whole = Region.whole(mosaic.shape)
    positions = zip(*(np.rint(at).astype(int) for at in mosaic.pixel(sources.ra[rows], sources.dec[rows])), strict=True)
    faults = []
    with progress_bar("checking segments", len(rows)) as bar:
        for (x, y), identifier in zip(positions, sources.id[rows], strict=True):
            around = Region(x, y, x + 1, y + 1).grown(_LARGEST_RADIUS).intersection(whole)
            own = segmentation.read(around) == identifier
            faults.append("without a segment")
            if own.any():
                (y0, y1), (x0, x1) = (np.flatnonzero(own.any(axis))[[0, -1]] for axis in (1, 0))
                touched = binary_dilation(np.pad(own[y0 : y1 + 1, x0 : x1 + 1], 1))
                box = Region(x0, y0, x1 + 1, y1 + 1).shifted(around.x0, around.y0).grown(1)
                observed = np.asarray(mosaic.read(box).valid.any(0))  # pixels outside the mosaics are not valid
                faults[-1] = "" if observed[touched].all() else "at an edge"
            bar.advance()
    return np.array(faults, "U32")


def tiles_of(tiles: Sequence[Region], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return which tile each position is in.

    Parameters
    ----------
    tiles : sequence of Region
        Tiles that do not overlap.
    x, y : (...) float64, pixels
        Positions; integers are pixel centres.

    Returns
    -------
    (...) int
        Index of the tile; -1 for none.
    """
    found = np.full(np.shape(x), -1)
    for index, tile in enumerate(tiles):
        np.copyto(found, index, where=tile.contains(x, y))
    return found
