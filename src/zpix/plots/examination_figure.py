"""What do the pixels of a mosaic say of its sky, noise, sharpness and registration? A picture, by band."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zpix.config import Errors
from zpix.image import BandExamination, Examination, Taught
from zpix.plots.style import BLUE, GREY, INK, ORANGE, new_figure, no_data, polish

_TAUGHT = "#D5D9DE"

Value = Callable[[BandExamination], float]


def examination_figure(examination: Examination, taught: Taught, *, errors: Errors = "image") -> Figure:
    """Draw what was measured of each band over the range that a model was taught.

    Parameters
    ----------
    examination : Examination
        What was measured.
    taught : Taught
        What the model was taught, drawn as bars.
    errors : {"image", "measured"}, default: "image"
        What the model takes for errors; sky and scatter of pixels are drawn in these, as the bars are.

    Returns
    -------
    matplotlib.figure.Figure
        Noise over error, level of the sky, width of the sharpest sources, depth, correlation of the noise, and offsets.
    """
    figure = new_figure(14.0, 7.6)
    (noise, sky, width), (depth, correlation, offset) = figure.subplots(2, 3)
    bands = examination.bands
    measured = errors == "measured"
    given = examination.in_measured_errors().bands if measured else bands
    in_which = "pixels, in measured errors" if measured else "pixels"
    _by_band(noise, given, lambda own: own.noise_over_error, label=in_which)
    if not measured:  # 1 by definition
        _ranges(noise, bands, taught, "sums_over_error")
    _ranges(noise, bands, taught, "noise_over_error")
    _by_band(noise, bands, lambda own: own.sums_over_error, colour=ORANGE, marker="s", label="sums in 0.15 arcsec")
    noise.axhline(1, color=GREY, linewidth=0.8, linestyle=":")
    if taught.is_known:
        noise.fill_between([], [], [], color=_TAUGHT, label="what the model was taught")
    if noise.get_legend_handles_labels()[0]:
        noise.legend(frameon=False, fontsize=9, loc="upper left")
    _ranges(sky, bands, taught, "sky")
    _by_band(sky, given, lambda own: own.sky, error=lambda own: own.sky_error)
    sky.axhline(0, color=GREY, linewidth=0.8, linestyle=":")
    _ranges(width, bands, taught, "fwhm_arcsec")
    _by_band(width, bands, lambda own: own.fwhm_arcsec)
    _ranges(depth, bands, taught, "depth_mag")
    _by_band(depth, bands, lambda own: own.depth_mag)
    for axes, title, y in (
        (noise, "Scatter of empty sky over its error", "scatter / error"),
        (sky, "Level of empty sky", "level / measured error" if measured else "level / error of a pixel"),
        (width, "Sharpest sources", "FWHM (arcsec)"),
        (depth, "Depth, 5σ in 0.15 arcsec", "mag AB"),
    ):
        _name_bands(axes, bands)
        polish(axes, y=y, title=title)
        if not axes.containers:  # of points
            no_data(axes, "not measurable")
    _correlations(correlation, bands)
    _offsets(offset, bands)
    return figure


def _by_band(
    axes: Axes,
    bands: Sequence[BandExamination],
    value: Value,
    *,
    error: Value | None = None,
    colour: str = BLUE,
    marker: str = "o",
    label: str = "",
) -> None:
    """A point for each band of which the value is known."""
    y = np.array([value(own) for own in bands], float)
    known = np.isfinite(y)
    if not known.any():
        return
    spread = None if error is None else np.nan_to_num([error(own) for own in bands])[known]
    axes.errorbar(
        np.flatnonzero(known), y[known], yerr=spread, fmt=marker, color=colour, markersize=6, capsize=2, label=label
    )


def _ranges(axes: Axes, bands: Sequence[BandExamination], taught: Taught, quantity: str) -> None:
    """A pale bar over the range of each band that the model was taught."""
    for place, own in enumerate(bands):
        if own.band in taught.bands:
            low, high = getattr(taught.band(own.band), quantity)
            axes.fill_between([place - 0.35, place + 0.35], low, high, color=_TAUGHT, linewidth=1.5, zorder=0)


def _name_bands(axes: Axes, bands: Sequence[BandExamination]) -> None:
    axes.set_xticks(range(len(bands)), [own.band for own in bands], rotation=45)
    axes.set_xlim(-0.6, len(bands) - 0.4)


def _correlations(axes: Axes, bands: Sequence[BandExamination]) -> None:
    """Correlation of the noise over distance, short bands blue and long ones red."""
    for place, own in enumerate(bands):
        colour = _colour(place, len(bands))
        axes.plot(range(len(own.correlation) + 1), (1.0, *own.correlation), color=colour, linewidth=1.4, label=own.band)
    axes.axhline(0, color=GREY, linewidth=0.8, linestyle=":")
    axes.legend(frameon=False, fontsize=8, ncols=2, loc="upper right")
    polish(axes, x="distance (pixels)", y="correlation coefficient", title="Correlation of the noise")


def _offsets(axes: Axes, bands: Sequence[BandExamination]) -> None:
    """Offset of each band from the others, with a circle of a tenth of a pixel."""
    known = [(place, own) for place, own in enumerate(bands) if np.isfinite(own.offset_pix)]
    angle = np.linspace(0, 2 * np.pi, 100)
    axes.plot(0.1 * np.cos(angle), 0.1 * np.sin(angle), color=GREY, linewidth=0.8, linestyle=":")
    for place, own in known:
        x, y = own.shift_pix
        error = own.shift_error_pix
        axes.errorbar([x], [y], xerr=error, yerr=error, fmt="o", color=_colour(place, len(bands)), markersize=4)
        axes.annotate(own.band, (x, y), xytext=(4, 4), textcoords="offset points", fontsize=8, color=INK)
    if not known:
        no_data(axes, "not measurable")
    reach = max([0.15, *(1.3 * (abs(v) + own.shift_error_pix) for _, own in known for v in own.shift_pix)])
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")
    polish(axes, x="x (pixels)", y="y (pixels)", title="Offset from the other bands")


def _colour(place: int, number: int) -> tuple[float, float, float]:
    """From blue to red in the order of the bands."""
    share = place / max(number - 1, 1)
    return (0.1 + 0.75 * share, 0.35 * (1 - abs(2 * share - 1)) + 0.2, 0.8 - 0.7 * share)
