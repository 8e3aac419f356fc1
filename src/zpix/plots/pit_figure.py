"""Do redshift PDFs have the right width?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpix.evaluation import RedshiftScores
from zpix.plots.style import BLUE, GREY, ORANGE, corner_text, new_figure, no_data, polish


def pit_figure(pit: NDArray[np.float64], *, scores: RedshiftScores | None = None, title: str = "") -> Figure:
    """Draw a histogram of PIT values, and their quantiles against those of a uniform distribution.

    Calibrated PDFs give a flat histogram and a line on the diagonal. A U shape means PDFs that are too narrow, a peak
    in the middle PDFs that are too wide, a slope a bias.

    Parameters
    ----------
    pit : (N,) float64
        Probability that each PDF gives to redshifts below the true one.
    scores : RedshiftScores, optional
        Scores of the same sources, written in a corner.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(9.2, 4.3)
    left, right = figure.subplots(1, 2)
    if len(pit):
        _histogram(left, pit, n_bins=int(np.clip(len(pit) / 20, 5, 20)))
        _quantiles(right, pit)
    else:
        no_data(left)
        no_data(right)
    left.set_xlim(0, 1)
    polish(left, x="PIT", y="density", title=title, grid=False)
    right.set_xlim(0, 1)
    right.set_ylim(0, 1)
    right.set_aspect("equal")
    polish(right, x="quantile of a uniform distribution", y="quantile of the PIT values")
    if scores is not None and scores.count:
        corner_text(right, _numbers(scores))
    return figure


def _histogram(axes: Axes, pit: NDArray[np.float64], *, n_bins: int) -> None:
    """The histogram, with the counting noise of calibrated PDFs."""
    expected = len(pit) / n_bins
    spread = np.sqrt(expected * (1 - 1 / n_bins)) / expected
    axes.hist(pit, n_bins, range=(0, 1), density=True, color=BLUE, alpha=0.75, edgecolor="white")
    axes.axhspan(1 - 2 * spread, 1 + 2 * spread, color=ORANGE, alpha=0.22, linewidth=0, zorder=0)
    axes.axhline(1, color=ORANGE, linewidth=1.5, label="calibrated PDFs (2σ counting noise)")
    top = max(1.3, 1.25 * axes.get_ylim()[1])
    axes.set_ylim(0, top)
    axes.legend(frameon=False, fontsize=9, loc="upper center")


def _quantiles(axes: Axes, pit: NDArray[np.float64]) -> None:
    """Quantiles against those of a uniform distribution."""
    axes.plot([0, 1], [0, 1], color=ORANGE, linewidth=1.5)
    uniform = (np.arange(len(pit)) + 0.5) / len(pit)
    axes.plot(uniform, np.sort(pit), color=BLUE, linewidth=2)
    axes.fill_between(uniform, uniform, np.sort(pit), color=BLUE, alpha=0.15, linewidth=0)
    axes.axhline(0.5, color=GREY, linewidth=0.5)
    axes.axvline(0.5, color=GREY, linewidth=0.5)


def _numbers(scores: RedshiftScores) -> str:
    """Number of galaxies, KS distance and coverage as text."""
    return "\n".join(
        [
            f"{scores.count:,} galaxies",
            f"KS distance = {scores.pit_ks.value:.3f}",
            f"68% interval covers {scores.coverage_68.value:.1%}",
            f"95% interval covers {scores.coverage_95.value:.1%}",
        ]
    )
