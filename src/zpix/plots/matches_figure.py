"""Which sources of a field are found, missed and spurious?"""

from __future__ import annotations

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from zpix.catalogue import Catalogue
from zpix.evaluation import Truth
from zpix.matching import Matching
from zpix.plots.field_figure import box_lines, sky_axes
from zpix.plots.style import polish

_FOUND, _FALSE, _MISSED = "#4ade80", "#ff5c5c", "#ffd23f"


def matches_figure(
    picture: NDArray[np.floating],
    catalogue: Catalogue,
    truth: Truth,
    matching: Matching,
    *,
    band: str,
    faintest: float,
    origin_xy: tuple[int, int] = (0, 0),
) -> Figure:
    """Draw boxes of detections over a picture, green with a true partner and red without; rings are missed sources.

    Parameters
    ----------
    picture : (y, x, 3) float
        From `colour_composite`.
    catalogue : Catalogue
        The detections.
    truth : Truth
        The true sources, with positions in pixels of the catalogue's mosaic.
    matching : Matching
        Rows of the catalogue (left) and of the truth (right), as in a `Report`.
    band : str
        Band of the truth's magnitudes.
    faintest : float
        Faintest AB magnitude of the missed sources that are drawn; fainter ones are hardly visible.
    origin_xy : (int, int), default: (0, 0)
        Pixel coordinates, in the catalogue's mosaic, of the picture's first pixel.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    height, width = picture.shape[:2]
    figure, axes = sky_axes(picture, origin_xy)

    def inside(xy: NDArray[np.floating]) -> NDArray[np.bool_]:
        place = xy - origin_xy
        within: NDArray[np.bool_] = (place >= -0.5) & (place < (width - 0.5, height - 0.5))
        return within[:, 0] & within[:, 1]

    shown = inside(np.stack([catalogue["x"], catalogue["y"]], axis=1))
    true, false = shown & matching.left_matched, shown & ~matching.left_matched
    missed = inside(truth.xy) & ~matching.right_matched & (truth.magnitude < faintest)
    for rows, colour in ((true, _FOUND), (false, _FALSE)):
        lines = LineCollection(list(box_lines(catalogue.box[rows])), colors=colour, linewidths=1.1)
        axes.add_collection(lines, autolim=False)
    x, y = truth.xy[missed].T
    axes.scatter(x, y, s=150, marker="o", facecolors="none", edgecolors=_MISSED, linewidths=1.6)
    labels = {
        f"found: {true.sum()}": (_FOUND, "s"),
        f"no true source: {false.sum()}": (_FALSE, "s"),
        f"missed, {band} < {faintest:g}: {missed.sum()}": (_MISSED, "o"),
    }
    signs = [
        Line2D([], [], linestyle="none", marker=marker, mfc="none", mec=colour, markersize=9, label=text)
        for text, (colour, marker) in labels.items()
    ]
    axes.legend(handles=signs, loc="upper right", facecolor="black", labelcolor="white", framealpha=0.75, fontsize=9)
    polish(axes, x="x (pixels)", y="y (pixels)", grid=False)
    axes.set_xlim(origin_xy[0] - 0.5, origin_xy[0] + width - 0.5)
    axes.set_ylim(origin_xy[1] - 0.5, origin_xy[1] + height - 0.5)
    axes.set_title("Detections and truth", loc="left", fontsize=11, fontweight="bold")
    return figure
