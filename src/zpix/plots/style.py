"""Which style do all figures of zpix have?

Figures are made without pyplot, so that no global state changes and no screen is needed: each function returns a
`matplotlib.figure.Figure`, which its caller saves or shows.
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from zpix.outputs import whole_file

#: Colours that colour-blind readers can tell apart, and that can be told apart in print (Okabe & Ito 2008).
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#8A8F98"
INK = "#22262B"

#: Redshifts that are labelled on axes in ln(1 + z).
_Z_TICKS = (0, 0.5, 1, 2, 3, 4, 6, 8, 10, 12, 15, 20)


def new_figure(width_inch: float, height_inch: float) -> Figure:
    """Make an empty white figure, in which axes are placed by constrained layout.

    Parameters
    ----------
    width_inch, height_inch : float, inch
        Size.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    layout = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06)
    return Figure(figsize=(width_inch, height_inch), dpi=150, facecolor="white", layout=layout)


def polish(axes: Axes, *, x: str = "", y: str = "", title: str = "", grid: bool = True) -> None:
    """Set labels and the common style of axes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes.
    x, y : str, optional
        Labels.
    title : str, optional
        Title of the axes.
    grid : bool, default: True
        Whether grid lines are drawn.
    """
    axes.set_xlabel(x, color=INK)
    axes.set_ylabel(y, color=INK)
    if title:
        axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK)
    if grid:
        axes.grid(color="#E3E6EA", linewidth=0.7)
        axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9)
    for spine in axes.spines.values():
        spine.set_color("#B4BAC2")


def redshift_axis(axes: Axes, which: str, z_max: float) -> None:
    """Make an axis logarithmic in 1 + z with ticks at whole redshifts; values of 1 + z are plotted along it.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes.
    which : str
        "x" or "y".
    z_max : float
        Largest redshift; the axis begins at 0.
    """
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    (axes.set_xlim if which == "x" else axes.set_ylim)(0.97, 1.03 * (1 + z_max))
    axis.set_major_locator(FixedLocator([1 + z for z in _Z_TICKS if z <= z_max]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value - 1:g}"))


def corner_text(axes: Axes, text: str, *, x: float = 0.03, y: float = 0.97) -> None:
    """Write text on white in a corner of the axes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes.
    text : str
        The lines.
    x, y : float, optional
        Position in units of the axes.
    """
    axes.text(
        x,
        y,
        text,
        transform=axes.transAxes,
        ha="left" if x < 0.5 else "right",
        va="top" if y > 0.5 else "bottom",
        fontsize=9,
        linespacing=1.5,
        color=INK,
        bbox={"facecolor": "white", "edgecolor": "#D5D9DE", "alpha": 0.9, "boxstyle": "round,pad=0.5"},
    )


def no_data(axes: Axes, text: str = "no sources to show") -> None:
    """Write in the middle of the axes that there is nothing to draw.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes.
    text : str, optional
        What is written.
    """
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY, fontsize=11)


def save_figure(path: str | Path, figure: Figure) -> Path:
    """Save a figure; the file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        File to write; its suffix sets the format.
    figure : matplotlib.figure.Figure
        The figure.

    Returns
    -------
    Path
        The file.
    """
    with whole_file(path) as temporary:
        figure.savefig(temporary)
    return Path(path)
