"""Do the photometric redshifts agree with the true ones?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpix.evaluation import OUTLIER_LIMIT, RedshiftScores
from zpix.plots.style import BLUE, GREY, INK, RED, corner_text, new_figure, no_data, polish, redshift_axis

#: Galaxies that a bin needs to be drawn.
_FEWEST = 5


def redshift_figure(
    z_true: NDArray[np.float64],
    z_phot: NDArray[np.float64],
    *,
    scores: RedshiftScores | None = None,
    title: str = "",
) -> Figure:
    """Draw photometric against true redshifts, coloured by density, and the errors Δz / (1 + z) below.

    Parameters
    ----------
    z_true : (N,) float64
        True redshifts.
    z_phot : (N,) float64
        Photometric redshifts.
    scores : RedshiftScores, optional
        Scores of the same sources, written in a corner.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(6.4, 7.8)
    main, below = figure.subplots(2, 1, height_ratios=[3.4, 1], sharex=True)
    z_max = float(np.clip(max(z_true.max(initial=0), z_phot.max(initial=0)) * 1.03, 3, 20))
    line = np.geomspace(1, 1 + z_max, 50)
    main.plot(line, line, color=INK, linewidth=0.9, zorder=1)
    for factor in (1 - OUTLIER_LIMIT, 1 + OUTLIER_LIMIT):
        main.plot(line, factor * line, color=RED, linewidth=1, linestyle=(0, (5, 3)), zorder=1)
    below.axhline(0, color=INK, linewidth=0.9, zorder=1)
    for height in (-OUTLIER_LIMIT, OUTLIER_LIMIT):
        below.axhline(height, color=RED, linewidth=1, linestyle=(0, (5, 3)), zorder=1)
    if len(z_true):
        _density_points(main, 1 + z_true, 1 + z_phot)
        limit = 0.5
        error = np.clip((z_phot - z_true) / (1 + z_true), -limit, limit)  # larger errors are drawn at the limit
        _density_points(below, 1 + z_true, error, size=9)
        below.set_ylim(-1.08 * limit, 1.08 * limit)
    else:
        no_data(main)
    redshift_axis(main, "x", z_max)
    redshift_axis(main, "y", z_max)
    polish(main, y=r"$z_\mathrm{phot}$", title=title)
    polish(below, x=r"$z_\mathrm{true}$", y=r"$\Delta z\,/\,(1+z_\mathrm{true})$")
    if scores is not None and scores.count:
        corner_text(main, _numbers(scores))
    return figure


def accuracy_figure(
    by_magnitude: Mapping[str, RedshiftScores],
    by_redshift: Mapping[str, RedshiftScores],
    *,
    band: str = "F444W",
) -> Figure:
    """Draw scatter and outlier fraction in bins of true magnitude and of true redshift.

    Parameters
    ----------
    by_magnitude, by_redshift : mapping of str to RedshiftScores
        Scores by bin, such as "26-27", as in a `Report`; bins with fewer than five galaxies are not drawn.
    band : str, default: "F444W"
        Band of the magnitudes.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(9.2, 6.0)
    grid = figure.subplots(2, 2, sharey="row", sharex="col")
    columns = ((by_magnitude, f"true {band} magnitude (AB)"), (by_redshift, "true redshift"))
    rows = (
        ("sigma_nmad", r"scatter $\sigma_\mathrm{NMAD}$"),
        ("outlier_fraction", r"outlier fraction $\eta$"),
    )
    for column, (bins, label) in enumerate(columns):
        for row, (name, text) in enumerate(rows):
            axes = grid[row, column]
            _bin_steps(axes, bins, name, colour=BLUE if row == 0 else RED)
            polish(axes, x=label if row else "", y="" if column else text)
    for axes in grid[:, 0]:  # the right column shares these limits
        top = axes.get_ylim()[1]
        axes.set_ylim(-0.05 * top, 1.08 * top)
    return figure


def _bin_steps(axes: Axes, bins: Mapping[str, RedshiftScores], name: str, *, colour: str) -> None:
    """One point with its error for each bin, a bar as wide as the bin, and the number of sources above it."""
    bins = {key: scores for key, scores in bins.items() if scores.count >= _FEWEST}
    if not bins:
        no_data(axes)
        return
    edges = np.array([[float(edge) for edge in key.split("-")] for key in bins])
    values = np.array([getattr(scores, name).value for scores in bins.values()])
    errors = np.array([getattr(scores, name).error for scores in bins.values()])
    centres = edges.mean(1)
    axes.errorbar(
        centres,
        values,
        yerr=errors,
        xerr=np.diff(edges)[:, 0] / 2,
        fmt="o",
        color=colour,
        markersize=5,
        capsize=2,
    )
    for centre, value, error, scores in zip(centres, values, errors, bins.values(), strict=True):
        axes.annotate(
            str(scores.count),
            (centre, value + error),
            xytext=(0, 4.5),
            textcoords="offset points",
            ha="center",
            fontsize=7.5,
            color=GREY,
        )


def _density_points(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], *, size: float = 12) -> None:
    """Points coloured by the number of others near, the densest drawn last."""
    u = np.log(x)
    v = np.log(y) if y.min() > 0 else y
    bins = int(np.clip(np.sqrt(len(x)) * 1.5, 10, 120))
    counts, u_edges, v_edges = np.histogram2d(u, v, bins)
    column = np.clip(np.digitize(u, u_edges) - 1, 0, bins - 1)
    row = np.clip(np.digitize(v, v_edges) - 1, 0, bins - 1)
    density = np.log1p(counts[column, row])
    order = np.argsort(density, kind="stable")
    axes.scatter(
        x[order],
        y[order],
        c=density[order],
        s=size if len(x) < 3000 else size / 3,
        cmap="viridis",
        linewidths=0,
        alpha=0.85,
        zorder=2,
        rasterized=True,
    )


def _numbers(scores: RedshiftScores) -> str:
    """Number of galaxies, scatter, outliers and bias as text."""
    return "\n".join(
        [
            f"{scores.count:,} galaxies",
            rf"$\sigma_\mathrm{{NMAD}}$ = {scores.sigma_nmad.value:.3f} ± {scores.sigma_nmad.error:.3f}",
            rf"outliers $\eta$ = {scores.outlier_fraction.value:.1%} ± {scores.outlier_fraction.error:.1%}",
            f"bias = {scores.bias.value:+.4f} ± {scores.bias.error:.4f}",
        ]
    )
