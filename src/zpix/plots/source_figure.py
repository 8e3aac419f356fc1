"""What does one source look like: its stamps, its redshift PDF and its fluxes?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import NDArray

from zpix.catalogue import Catalogue, flag_names, flux_column, flux_error_column, total_column, total_error_column
from zpix.image import PIVOT_UM
from zpix.outputs import refuse_existing, whole_file
from zpix.plots.composite import colour_composite, grey_picture
from zpix.plots.style import BLUE, GREY, INK, RED, polish

_ROW_INCH, _WIDTH_INCH, _MARGIN_INCH = 1.62, 11.7, 0.25
_PANEL_PIX, _GAP_PIX = 48, 2
_TITLE_INCH = 0.3
# Flux, in units of the noise, that is white on stamps: that of the source's brightest pixels, within these.
_FAINT_WHITE, _BRIGHT_WHITE = 12.0, 400.0
_COLOUR_WHITE = 5  # and so many times that in colour, where noise would cover the source
# The redshift axis reaches as far as the PDF has this fraction of its highest density.
_LOW_DENSITY = 0.01
_MICRONS = (0.5, 0.7, 1, 1.5, 2, 3, 4, 5)
_SHADE = {"facecolor": "black", "alpha": 0.45, "linewidth": 0, "pad": 0.8}  # behind words on stamps
_LIGHT, _LIGHTER = "#9cc4e6", "#d4e5f4"


@dataclass(frozen=True, eq=False)
class SourceStamps:
    """Pixels around one source.

    Attributes
    ----------
    flux : (band, side, side) float32, nJy
        Fluxes; 0 where not valid.
    valid : (band, side, side) bool
        Whether pixels have data.
    mask : (side, side) bool
        Pixels of the source.
    bands : tuple of str
        Names of the bands.
    band_noise_njy : (band,) float
        Noise of the sky in each band.
    noise_njy : float
        Noise of the mean of the colours.
    pixel_scale_arcsec : float
        Side of a pixel.
    """

    flux: NDArray[np.float32]
    valid: NDArray[np.bool_]
    mask: NDArray[np.bool_]
    bands: tuple[str, ...]
    band_noise_njy: NDArray[np.float64]
    noise_njy: float
    pixel_scale_arcsec: float


def sources_figure(
    catalogue: Catalogue,
    stamps: Sequence[SourceStamps],
    *,
    band: str,
    z_known: NDArray[np.float64] | None = None,
    title: str = "",
    rows: int = 0,
) -> Figure:
    """Draw a row for each source: stamps in colour and in every band, redshift PDF, fluxes.

    Parameters
    ----------
    catalogue : Catalogue of length N
        The sources.
    stamps : sequence of SourceStamps
        Their pixels.
    band : str
        Band of the magnitudes.
    z_known : (N,) float64, optional
        Known redshifts; NaN where there is none.
    title : str, optional
        A line above the sources.
    rows : int, default: 0
        Number of sources for which there is room, if that is more than there are.

    Returns
    -------
    matplotlib.figure.Figure
        As high as there are sources.
    """
    above = _MARGIN_INCH + (_TITLE_INCH if title else 0)
    height = max(len(catalogue), rows, 1) * _ROW_INCH + above + _MARGIN_INCH
    figure = Figure(figsize=(_WIDTH_INCH, height), dpi=150, facecolor="white")
    if title:
        x, y = 0.3 / _WIDTH_INCH, 1 - 0.28 / height
        figure.text(x, y, title, fontsize=10, fontweight="bold", color=INK, va="center", parse_math=False)
    known = np.full(len(catalogue), np.nan) if z_known is None else z_known
    for row, own in enumerate(stamps):
        top = height - above - row * _ROW_INCH

        def place(left: float, wide: float, *, low: float, top: float = top) -> Axes:
            """Axes that begin so many inches from the left and below the top of the row."""
            high = _ROW_INCH - 0.28 - low
            bottom = top - _ROW_INCH + low
            return figure.add_axes((left / _WIDTH_INCH, bottom / height, wide / _WIDTH_INCH, high / height))

        source = catalogue[row]
        figure.text(
            0.3 / _WIDTH_INCH, (top - 0.13) / height, heading(source, band), fontsize=8.5, color=INK, va="center"
        )
        _draw_stamps(place(0.3, 4.6, low=0.02), own)
        draw_pdf(place(5.1, 2.95, low=0.34), source, z_known=float(known[row]))
        draw_fluxes(place(8.7, 2.7, low=0.34), source)
    return figure


def save_sheet(path: Path, pages: Sequence[Figure], *, overwrite: bool = False) -> list[Path]:
    """Save figures as the pages of one PDF, or as pictures that are numbered if there are several.

    Parameters
    ----------
    path : Path
        File whose name ends in `.pdf` or `.png`.
    pages : sequence of matplotlib.figure.Figure
        At least one.
    overwrite : bool, default: False
        Whether older files are replaced.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    OutputError
        If one of them exists and `overwrite` is not set.
    """
    if path.suffix == ".pdf":
        from matplotlib.backends.backend_pdf import PdfPages  # loads fontTools, which takes a second

        refuse_existing(path, overwrite=overwrite)
        with whole_file(path) as temporary, PdfPages(temporary) as document:
            for page in pages:
                document.savefig(page)  # type: ignore[no-untyped-call]
        return [path]
    paths = [path, *(path.with_stem(f"{path.stem}-{number}") for number in range(2, len(pages) + 1))]
    for file in paths:
        refuse_existing(file, overwrite=overwrite)
    with ExitStack() as all_or_none:
        for file, page in zip(paths, pages, strict=True):
            page.savefig(all_or_none.enter_context(whole_file(file)))
    return paths


def heading(source: Catalogue, band: str) -> str:
    """Say in a line what a source is.

    Parameters
    ----------
    source : Catalogue of length 1
        The source.
    band : str
        Band of the magnitude.

    Returns
    -------
    str
        Id, class, position, redshift with its 68 % interval, magnitude and flags.
    """
    one = {name: source[name][0] for name in ("id", "class", "ra", "dec", "z_phot", "z160", "z840", "flags")}
    magnitude = source.magnitude(band)[0]
    words = [
        f"{one['id']}  {one['class']}", f"{one['ra']:.6f} {one['dec']:+.6f}",
        "z = {z_phot:.2f} ({z160:.2f} to {z840:.2f})".format(**one) if source.has_redshift[0] else "no redshift",
        f"{band} {magnitude:.2f}" if np.isfinite(magnitude) else f"{band} not detected",
        " ".join(flag_names(int(one["flags"]))).lower().replace("_", " "),
    ]  # fmt: skip
    return "    ".join(word for word in words if word)


def _draw_stamps(axes: Axes, own: SourceStamps) -> None:
    """The colour picture, and beside it the bands in two rows."""
    step = _PANEL_PIX + _GAP_PIX
    columns = -(-len(own.bands) // 2)
    canvas = np.ones((2 * step, 2 * step + columns * step, 3), np.float32)
    white = _white(own)
    colour = colour_composite(
        own.flux,
        own.bands,
        valid=own.valid,
        noise_njy=own.noise_njy,
        brightest=min(_COLOUR_WHITE * white, _BRIGHT_WHITE),
    )
    big = 2 * _PANEL_PIX + _GAP_PIX
    canvas[:big, :big] = _resized(colour[::-1], big)
    for number, name in enumerate(own.bands):
        row, column = divmod(number, columns)
        grey = grey_picture(own.flux[number], own.band_noise_njy[number], valid=own.valid[number], brightest=white)
        y, x = row * step, 2 * step + column * step
        canvas[y : y + _PANEL_PIX, x : x + _PANEL_PIX] = _resized(grey[::-1, :, None], _PANEL_PIX)
        axes.text(x + 2, y + 2, name, color="white", fontsize=5.5, va="top", bbox=_SHADE)
    axes.imshow(canvas, interpolation="nearest")
    if own.mask.any() and not own.mask.all():
        axes.contour(
            _resized(own.mask[::-1, :, None].astype(float), big)[..., 0], [0.5], colors="white", linewidths=0.6
        )
    side = own.mask.shape[0] * own.pixel_scale_arcsec
    axes.text(3, big - 3, f"{side:.1f}″", color="white", fontsize=6.5, va="bottom", bbox=_SHADE)
    axes.set_axis_off()
    axes.set_anchor("W")


def _white(own: SourceStamps) -> float:
    """Flux in units of the noise that is white in every band, so that stamps of faint sources show something."""
    seen = own.mask & own.valid
    level = (own.flux / own.band_noise_njy[:, None, None])[seen]
    return float(np.clip(np.quantile(level, 0.99) if level.size else 0, _FAINT_WHITE, _BRIGHT_WHITE))


def _resized(picture: NDArray[np.floating], side: int) -> NDArray[np.floating]:
    """A square picture (y, x, channel) with another number of pixels, each that of the nearest."""
    index = ((np.arange(side) + 0.5) * picture.shape[0] / side).astype(int)
    return np.asarray(picture[index][:, index])


def draw_pdf(axes: Axes, source: Catalogue, *, z_known: float = np.nan) -> None:
    """Draw the redshift PDF of a source with its intervals, its point estimate and, if it has one, its known redshift.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    source : Catalogue of length 1
        The source.
    z_known : float, optional
        Known redshift.
    """
    z_phot, low, high, lower, upper = (float(source[n][0]) for n in ("z_phot", "z160", "z840", "z025", "z975"))
    marks = [value for value in (z_phot, lower, upper, z_known) if np.isfinite(value)]
    coarse = np.linspace(0, max(20.0, *marks), 2001)
    dense = source.redshift.pdf(coarse)[0]
    marks += coarse[dense > _LOW_DENSITY * dense.max()][[0, -1]].tolist() if dense.max() > 0 else []
    room = 0.15 * max(max(marks) - min(marks), 0.1 * (1 + z_phot))
    z = np.linspace(max(min(marks) - room, 0), max(marks) + room, 500)
    density, has = source.redshift.pdf(z)[0], bool(source.has_redshift[0])
    for inside, colour in (((z >= lower) & (z <= upper), _LIGHTER), ((z >= low) & (z <= high), _LIGHT)):
        if has:
            axes.fill_between(z, density, where=inside.tolist(), color=colour, linewidth=0)
    axes.plot(z, density, color=BLUE if has else GREY, linewidth=1.2)
    if has:
        axes.axvline(z_phot, color=INK, linewidth=1)
    if np.isfinite(z_known):
        axes.axvline(z_known, color=RED, linewidth=1.2, linestyle=(0, (3, 2)))
    axes.set_xlim(z[0], z[-1])
    axes.set_ylim(0, 1.08 * max(float(density.max()), 1e-12))
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(6))
    polish(axes, grid=False)
    axes.tick_params(labelsize=7)
    known = f"; known {z_known:.3f} (dashed)" if np.isfinite(z_known) else ""
    meaningless = "" if has else f" (without a meaning: {source['class'][0]})"
    axes.set_xlabel(f"redshift{meaningless}{known}", fontsize=7, color=INK, labelpad=1)


def draw_fluxes(axes: Axes, source: Catalogue) -> None:
    """Draw the fluxes of a source against wavelength, in its Kron ellipse (filled) and in its mask (open).

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where to draw.
    source : Catalogue of length 1
        The source.
    """
    known = all(band in PIVOT_UM for band in source.bands)
    place = np.array([PIVOT_UM[band] if known else number for number, band in enumerate(source.bands)], float)
    kinds: tuple[tuple[Callable[[str], str], Callable[[str], str], dict[str, Any]], ...] = (
        (flux_column, flux_error_column, {"color": GREY, "markerfacecolor": "white"}),
        (total_column, total_error_column, {"color": BLUE}),
    )
    for flux, error, style in kinds:
        values, errors = (np.array([source[name(band)][0] for band in source.bands], float) for name in (flux, error))
        seen = np.isfinite(values)
        axes.errorbar(
            place[seen], values[seen], np.nan_to_num(errors[seen]), fmt="o", markersize=3.5, linewidth=1, **style
        )
    axes.axhline(0, color=GREY, linewidth=0.6)
    if known:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(FixedLocator(_MICRONS))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.set_xlim(0.9 * place.min(), 1.1 * place.max())
    polish(axes)
    axes.tick_params(labelsize=7)
    axes.set_xlabel("wavelength (µm)" if known else "band", fontsize=7, color=INK, labelpad=1)
    axes.set_ylabel("flux (nJy)", fontsize=7, color=INK, labelpad=2)
