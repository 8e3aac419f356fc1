"""What did adapting a model to a field change, by spectra that were held out?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpix.evaluation import OUTLIER_LIMIT, RedshiftSample, RedshiftScores
from zpix.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    RED,
    corner_text,
    new_figure,
    no_data,
    polish,
    redshift_axis,
)

#: Spectra that a bin needs to be drawn.
_FEWEST = 10
_COLOURS = (GREY, BLUE, ORANGE, GREEN, RED)


def adaptation_figure(
    samples: Mapping[str, RedshiftSample],
    scores: Mapping[str, Mapping[str, RedshiftScores]],
    sound: NDArray[np.bool_],
    *,
    band: str = "F444W",
) -> Figure:
    """Draw redshifts before and after, the PIT of each method, and scores by magnitude.

    Parameters
    ----------
    samples : mapping of str to RedshiftSample
        N held-out sources by method: the model as it was first, that which is handed out last. Redshifts are drawn for
        these two, PIT and scores for all.
    scores : mapping of str to mapping of str to RedshiftScores
        By method and bin; bins of magnitude are called such as "F444W 25-26".
    sound : (N,) bool
        Labels that are not taken for wrong.
    band : str, default: "F444W"
        Band of the magnitudes.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(11.5, 7.4)
    grid = figure.subplots(2, 3)
    for axes, (name, sample) in zip(grid[0], list(samples.items())[:: max(1, len(samples) - 1)][:2], strict=False):
        _one_to_one(axes, sample, sound, title=name)
    colours = dict(zip(samples, _COLOURS, strict=False))
    for name, sample in samples.items():
        _pit_steps(grid[0, 2], sample.pit[sound], colours.get(name, INK), name)
    grid[0, 2].axhline(1, color=INK, linewidth=0.9)
    grid[0, 2].legend(frameon=False, fontsize=8)
    polish(grid[0, 2], x="PIT", y="density", title="Are the widths right?")
    rows = (("sigma_nmad", r"scatter $\sigma_\mathrm{NMAD}$"), ("outlier_fraction", r"outlier fraction $\eta$"),
            ("coverage_68", "share in 68 % intervals"))  # fmt: skip
    for axes, (score, text) in zip(grid[1], rows, strict=True):
        for number, name in enumerate(samples):
            _by_magnitude(axes, scores[name], score, band, colours.get(name, INK), 0.06 * (number - len(samples) / 2))
        polish(axes, x=f"{band} magnitude (AB)", y=text)
        if not axes.containers:
            no_data(axes, f"fewer than {_FEWEST} in every bin")
    grid[1, 2].axhline(0.68, color=INK, linewidth=0.9)
    return figure


def _one_to_one(axes: Axes, sample: RedshiftSample, sound: NDArray[np.bool_], *, title: str) -> None:
    """Photometric against spectroscopic redshifts; labels that may be wrong are open."""
    z_max = float(np.clip(sample.z_true.max(initial=0) * 1.05, 3, 20))
    line = np.geomspace(1, 1 + z_max, 50)
    axes.plot(line, line, color=INK, linewidth=0.9, zorder=1)
    for factor in (1 - OUTLIER_LIMIT, 1 + OUTLIER_LIMIT):
        axes.plot(line, factor * line, color=RED, linewidth=1, linestyle=(0, (5, 3)), zorder=1)
    for own, face in ((sound, BLUE), (~sound, "none")):
        x, y = 1 + sample.z_true[own], 1 + sample.z_phot[own]
        axes.scatter(x, y, s=10, facecolors=face, edgecolors=BLUE, linewidths=0.6, alpha=0.6)
    redshift_axis(axes, "x", z_max)
    redshift_axis(axes, "y", z_max)
    polish(axes, x=r"$z_\mathrm{spec}$", y=r"$z_\mathrm{phot}$", title=title)
    error = sample.error[sound]
    if len(error):
        corner_text(axes, f"{len(error):,} sources\noutliers {np.mean(np.abs(error) > OUTLIER_LIMIT):.1%}")
    else:
        no_data(axes)


def _pit_steps(axes: Axes, pit: NDArray[np.float64], colour: str, name: str) -> None:
    """Distribution of PIT values."""
    bins = int(np.clip(len(pit) // 15, 4, 20))
    density, edges = np.histogram(pit, bins, (0, 1), density=bool(len(pit)))
    axes.stairs(density, edges, color=colour, linewidth=1.6, label=name)


def _by_magnitude(
    axes: Axes, scores: Mapping[str, RedshiftScores], score: str, band: str, colour: str, shift: float
) -> None:
    """A score in bins of magnitude, with its error."""
    bins = {
        name.removeprefix(f"{band} "): own
        for name, own in scores.items()
        if name.startswith(f"{band} ") and own.count >= _FEWEST
    }
    centres = [np.mean([float(edge) for edge in name.split("-")]) + shift for name in bins]
    values, errors = ([getattr(getattr(own, score), part) for own in bins.values()] for part in ("value", "error"))
    if not bins:
        return
    axes.errorbar(centres, values, yerr=errors, fmt="o-", color=colour, markersize=4, linewidth=1.2, capsize=2)
