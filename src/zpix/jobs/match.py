"""Which source of one catalogue is which source of another?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from astropy.coordinates import angular_separation
from numpy.typing import NDArray

from zpix.catalogue import Column, refuse_other_endings, write_table
from zpix.errors import CatalogueError, ConfigError
from zpix.image import SegmentationMap
from zpix.matching import (
    Candidates,
    Matching,
    Method,
    choose,
    close_positions,
    match_positions,
    no_matches,
    similar_boxes,
    similar_segments,
)
from zpix.matching.source_lists import MIN_IOU, RADIUS_ARCSEC, SourceList, read_source_list
from zpix.outputs import refuse_existing

#: What of two sources is compared.
By = Literal["auto", "mask", "box", "position"]

# Two catalogues count pixels on one grid when boxes of sources at one position agree to this in the median.
_SAME_GRID_PIX = 2.0

#: Columns of the table.
SCHEMA = (
    Column("status", "U10", "", "matched, left only or right only"),
    Column("left_id", "int64", "", "Identifier in the left catalogue; -1 for none"),
    Column("right_id", "int64", "", "Identifier in the right catalogue; -1 for none"),
    Column("left_ra", "float64", "deg", "Right ascension in the left catalogue"),
    Column("left_dec", "float64", "deg", "Declination in the left catalogue"),
    Column("right_ra", "float64", "deg", "Right ascension in the right catalogue"),
    Column("right_dec", "float64", "deg", "Declination in the right catalogue"),
    Column("by", "U8", "", "What was compared: mask, box or position; empty without a match"),
    Column("iou", "float64", "", "Intersection over union of the masks or boxes; NaN where positions were compared"),
    Column("separation_arcsec", "float64", "arcsec", "Distance of the positions"),
)


@dataclass(frozen=True, eq=False)
class Match:
    """Which rows of two catalogues are one source.

    Attributes
    ----------
    matching : Matching
        Rows of matched pairs.
    by : (P,) array of str
        What was compared of each pair: mask, box or position.
    columns : dict of str to array
        The table that is written: matched pairs and left sources in the order of the left catalogue, then right ones.
    """

    matching: Matching
    by: NDArray[np.str_]
    columns: dict[str, NDArray[Any]]

    @property
    def counts(self) -> dict[str, int]:
        """How many pairs are matched, by mask, box and position, and how many sources of either side are not."""
        return {
            "matched": len(self.matching),
            **{f"by {kind}": int((self.by == kind).sum()) for kind in ("mask", "box", "position")},
            "left only": int((~self.matching.left_matched).sum()),
            "right only": int((~self.matching.right_matched).sum()),
        }


def match(
    left: str | Path,
    right: str | Path,
    *,
    out: str | Path | None = None,
    by: By = "auto",
    method: Method = "hungarian",
    min_iou: float | None = None,
    radius_arcsec: float = RADIUS_ARCSEC,
    left_segmentation: str | Path | None = None,
    right_segmentation: str | Path | None = None,
    overwrite: bool = False,
) -> Match:
    """Match two catalogues by the overlap of masks or boxes, and sources without either by position.

    Catalogues are those of zpix or JADES, or any table with right ascension and declination in the usual formats. Boxes
    are read from x0 y0 x1 y1 or xmin ymin xmax ymax (both half-open), or bbox_xmin bbox_ymin bbox_xmax bbox_ymax (the
    last pixel inside), in any case.

    Parameters
    ----------
    left, right : str or Path
        The catalogues.
    out : str or Path, optional
        Table to write: `.fits`, `.parquet` or `.csv`.
    by : {"auto", "mask", "box", "position"}, default: "auto"
        What to compare. With "auto", masks if both segmentation maps are given, else boxes if both catalogues have them
        on one grid of pixels, else positions.
    method : {"hungarian", "greedy", "merz2026"}, default: "hungarian"
        "hungarian" matches one-to-one with the largest sum of overlaps; "greedy" one-to-one by falling score of the
        left catalogue, or by falling overlap where it has none; "merz2026" as Merz et al. 2026 did: each left source
        gets the right one whose box overlaps it most, which several may share.
    min_iou : float, optional
        Least intersection over union; 0.3, and 0.5 with "merz2026", by default.
    radius_arcsec : float, default: 0.2
        Largest separation in arcsec, where positions are compared.
    left_segmentation, right_segmentation : str or Path, optional
        FITS maps of identifiers, on one grid of pixels.
    overwrite : bool, default: False
        Whether an existing table is replaced.

    Returns
    -------
    Match
        The pairs, their counts, and the columns of the table.

    Raises
    ------
    ZpixError
        If a table or map cannot be read or lacks what is to be compared, or the output cannot be written.

    Examples
    --------
    >>> zpix.match("result", "truth.fits").counts["matched"]  # doctest: +SKIP
    """
    if out is not None:
        refuse_other_endings(out)
        refuse_existing(out, overwrite=overwrite)
    min_iou = (0.5 if method == "merz2026" else MIN_IOU) if min_iou is None else min_iou
    if not 0 < min_iou <= 1:
        raise ConfigError(f"the least IoU is {min_iou}: it must lie above 0 and not above 1")
    if not radius_arcsec >= 0:
        raise ConfigError(f"the radius is {radius_arcsec} arcsec: it must not be negative")
    maps = (left_segmentation, right_segmentation)
    a, b = (read_source_list(p, identified=m is not None) for p, m in zip((left, right), maps, strict=True))
    a, b = a.near(b.ra, b.dec, path=left), b.near(a.ra, a.dec, path=right)
    overlaps, kind, has = _overlaps(a, b, by, maps, paths=(left, right), min_iou=min_iou, radius_arcsec=radius_arcsec)
    score = a.score if np.isfinite(a.score).any() else None
    matching = choose(overlaps, n_left=len(a), n_right=len(b), method=method, score=score)
    near = close_positions(a.ra, a.dec, b.ra, b.dec, radius_arcsec=radius_arcsec)
    free = ~(has[0][near.left] & has[1][near.right])  # those that overlap too little are not one source
    free &= ~matching.left_matched[near.left] & ~matching.right_matched[near.right]
    near = Candidates(near.left[free], near.right[free], near.agreement[free])
    rest = choose(near, n_left=len(a), n_right=len(b), method=method, score=score)
    whole = matching.joined(rest, np.arange(len(a)), np.arange(len(b)))
    kinds = np.where(matching.left_matched[whole.left], kind, "position")
    result = Match(whole, kinds, _table(a, b, whole, kinds))
    if out is not None:
        facts = {"LEFT": Path(left).name, "RIGHT": Path(right).name, "METHOD": method, "MIN_IOU": min_iou}
        write_table(out, result.columns, SCHEMA, facts={**facts, "RADIUS": radius_arcsec})
    return result


def _overlaps(
    a: SourceList,
    b: SourceList,
    by: By,
    maps: tuple[str | Path | None, str | Path | None],
    *,
    paths: tuple[str | Path, str | Path],
    min_iou: float,
    radius_arcsec: float,
) -> tuple[Candidates, str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Pairs whose masks or boxes overlap enough, which of these it is, and which sources of either side have one."""
    if by == "mask" or (by == "auto" and None not in maps):
        if maps[0] is None or maps[1] is None:
            raise ConfigError("to match by masks, give the segmentation maps of both catalogues")
        with (
            SegmentationMap(maps[0], identifiers=a.id) as first,
            SegmentationMap(maps[1], shape=first.shape, identifiers=b.id) as second,
        ):
            has = tuple(np.isfinite(m.boxes(t.id)[:, 0]) for m, t in ((first, a), (second, b)))
            for path, areas, table, segments in zip(paths, (first, second), (a, b), has, strict=True):
                if len(table) and not segments.any():
                    raise CatalogueError(f"none of the {len(table)} identifiers of '{path}' is in '{areas.path}'")
            similar = similar_segments(first, second, a.id, b.id, min_iou=min_iou)
        return similar, "mask", (has[0], has[1])
    if by != "position":
        without = [path for path, table in zip(paths, (a, b), strict=True) if not table.boxed.any()]
        if by == "box" and without:
            raise CatalogueError(
                f"'{without[0]}' has no boxes: match by position, or by masks with the segmentation maps of both"
            )
        if not without and _on_one_grid(a, b, radius_arcsec=radius_arcsec):
            rows_a, rows_b = np.flatnonzero(a.boxed), np.flatnonzero(b.boxed)
            similar = similar_boxes(a.box[rows_a], b.box[rows_b], min_iou=min_iou)
            similar = Candidates(rows_a[similar.left], rows_b[similar.right], similar.agreement)
            return similar, "box", (a.boxed, b.boxed)
        if by == "box":
            raise CatalogueError(
                f"the boxes of '{paths[0]}' and '{paths[1]}' are not on one grid of pixels: match by position or by "
                "segmentation maps on one grid"
            )
    nothing = no_matches(len(a), len(b))
    has = (np.zeros(len(a), bool), np.zeros(len(b), bool))
    return Candidates(nothing.left, nothing.right, nothing.agreement), "position", has


def _on_one_grid(a: SourceList, b: SourceList, *, radius_arcsec: float) -> bool:
    """Whether boxes of sources at one position on the sky are at one place in pixels."""
    near = match_positions(a.ra, a.dec, b.ra, b.dec, radius_arcsec=radius_arcsec)
    offset = np.abs(a.centre_xy[near.left] - b.centre_xy[near.right])
    offset = offset[np.isfinite(offset).all(1)]
    return len(offset) > 0 and bool((np.median(offset, axis=0) < _SAME_GRID_PIX).all())


def _table(a: SourceList, b: SourceList, matching: Matching, by: NDArray[np.str_]) -> dict[str, NDArray[Any]]:
    """Columns of `SCHEMA`."""
    only_left, only_right = np.flatnonzero(~matching.left_matched), np.flatnonzero(~matching.right_matched)
    order = np.argsort(np.concatenate([matching.left, only_left]), kind="stable")

    def rows(matched: NDArray[Any], of_left: NDArray[Any], of_right: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([np.concatenate([matched, of_left])[order], of_right])

    n, m = len(only_left), len(only_right)
    left = rows(matching.left, only_left, np.full(m, -1))
    right = rows(matching.right, np.full(n, -1), only_right)
    status = rows(np.full(len(matching), "matched"), np.full(n, "left only"), np.full(m, "right only"))
    iou = np.where(by == "position", np.nan, matching.agreement)
    columns = {
        "status": status,
        "by": rows(by, np.full(n, ""), np.full(m, "")),
        "iou": rows(iou, np.full(n, np.nan), np.full(m, np.nan)),
    }
    for side, row, table in (("left", left, a), ("right", right, b)):
        columns[f"{side}_id"] = np.append(table.id, -1)[row]
        columns[f"{side}_ra"], columns[f"{side}_dec"] = (np.append(v, np.nan)[row] for v in (table.ra, table.dec))
    positions = (np.deg2rad(columns[f"{side}_{angle}"]) for side in ("left", "right") for angle in ("ra", "dec"))
    columns["separation_arcsec"] = np.rad2deg(angular_separation(*positions)) * 3600
    return columns
