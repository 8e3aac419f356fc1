"""Which method is better, for bright sources and for faint ones?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zpix.evaluation import Comparison, CountedFraction
from zpix.plots.style import BLUE, GREEN, GREY, ORANGE, RED, new_figure, no_data, polish

#: Galaxies that a bin needs to be drawn.
_FEWEST = 10
_COLOURS = (BLUE, RED, ORANGE, GREEN, GREY, "#CC79A7", "#56B4E9")  # Okabe & Ito (2008)


def comparison_figure(comparison: Comparison, *, title: str = "") -> Figure:
    """Draw the scores of several methods.

    Scatter, outliers and CRPS against magnitude, quantiles of the PIT, completeness and purity; the line of the first
    method is the widest.

    Parameters
    ----------
    comparison : Comparison
        The scores.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(12.6, 7.6)
    grid = figure.subplots(2, 3)
    scores = (
        ("sigma_nmad", r"scatter $\sigma_\mathrm{NMAD}$"),
        ("outlier_fraction", r"outlier fraction $\eta$"),
        ("crps", "CRPS"),
    )
    label = f"true {comparison.band} magnitude (AB)"
    for axes, (name, text) in zip(grid.ravel(), scores, strict=False):
        _against_magnitude(axes, comparison, name)
        polish(axes, x=label, y=text)
    handles, names = grid[0, 0].get_legend_handles_labels()
    if handles:
        grid[0, 0].legend(handles, names, frameon=False, fontsize=8, loc="upper left")
        grid[0, 0].set_title(title, loc="left", fontsize=11, fontweight="bold")
    _pit_quantiles(grid[1, 0], comparison)
    polish(grid[1, 0], x="quantile of a uniform distribution", y="quantile of the PIT values")
    for axes, kind in zip(grid[1, 1:], ("completeness", "purity"), strict=True):
        _detection(axes, comparison, kind)
        axes.set_ylim(0, 1.04)
        polish(axes, x=f"{comparison.band} magnitude (AB)", y=kind)
    return figure


def _against_magnitude(axes: Axes, comparison: Comparison, name: str) -> None:
    """One score of each method in bins of magnitude, with errors."""
    drawn = False
    for index, (method, bins) in enumerate(comparison.by_magnitude.items()):
        used = {key: scores for key, scores in bins.items() if scores.count >= _FEWEST}
        if not used:
            continue
        drawn = True
        centre = np.array([np.mean([float(edge) for edge in key.split("-")]) for key in used])
        shift = 0.05 * (index - 0.5 * len(comparison.by_magnitude))  # so that error bars do not overlap
        values = np.array([getattr(scores, name).value for scores in used.values()])
        errors = np.array([getattr(scores, name).error for scores in used.values()])
        axes.errorbar(
            centre + shift,
            values,
            yerr=errors,
            color=_COLOURS[index % len(_COLOURS)],
            marker="o",
            markersize=4,
            linewidth=2.6 if index == 0 else 1.3,
            elinewidth=1,
            capsize=2,
            label=method,
        )
    if drawn:
        axes.set_ylim(bottom=0)
    else:
        no_data(axes)


def _pit_quantiles(axes: Axes, comparison: Comparison) -> None:
    """Quantiles of the PIT values of each method against those of a uniform distribution."""
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1)
    for index, sample in enumerate(comparison.samples.values()):
        uniform = (np.arange(len(sample)) + 0.5) / max(len(sample), 1)
        width = 2.6 if index == 0 else 1.3
        axes.plot(uniform, np.sort(sample.pit), color=_COLOURS[index % len(_COLOURS)], linewidth=width)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)


def _detection(axes: Axes, comparison: Comparison, kind: str) -> None:
    """Completeness or purity of each method in bins of magnitude."""
    for index, (method, scores) in enumerate(comparison.detection.items()):
        fraction: CountedFraction = getattr(scores, kind)
        used = fraction.total >= _FEWEST
        centre = 0.5 * (scores.mag_edges[1:] + scores.mag_edges[:-1])[used]
        value, (low, high) = fraction.value[used], fraction.interval()[:, used]
        error = np.clip([value - low, high - value], 0, None)
        axes.errorbar(centre + 0.03 * index, value, yerr=error, color=(BLUE, ORANGE)[index % 2], marker="o",
                      markersize=4, linewidth=1.6, elinewidth=1, capsize=2, label=method)  # fmt: skip
    axes.legend(frameon=False, fontsize=8, loc="lower left")
