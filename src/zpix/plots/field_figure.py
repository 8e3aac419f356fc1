"""Where are the detections of a field, and at which redshifts?"""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator
from numpy.typing import NDArray

from zpix.catalogue import Catalogue, magnitude_ab
from zpix.plots.style import new_figure, polish
from zpix.sources import box_centres

_Z_MAX = 15.0
#: Part of the colour map that is bright enough to read on black.
_TURBO = (0.13, 0.88)
#: Size of one character of a label, in points.
_CHARACTER_POINT = (4.2, 8.5)


def detections_figure(
    picture: NDArray[np.floating],
    catalogue: Catalogue,
    *,
    segmentation: NDArray[np.integer] | None = None,
    origin_xy: tuple[int, int] = (0, 0),
    pixel_scale_arcsec: float | None = None,
    max_labels: int = 80,
    title: str = "",
) -> Figure:
    """Draw detections over a picture, coloured by redshift and labelled from the brightest down; stars are white.

    Parameters
    ----------
    picture : (y, x, 3) float
        From `colour_composite`.
    catalogue : Catalogue
        The detections.
    segmentation : (y, x) int, optional
        Segmentation map of the same pixels with the catalogue's ids: outlines are drawn instead of boxes.
    origin_xy : (int, int), default: (0, 0)
        Pixel coordinates, in the catalogue's mosaic, of the picture's first pixel.
    pixel_scale_arcsec : float, arcsec, optional
        Side of a pixel; with it, a scale bar is drawn.
    max_labels : int, default: 80
        Largest number of labels; those that would cover another are left out.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    height, width = picture.shape[:2]
    figure, axes = sky_axes(picture, origin_xy)
    centre = np.stack([catalogue["x"], catalogue["y"]], axis=1) - origin_xy
    inside = (centre >= -0.5) & (centre < (width - 0.5, height - 0.5))
    shown = catalogue[np.logical_and.reduce(inside, axis=1)]
    colours = _colours(shown)
    if segmentation is None:
        lines, owner = list(box_lines(shown.box)), np.arange(len(shown))
    else:
        lines, owner = _outlines(segmentation, shown["id"], origin_xy)
    axes.add_collection(LineCollection(lines, colors=colours[owner], linewidths=1.1), autolim=False)
    _label(axes, shown, colours, max_labels=max_labels)
    _redshift_bar(figure, axes)
    if pixel_scale_arcsec is not None:
        _scale_bar(axes, width, height, origin_xy, pixel_scale_arcsec)
    stars = int((shown["class"] == "star").sum())
    polish(axes, x="x (pixels)", y="y (pixels)", grid=False)
    text = f"{len(shown)} sources" + (f", {stars} of them stars (white)" if stars else "")
    axes.set_title(f"{title}: {text}" if title else text, loc="left", fontsize=11, fontweight="bold")
    return figure


def segmentation_figure(
    segmentation: NDArray[np.integer], *, picture: NDArray[np.floating] | None = None, title: str = ""
) -> Figure:
    """Draw a segmentation map, each source in its own colour, beside a colour picture.

    Parameters
    ----------
    segmentation : (y, x) int
        Source id of each pixel, 0 for sky.
    picture : (y, x, 3) float, optional
        From `colour_composite`, of the same pixels.
    title : str, optional
        Title; the number of segments by default.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    height, width = segmentation.shape
    panels = [_paint(segmentation)] if picture is None else [picture, _paint(segmentation)]
    size = _size(width * len(panels), height)
    figure = new_figure(size[0], size[1])
    for axes, panel in zip(np.ravel(figure.subplots(1, len(panels), sharey=True)), panels, strict=True):
        axes.imshow(panel, origin="lower", interpolation="nearest")
        polish(axes, x="x (pixels)", grid=False)
    figure.axes[0].set_ylabel("y (pixels)")
    count = len(np.unique(segmentation[segmentation > 0]))
    polish(figure.axes[0], x="x (pixels)", y="y (pixels)", title=title or f"{count} segments", grid=False)
    return figure


def sky_axes(picture: NDArray[np.floating], origin_xy: tuple[int, int]) -> tuple[Figure, Axes]:
    """A figure with a picture (y, x, 3), its axes in the pixels of the mosaic that it was cut from."""
    height, width = picture.shape[:2]
    size = _size(width, height)
    figure = new_figure(size[0] + 1.0, size[1])
    axes = figure.subplots()
    x0, y0 = origin_xy
    extent = (x0 - 0.5, x0 + width - 0.5, y0 - 0.5, y0 + height - 0.5)
    axes.imshow(picture, origin="lower", extent=extent, interpolation="nearest")
    return figure, axes


def _size(width: int, height: int) -> tuple[float, float]:
    """Size in inches of a figure that holds an image of this shape."""
    scale = 9.5 / max(width, height)
    return max(width * scale, 4.5), max(height * scale, 4.5) + 0.4


def _norm() -> FuncNorm:
    """Colours uniform in ln(1 + z)."""
    return FuncNorm((np.log1p, np.expm1), vmin=0, vmax=_Z_MAX, clip=True)


def _colours(catalogue: Catalogue) -> NDArray[np.float64]:
    """One colour per source, (N, 4): by z_phot, white for stars."""
    place = np.asarray(_norm()(catalogue["z_phot"]), dtype=np.float64)
    colours = matplotlib.colormaps["turbo"](_TURBO[0] + (_TURBO[1] - _TURBO[0]) * place)
    colours = np.reshape(colours, (-1, 4)).copy()
    colours[~catalogue.has_redshift] = 1.0
    return colours


def _redshift_bar(figure: Figure, axes: Axes) -> None:
    """The colour bar of redshifts."""
    turbo = matplotlib.colormaps["turbo"](np.linspace(*_TURBO, 256))
    colours = matplotlib.colors.ListedColormap(turbo)
    bar = figure.colorbar(ScalarMappable(_norm(), colours), ax=axes, shrink=0.6, pad=0.015, aspect=32)
    bar.set_label(r"$z_\mathrm{phot}$")
    bar.ax.yaxis.set_major_locator(FixedLocator([0, 0.5, 1, 2, 3, 4, 6, 8, 10, 12, 15]))
    bar.ax.yaxis.set_major_formatter("{x:g}")
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)


def box_lines(box: NDArray[np.floating]) -> NDArray[np.float64]:
    """Closed outlines of boxes in pixel coordinates, (N, 5, 2): pixel p reaches from p − 0.5 to p + 0.5."""
    x0, y0, x1, y1 = (box.astype(np.float64) - 0.5).T
    return np.stack([np.stack([x0, x1, x1, x0, x0], 1), np.stack([y0, y0, y1, y1, y0], 1)], axis=2)


def _outlines(
    segmentation: NDArray[np.integer], ids: NDArray[np.integer], origin_xy: tuple[int, int]
) -> tuple[list[NDArray[np.float64]], NDArray[np.intp]]:
    """Outline of each segment, pixel edges (L, 2) in pixel coordinates with NaN between them; the row of each, (N,)."""
    row_of_id = np.full(int(max(segmentation.max(initial=0), ids.max(initial=0))) + 1, -1)
    row_of_id[ids] = np.arange(len(ids))
    row_of_id[0] = -1
    owner = np.pad(row_of_id[segmentation], 1, constant_values=-1)
    edges, owners = [], []
    for axis in (0, 1):
        first, second = (owner[:-1], owner[1:]) if axis == 0 else (owner[:, :-1], owner[:, 1:])
        y, x = np.nonzero(first != second)
        start = np.stack([x - 1.5, y - 0.5], 1) if axis == 0 else np.stack([x - 0.5, y - 1.5], 1)
        step = (1, 0) if axis == 0 else (0, 1)
        gap = np.full(start.shape, np.nan)
        edges.append(np.stack([start + origin_xy, start + step + origin_xy, gap], axis=1))
        owners.append(np.maximum(first[y, x], second[y, x]))
    order = np.argsort(np.concatenate(owners), kind="stable")
    rows, counts = np.unique(np.concatenate(owners), return_counts=True)
    return [
        part.reshape(-1, 2) for part in np.split(np.concatenate(edges)[order], np.cumsum(counts)[:-1]) if len(part)
    ], rows


def _label(axes: Axes, catalogue: Catalogue, colours: NDArray[np.float64], *, max_labels: int) -> None:
    """Labels with z_phot above the boxes, from the brightest source down, where there is room."""
    per_point = _pixels_per_point(axes)
    box, centre = catalogue.box, box_centres(catalogue.box)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    taken = np.zeros((0, 4))
    has_redshift = catalogue.has_redshift
    for row in _brightest_first(catalogue):
        if len(taken) >= max_labels:
            return
        if not has_redshift[row]:
            continue
        text = f"{catalogue['z_phot'][row]:.2f}"
        size = np.array([len(text) * _CHARACTER_POINT[0], _CHARACTER_POINT[1]]) * per_point
        x, y = centre[row, 0] - 0.5 * size[0], box[row, 3] - 0.5 + 0.25 * size[1]
        if y + size[1] > top:
            y = box[row, 1] - 0.5 - 1.25 * size[1]
        place = np.array([x, y, x + size[0], y + size[1]])
        hidden = ((place[:2] < taken[:, 2:]) & (taken[:, :2] < place[2:])).all(1).any()
        if hidden or x < left or y < bottom or place[2] > right or place[3] > top:
            continue
        taken = np.vstack([taken, place])
        axes.text(
            x + 0.5 * size[0],
            y,
            text,
            color=colours[row],
            fontsize=7,
            fontweight="bold",
            ha="center",
            va="bottom",
            in_layout=False,  # inside the axes, whose place would be sought around each of them
            path_effects=[withStroke(linewidth=2, foreground="black")],
        )


def _brightest_first(catalogue: Catalogue) -> list[int]:
    """Rows by flux in the reddest band, those without it last."""
    if not catalogue.bands:
        return list(range(len(catalogue)))
    magnitude = magnitude_ab(catalogue[f"flux_{catalogue.bands[-1].lower()}"])
    order: list[int] = np.argsort(np.nan_to_num(magnitude, nan=np.inf), kind="stable").tolist()
    return order


def _pixels_per_point(axes: Axes) -> float:
    """Image pixels in one typographic point; the image fills about nine tenths of the figure."""
    (left, right), figure = axes.get_xlim(), axes.get_figure()
    assert isinstance(figure, Figure)
    return (right - left) / (0.86 * figure.get_figwidth() * 72)


def _scale_bar(axes: Axes, width: int, height: int, origin_xy: tuple[int, int], pixel_scale_arcsec: float) -> None:
    """A bar of about a sixth of the picture with its length in arcsec."""
    wanted = width * pixel_scale_arcsec / 6
    length = max((n for n in (0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300) if n <= wanted), default=0.1)
    x, y = origin_xy[0] + 0.04 * width, origin_xy[1] + 0.035 * height
    bar = axes.plot([x, x + length / pixel_scale_arcsec], [y, y], color="white", linewidth=2.2)[0]
    bar.set_path_effects([withStroke(linewidth=4, foreground="black")])
    axes.text(
        x + 0.5 * length / pixel_scale_arcsec,
        y + 0.01 * height,
        f"{length:g}″",
        color="white",
        ha="center",
        va="bottom",
        fontsize=10,
        path_effects=[withStroke(linewidth=2.5, foreground="black")],
    )


def _paint(segmentation: NDArray[np.integer]) -> NDArray[np.float64]:
    """Colour of each pixel by id, (y, x, 3): hues of neighbouring ids far apart, sky almost black."""
    hue = (segmentation * 0.61803398875) % 1.0  # multiples of the golden ratio spread evenly
    shade = 0.72 + 0.28 * ((segmentation * 0.3819660113) % 1.0)
    colours = matplotlib.colors.hsv_to_rgb(np.stack([hue, np.full(hue.shape, 0.55), shade], axis=-1))
    colours[segmentation == 0] = 0.07
    return colours
