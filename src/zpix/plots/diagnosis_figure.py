"""Where in colour and magnitude are sources and redshifts?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from numpy.typing import NDArray

from zpix.evaluation import Diagnosis, Information
from zpix.plots.style import BLUE, GREY, INK, ORANGE, RED, new_figure, no_data, polish

Floats = NDArray[np.float64]

_QUANTITIES_SHOWN = 14
_LEAST_PERCENT, _MOST_SCATTER = 1, 0.5  # ends of colour bars; values beyond have the colour of the end


def diagnosis_figure(diagnosis: Diagnosis) -> Figure:
    """Draw the map of colours and magnitude, and the sources to observe next.

    Six panels: number of sources in the map's cells, fraction of them with a redshift, mean redshift and scatter;
    colour against magnitude; information of each quantity on the redshift.

    Parameters
    ----------
    diagnosis : Diagnosis
        What `map_redshifts` found.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = new_figure(13.2, 8.2)
    grid = figure.subplots(2, 3)
    count, labelled = diagnosis.count, diagnosis.labelled
    occupied = np.where(count > 0, count, np.nan)
    fraction = np.where(labelled > 0, labelled / np.maximum(count, 1), np.nan)
    most = max(float(count.max(initial=1)), 2)
    _cells(grid[0, 0], occupied, LogNorm(1, most), cmap="viridis", title="Sources", label="sources in a cell")
    if labelled.any():
        percent = LogNorm(_LEAST_PERCENT, 100)
        _cells(grid[0, 1], 100 * fraction, percent, cmap="Blues", title="Have a redshift", label="per cent of sources")
        z_range = Normalize(0, max(float(np.nanmax(diagnosis.z_mean)), 1e-3))
        _cells(grid[0, 2], diagnosis.z_mean, z_range, cmap="plasma", title="Mean redshift", label="mean z")
    else:
        for axes in grid[0, 1:]:
            no_data(axes, "no redshifts")
    for axes in grid[0, 1:]:
        _mark_empty(axes, count, labelled)
    title = "Scatter of redshifts in a cell"
    if np.isfinite(diagnosis.z_scatter).any():
        _cells(
            grid[1, 0], diagnosis.z_scatter, Normalize(0, _MOST_SCATTER), cmap="cividis", title=title,
            label=r"$\sigma(z)\,/\,(1+\bar z)$",
        )  # fmt: skip
        _mark_empty(grid[1, 0], count, labelled)
    else:
        polish(grid[1, 0], title=title, grid=False)
        no_data(grid[1, 0], "no cell has two redshifts")
    _colour_magnitude(grid[1, 1], diagnosis)
    _bars(grid[1, 2], diagnosis.information)
    return figure


def _cells(axes: Axes, values: Floats, norm: Normalize, *, cmap: str, title: str, label: str) -> None:
    """Values of cells (side, side); cells without a value are white."""
    image = axes.imshow(values, origin="lower", norm=norm, cmap=cmap, interpolation="nearest")
    polish(axes, title=title, grid=False)
    axes.set_xticks([])
    axes.set_yticks([])
    assert axes.figure is not None
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.85, label=label)
    bar.formatter = FuncFormatter(lambda value, _: f"{value:g}")
    bar.minorformatter = NullFormatter()


def _mark_empty(axes: Axes, count: NDArray[np.int64], labelled: NDArray[np.int64]) -> None:
    """A red point on each cell with sources and no redshift, larger for more sources."""
    row, column = np.nonzero((count > 0) & (labelled == 0))
    size = 30 * np.sqrt(count[row, column] / max(int(count.max(initial=1)), 1))
    axes.scatter(column, row, s=size, color=RED, linewidths=0)
    if len(row):
        axes.set_xlabel("red: sources without a redshift", fontsize=9, color=RED)


def _colour_magnitude(axes: Axes, diagnosis: Diagnosis) -> None:
    """Colour against magnitude of all sources, those with a redshift, and those to observe next."""
    sources, magnitude = diagnosis.sources, diagnosis.magnitude
    other = _other_band(sources.bands, diagnosis.band)
    with np.errstate(invalid="ignore", divide="ignore"):
        flux = sources.flux_njy[:, [sources.bands.index(other), sources.bands.index(diagnosis.band)]]
        colour = -2.5 * np.log10(flux[:, 0] / flux[:, 1])
    seen = np.isfinite(colour) & np.isfinite(magnitude)
    known, chosen = np.flatnonzero(seen & sources.labelled), diagnosis.next[seen[diagnosis.next]]
    axes.scatter(magnitude[seen], colour[seen], s=4, color=GREY, alpha=0.4, linewidths=0, rasterized=True)
    axes.scatter(magnitude[known], colour[known], s=9, color=BLUE, linewidths=0, label="with a redshift")
    axes.scatter(
        magnitude[chosen], colour[chosen], s=14, facecolors="none", edgecolors=ORANGE, linewidths=0.9,
        label="observe next",
    )  # fmt: skip
    if seen.any():
        room = np.array([-0.5, 0.5])
        axes.set_xlim(*(np.quantile(magnitude[seen], [0, 0.999]) + room))
        axes.set_ylim(*(np.quantile(colour[seen], [0.005, 0.995]) + room))
    polish(axes, x=f"{diagnosis.band} (AB)", y=f"{other} − {diagnosis.band}", title="Colour and magnitude")
    axes.legend(fontsize=8, frameon=False, loc="upper left")


def _other_band(bands: tuple[str, ...], band: str) -> str:
    """The middle one of the other bands, for a colour with `band`."""
    others = [name for name in bands if name != band]
    return others[len(others) // 2]


def _bars(axes: Axes, information: tuple[Information, ...]) -> None:
    """Information of each quantity, and the largest by chance."""
    shown = information[:_QUANTITIES_SHOWN][::-1]
    polish(axes, x="nats", title="Information on the redshift")
    if not shown:
        no_data(axes, "fewer than 30 redshifts")
        return
    place = np.arange(len(shown))
    axes.barh(place, [one.nats for one in shown], color=BLUE, height=0.7)
    axes.plot([one.by_chance for one in shown], place, "|", color=INK, markersize=11, label="by chance")
    axes.set_yticks(place, [one.quantity for one in shown], fontsize=8)
    axes.legend(fontsize=8, frameon=False, loc="lower right")
