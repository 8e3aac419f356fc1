"""How complete and how pure are the detections?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpix.evaluation import CountedFraction, DetectionScores
from zpix.plots.style import BLUE, GREY, ORANGE, new_figure, no_data, polish


def completeness_figure(scores: DetectionScores, *, title: str = "") -> Figure:
    """Draw completeness and purity against magnitude with 68 % intervals, and the numbers of sources below.

    Parameters
    ----------
    scores : DetectionScores
        The scores.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(7.4, 6.0)
    main, below = figure.subplots(2, 1, height_ratios=[3, 1], sharex=True)
    edges = scores.mag_edges
    used = np.flatnonzero(scores.completeness.total + scores.purity.total)
    if not len(used):
        no_data(main)
    _points(
        main,
        edges,
        scores.completeness_detectable,
        BLUE,
        "completeness, sources with own pixels",
        shift=0.0,
        thin=True,
    )
    _points(main, edges, scores.completeness, BLUE, "completeness, all true sources", shift=-0.03)
    _points(main, edges, scores.purity, ORANGE, "purity", shift=0.03)
    main.axhline(0.9, color=GREY, linewidth=0.8, linestyle=(0, (2, 3)))
    main.set_ylim(0, 1.04)
    main.legend(frameon=False, fontsize=9, loc="lower left")
    polish(main, y="fraction", title=title)
    for fraction, colour, label in (
        (scores.completeness, BLUE, "true sources"),
        (scores.purity, ORANGE, "detections"),
    ):
        below.stairs(fraction.total, edges, color=colour, linewidth=1.5, label=label)
    if len(used):
        below.set_xlim(edges[used[0]], edges[used[-1] + 1])
    below.set_ylim(bottom=0)
    below.legend(frameon=False, fontsize=9, loc="upper left")
    polish(below, x=f"{scores.band} magnitude (AB): true for completeness, in the mask for purity", y="number")
    return figure


def redshift_fractions_figure(
    edges: Sequence[float], completeness: CountedFraction, purity: CountedFraction, *, title: str = ""
) -> Figure:
    """Draw completeness against true redshift and purity against `z_phot`, with 68 % intervals.

    Parameters
    ----------
    edges : sequence of float of length B + 1
        Edges of the bins of redshift.
    completeness : CountedFraction of length B
        Of the true sources of each redshift, the share that was detected.
    purity : CountedFraction of length B
        Of the detections of each `z_phot`, the share that is a true source.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(7.4, 4.0)
    axes = figure.subplots()
    ends = np.asarray(edges, np.float64)
    if not (completeness.total + purity.total).any():
        no_data(axes)
    _points(axes, ends, completeness, BLUE, "completeness, by true redshift", shift=-0.05)
    _points(axes, ends, purity, ORANGE, "purity, by z_phot", shift=0.05)
    axes.set_xlim(ends[0], ends[-1])
    axes.set_ylim(0, 1.04)
    axes.legend(frameon=False, fontsize=9, loc="lower left")
    polish(axes, x="redshift", y="fraction", title=title)
    return figure


def _points(
    axes: Axes,
    edges: NDArray[np.float64],
    fraction: CountedFraction,
    colour: str,
    label: str,
    *,
    shift: float,
    thin: bool = False,
) -> None:
    """Fractions at the bin centres, shifted a little so that error bars do not overlap."""
    used = fraction.total > 0
    centre = 0.5 * (edges[1:] + edges[:-1])[used] + shift
    value, (low, high) = fraction.value[used], fraction.interval()[:, used]
    if thin:
        axes.plot(centre, value, color=colour, linewidth=1, linestyle=(0, (4, 2)), alpha=0.8, label=label)
        return
    axes.errorbar(
        centre,
        value,
        yerr=np.clip([value - low, high - value], 0, None),
        color=colour,
        marker="o" if colour == BLUE else "s",
        markersize=5,
        linewidth=1.8,
        elinewidth=1.2,
        capsize=2,
        label=label,
    )
