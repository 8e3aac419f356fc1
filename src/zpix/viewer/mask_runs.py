"""Which pixels does each source own, in a form that a browser can draw?

Masks are kept as runs: a row, its first column, and the number of pixels. A browser draws their outline, and knows
which source is under the pointer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpix.image import Region, SegmentationMap

_BLOCK_PIXELS = 8_000_000


@dataclass(frozen=True, eq=False)
class MaskRuns:
    """Runs of pixels of N sources.

    Attributes
    ----------
    start : (N + 1,) int64
        Places in `runs` at which those of a source begin.
    runs : (R, 3) int32
        Column of the first pixel, row, and number of pixels.
    """

    start: NDArray[np.int64]
    runs: NDArray[np.int32]

    def of(self, rows: NDArray[np.int64]) -> MaskRuns:
        """Return those of some sources.

        Parameters
        ----------
        rows : (M,) int64
            Their numbers.

        Returns
        -------
        MaskRuns
            Of length M.
        """
        count = self.start[rows + 1] - self.start[rows]
        stop = np.cumsum(count)
        place = np.arange(int(count.sum())) + np.repeat(self.start[rows] - (stop - count), count)
        return MaskRuns(np.concatenate([[0], stop]), self.runs[place])


def read_mask_runs(segmentation: SegmentationMap, ids: NDArray[np.integer]) -> MaskRuns:
    """Read the masks of a catalogue from its segmentation map, some rows at a time.

    Parameters
    ----------
    segmentation : SegmentationMap
        The map.
    ids : (N,) int
        Identifiers of the sources.

    Returns
    -------
    MaskRuns
        In the order of `ids`; sources without a pixel have no runs.
    """
    height, width = segmentation.shape
    rows = max(_BLOCK_PIXELS // max(width, 1), 1)
    found = [
        runs_in(segmentation.read(Region(0, y, width, min(y + rows, height))), first_row=y)
        for y in range(0, height, rows)
    ]
    runs = np.concatenate([np.zeros((0, 4), np.int32), *found])
    order = np.argsort(ids, kind="stable")
    place = np.searchsorted(np.asarray(ids)[order], runs[:, 0]).clip(max=max(len(ids) - 1, 0))
    if len(ids):
        known = np.asarray(ids)[order][place] == runs[:, 0]
        runs, source = runs[known], order[place[known]]
    else:
        runs, source = runs[:0], np.zeros(0, np.int64)
    start = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=len(ids)))])
    return MaskRuns(start, runs[np.argsort(source, kind="stable"), 1:])


def runs_in(rows: NDArray[np.integer], *, first_row: int = 0) -> NDArray[np.int32]:
    """Find the runs of equal identifiers in rows of a segmentation map.

    Parameters
    ----------
    rows : (y, x) int
        Identifiers; 0 is sky.
    first_row : int, default: 0
        Number of the first row.

    Returns
    -------
    (R, 4) int32
        Identifier, column of the first pixel, row, and number of pixels.

    Examples
    --------
    >>> runs_in(np.array([[0, 7, 7, 2]])).tolist()
    [[7, 1, 0, 2], [2, 3, 0, 1]]
    """
    height, width = rows.shape
    begins = np.ones((height, width + 1), bool)
    begins[:, 1:-1] = rows[:, 1:] != rows[:, :-1]
    y, x = np.nonzero(begins)
    length = np.diff(x, append=width)
    inside = x < width
    y, x, length = y[inside], x[inside], length[inside]
    value = rows[y, x]
    own = value != 0
    return np.stack([value[own], x[own], y[own] + first_row, length[own]], axis=1).astype(np.int32)
