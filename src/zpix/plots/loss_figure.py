"""How do the losses of a training fall?"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from zpix.errors import InputFileError
from zpix.outputs import whole_file
from zpix.plots.style import BLUE, GREEN, ORANGE, new_figure, no_data, polish

#: Columns to draw against; the first that exists is used.
_PROGRESS = ("epoch", "step")
#: Columns that are no losses: progress, split and time.
_LEFT_OUT = (*_PROGRESS, "split", "seconds")
#: Columns of the first and of the last panels.
_FIRST, _LAST = ("total", "loss"), ("rate", "learning_rate")
#: Number of rows beyond which single values are drawn pale, with their running mean.
_MANY = 200

Floats = NDArray[np.float64]


def draw_losses(losses: Path, *, title: str = "") -> None:
    """Draw the losses of a training beside their file; the picture appears whole, so that viewers can renew it.

    Parameters
    ----------
    losses : Path
        CSV file of a training; the PNG file has its name.
    title : str, optional
        Title of the picture.
    """
    with whole_file(losses.with_suffix(".png")) as temporary:
        loss_figure(losses, title=title).savefig(temporary, dpi=120)


def loss_figure(path: str | Path, *, title: str = "") -> Figure:
    """Draw the losses of a training from its CSV file, a panel for each part.

    Parameters
    ----------
    path : str or Path
        A header, then one row for each epoch (or step) and split. Every column of numbers becomes a panel, drawn
        against `epoch` or `step`, with a line for each value of the column `split`. Empty cells are skipped.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    InputFileError
        If the file is missing, or has no column to draw or to draw against.
    """
    columns, split = _read_log(Path(path))
    progress = next((name for name in _PROGRESS if name in columns), None)
    parts = [name for name in columns if name not in _LEFT_OUT]
    if progress is None or not parts:
        raise InputFileError(f"'{path}' is not a training log: it needs a column epoch or step, and one of losses")
    parts.sort(key=lambda name: (name in _LAST) - (name in _FIRST))
    n_columns = min(3, len(parts))
    n_rows = -(-len(parts) // n_columns)
    figure = new_figure(4.0 * n_columns, 2.7 * n_rows + 0.4)
    grid = np.ravel(figure.subplots(n_rows, n_columns, squeeze=False))
    for axes, name in zip(grid, parts, strict=False):
        for colour, own in zip((BLUE, ORANGE, GREEN), np.unique(split), strict=False):
            rows = (split == own) & np.isfinite(columns[name])
            _line(axes, columns[progress][rows], columns[name][rows], colour=colour, label=str(own))
        _scale(axes, columns[name])
        polish(axes, title=name.replace("_", " "))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))  # no half epochs
    for axes in grid[max(len(parts) - n_columns, 0) : len(parts)]:
        axes.set_xlabel(progress)
    for axes in grid[len(parts) :]:
        axes.set_visible(False)
    if split.any():
        grid[0].legend(frameon=False, fontsize=9)
    if title:
        figure.suptitle(title, fontsize=12, fontweight="bold", x=0.01, ha="left")
    return figure


def _read_log(path: Path) -> tuple[dict[str, Floats], NDArray[np.str_]]:
    """Columns of numbers, NaN in empty cells, and the split of each row, empty without such a column."""
    if not path.is_file():
        raise InputFileError(f"training log '{path}' does not exist")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {}
    for name in rows[0] if rows else {}:
        try:
            columns[name] = np.array([float(row[name] or "nan") for row in rows])
        except (TypeError, ValueError):
            continue  # a column of text
    return columns, np.array([row.get("split") or "" for row in rows], dtype=str)


def _line(axes: Axes, x: Floats, y: Floats, *, colour: str, label: str) -> None:
    """One line, with the running mean if there are many values."""
    if not len(x):
        return
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    if len(x) > _MANY:
        axes.plot(x, y, color=colour, alpha=0.25, linewidth=0.6)
        axes.plot(x, _running_mean(y, len(y) // 50), color=colour, linewidth=1.8, label=label)
    else:
        marker = "o" if len(x) < 30 else ""
        axes.plot(x, y, color=colour, linewidth=1.8, marker=marker, markersize=3, label=label)


def _running_mean(y: Floats, width: int) -> Floats:
    """Mean of the last `width` values, or of fewer at the start."""
    total = np.concatenate([[0.0], np.cumsum(y)])
    stop = np.arange(1, len(y) + 1)
    start = np.maximum(stop - width, 0)
    mean: Floats = (total[stop] - total[start]) / (stop - start)
    return mean


def _scale(axes: Axes, values: Floats) -> None:
    """Make the axis logarithmic if all values are positive and span more than a factor of ten."""
    known = values[np.isfinite(values)]
    if not len(known):
        no_data(axes, "no numbers yet")
    elif known.min() > 0 and known.max() > 10 * known.min():
        axes.set_yscale("log")
