"""Which detection is which true source, and which true sources lie in the field?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zpix.evaluation.truth import Truth
from zpix.matching.pairs import Matching, match_boxes, match_positions, no_matches

Floats = NDArray[np.float64]

#: Truth and catalogue are on one pixel grid when matched positions agree to this many pixels in the median.
_SAME_GRID_PIX = 1.5


class Placed(Protocol):
    """What matching needs of N detections; `Catalogue` and `RivalSources` have it."""

    def __len__(self) -> int:
        """Return the number of detections."""

    def __getitem__(self, name: str, /) -> NDArray[Any]:
        """Return a column (N,): "ra" or "dec" in degrees, "x" or "y" in pixels."""

    @property
    def box(self) -> NDArray[Any]:
        """Half-open boxes (x0, y0, x1, y1) in pixels, (N, 4)."""

    @property
    def meta(self) -> Mapping[str, Any]:
        """Facts about the field; `mosaic_shape` is its height and width in pixels."""


def match_truth(catalogue: Placed, truth: Truth, *, radius_arcsec: float = 0.2, min_iou: float = 0.3) -> Matching:
    """Match detections (left) with true sources (right) one-to-one, in three steps.

    First by boxes, where the truth has boxes on the catalogue's pixel grid; then those that are left by position, to
    sources that have pixels of their own; last by position to any source. So a faint source behind a bright one does
    not take the bright one's detection.

    Parameters
    ----------
    catalogue : Catalogue or Placed
        The N detections.
    truth : Truth
        The M true sources.
    radius_arcsec : float, default: 0.2
        Largest separation of a match by position.
    min_iou : float, default: 0.3
        Least intersection over union of a match by boxes.

    Returns
    -------
    Matching
        Pairs of rows of the catalogue (left) and the truth (right).
    """
    by_position = match_positions(catalogue["ra"], catalogue["dec"], truth.ra, truth.dec, radius_arcsec=radius_arcsec)
    matching = no_matches(len(catalogue), len(truth))
    if _same_grid(catalogue, truth, by_position):
        boxed = np.flatnonzero(np.isfinite(truth.box).all(1))
        by_box = match_boxes(catalogue.box, truth.box[boxed], min_iou=min_iou)
        matching = matching.joined(by_box, np.arange(len(catalogue)), boxed)
    for wanted in (truth.detectable, np.ones(len(truth), bool)):
        left = np.flatnonzero(~matching.left_matched)
        right = np.flatnonzero(~matching.right_matched & wanted)
        rest = match_positions(
            catalogue["ra"][left],
            catalogue["dec"][left],
            truth.ra[right],
            truth.dec[right],
            radius_arcsec=radius_arcsec,
        )
        matching = matching.joined(rest, left, right)
    return matching


def in_field(
    catalogue: Placed,
    truth: Truth,
    *,
    shape: tuple[int, int] | None = None,
    radius_arcsec: float = 0.2,
) -> NDArray[np.bool_]:
    """Tell which true sources lie in the field of a catalogue.

    Where the truth has positions on the catalogue's pixel grid, the field is the mosaic; otherwise it is the
    rectangle of sky around the detections.

    Parameters
    ----------
    catalogue : Catalogue or Placed
        The detections.
    truth : Truth
        The M true sources.
    shape : (int, int), pixels, optional
        Height and width of the field; `mosaic_shape` of the catalogue's meta by default.
    radius_arcsec : float, default: 0.2
        Largest separation of detections and true sources that tell whether the grids agree; the rectangle of sky is
        grown by it.

    Returns
    -------
    (M,) bool
        True for sources in the field; for all without a shape and detections.
    """
    shape = shape or catalogue.meta.get("mosaic_shape")
    if shape is not None and len(truth) and np.isfinite(truth.xy).all():
        by_position = match_positions(
            catalogue["ra"], catalogue["dec"], truth.ra, truth.dec, radius_arcsec=radius_arcsec
        )
        if not len(by_position) or _agree(catalogue, truth, by_position):
            inside = (truth.xy >= -0.5) & (truth.xy < np.array(shape)[::-1] - 0.5)
            return inside[:, 0] & inside[:, 1]
    if not len(catalogue):
        return np.ones(len(truth), dtype=bool)
    return _around(catalogue["ra"], catalogue["dec"], truth.ra, truth.dec, margin_deg=radius_arcsec / 3600)


def _around(ra: Floats, dec: Floats, other_ra: Floats, other_dec: Floats, *, margin_deg: float) -> NDArray[np.bool_]:
    """Whether other positions lie in the rectangle of sky around (ra, dec), grown by a margin; in degrees."""
    # Right ascensions are compared as offsets from the first, so that a field may contain 0 = 360.
    own, other = ((values - ra[0] + 180) % 360 - 180 for values in (ra, other_ra))
    ra_margin = margin_deg / max(float(np.cos(np.deg2rad(dec)).min()), 1e-6)
    in_ra: NDArray[np.bool_] = (other >= own.min() - ra_margin) & (other <= own.max() + ra_margin)
    in_dec: NDArray[np.bool_] = (other_dec >= dec.min() - margin_deg) & (other_dec <= dec.max() + margin_deg)
    return in_ra & in_dec


def _same_grid(catalogue: Placed, truth: Truth, by_position: Matching) -> bool:
    """Whether the truth has boxes, in the catalogue's pixel coordinates."""
    return bool(np.isfinite(truth.box).any()) and _agree(catalogue, truth, by_position)


def _agree(catalogue: Placed, truth: Truth, by_position: Matching) -> bool:
    """Whether sources matched on the sky have the same pixel coordinates."""
    if not len(by_position):
        return False
    own = np.stack([catalogue["x"], catalogue["y"]], axis=1)[by_position.left]
    offset = np.abs(own - truth.xy[by_position.right])
    return bool((np.median(offset, axis=0) < _SAME_GRID_PIX).all())
