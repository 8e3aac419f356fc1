"""How do the mock's colours depend on redshift, and are there mock sources of similar colours for each real one?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpix.plots.style import BLUE, GREY, INK, ORANGE, new_figure, polish, redshift_axis

from .detection import Photometry
from .goals import Goal, markdown, within
from .population import BANDS, Survey

#: Pairs of bands whose colours are drawn.
COLOURS = (("F150W", "F277W"), ("F277W", "F444W"), ("F356W", "F410M"))
LOCUS_MAG = 28.0
#: Fraction of each flux that is added to its error, for differences of calibration.
FLOOR = 0.05
#: Largest ratio of fluxes of a source and its neighbour; a fainter one would be close to any source by its noise.
_FAINTEST = 2.0
#: Number of mock sources of similar S/N that a real source is ranked among.
_PEERS = 200
GOAL_PERCENTILE = 99.0


@dataclass(frozen=True)
class Neighbours:
    """Distances in nine-band colour space of N real sources to the mock.

    Attributes
    ----------
    distance : (N,) float64
        √(χ² / band) to the nearest mock source.
    peers : (N,) float64
        Median distance of mock sources of similar S/N to their nearest mock neighbour.
    percentile : (N,) float64
        Percentage of those mock sources that are closer to their neighbour than the real source.
    nearest : (N,) int
        Row of the nearest mock source.
    """

    distance: NDArray[np.float64]
    peers: NDArray[np.float64]
    percentile: NDArray[np.float64]
    nearest: NDArray[np.int64]


def nearest(of: Photometry, among: Photometry, *, same: bool = False) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Find the nearest of M other sources for each of N.

    The other is scaled to the same total flux, with bands weighted by the source's errors; then d² is the mean over
    bands of (f − a g)² / (σ_f² + a² σ_g²), with 5 % of the fluxes in the errors. Sources fainter than half the flux are
    no neighbours.

    Parameters
    ----------
    of : Photometry
        The N sources.
    among : Photometry
        The M others.
    same : bool, default: False
        Whether both are one list, in which a source is not its own neighbour.

    Returns
    -------
    distance : (N,) float64
        Distance d.
    row : (N,) int64
        Row of the nearest.
    """
    distance, row = np.full(len(of), np.inf), np.zeros(len(of), np.int64)
    if not len(among):
        return distance, row
    for i, (flux, error) in enumerate(zip(of.flux, of.error, strict=True)):
        scale = _scale(flux, error, among.flux)[:, None]
        variance = error**2 + (scale * among.error) ** 2 + FLOOR**2 * (flux**2 + (scale * among.flux) ** 2)
        squared = ((flux - scale * among.flux) ** 2 / variance).mean(axis=1)
        squared[(scale[:, 0] > _FAINTEST) | (scale[:, 0] <= 0)] = np.inf
        if same:
            squared[i] = np.inf
        row[i] = int(squared.argmin())
        distance[i] = np.sqrt(squared[row[i]])
    return distance, row


def find_neighbours(real: Photometry, mock: Photometry) -> Neighbours:
    """Compute distances of real sources to mock ones, ranked among those of mock sources to each other."""
    distance, row = nearest(real, mock)
    among, _ = nearest(mock, mock, same=True)
    peers, percentile = np.zeros(len(real)), np.zeros(len(real))
    for i, snr in enumerate(real.snr):
        alike = np.argsort(np.abs(np.log(np.maximum(mock.snr, 1e-3) / snr)))[:_PEERS]
        peers[i] = np.median(among[alike])
        percentile[i] = 100 * np.mean(among[alike] < distance[i])
    return Neighbours(distance, peers, percentile, row)


def neighbour_table(real: Photometry, bands: tuple[str, ...], found: Neighbours) -> str:
    """Tabulate the real sources and the distances to their neighbours."""
    header = [
        "x, y",
        "F444W in 0.15″",
        "S/N",
        *(f"{a} − {b}" for a, b in COLOURS),
        "distance",
        "mock's own",
        "percentile",
    ]
    rows = []
    for i in np.argsort(-real.snr):
        flux = dict(zip(bands, real.flux[i], strict=True))
        shades = [_colour_text(flux[a], flux[b]) for a, b in COLOURS]
        rows.append(
            [
                f"{real.x[i]:.0f}, {real.y[i]:.0f}",
                f"{_magnitude(flux['F444W']):.2f}",
                f"{real.snr[i]:.0f}",
                *shades,
                f"{found.distance[i]:.2f}",
                f"{found.peers[i]:.2f}",
                f"{found.percentile[i]:.0f}",
            ]
        )
    return markdown(header, rows)


def neighbour_goal(found: Neighbours) -> Goal:
    """Check that every real source is closer to the mock than 99 % of mock sources of similar S/N are to each other."""
    inside = found.percentile <= GOAL_PERCENTILE
    first, last = found.percentile.min(), found.percentile.max()
    text = f"{inside.sum()} of {len(inside)} sources; percentiles {first:.0f} to {last:.0f}"
    goal = f"each below the {GOAL_PERCENTILE:.0f}th percentile of mock sources among themselves"
    return Goal(4, "colours: real sources have mock neighbours", goal, text, bool(inside.all()))


def typical_goal(found: Neighbours) -> Goal:
    """Check that real sources are as close to the mock as mock sources: their mean percentile is 50."""
    error = 100 / np.sqrt(12 * len(found.percentile))
    mean = float(found.percentile.mean())
    met = within(mean, 50, 0.15, error=error)
    goal = "mean percentile 50, within 15 %"
    return Goal(4, "colours: real sources are typical of the mock", goal, f"{mean:.0f} ± {error:.0f}", met)


def locus_table(deep: Survey) -> str:
    """Tabulate median and 68 % range of the colours in ranges of redshift."""
    edges = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0)
    bright = deep.mag < LOCUS_MAG
    rows = []
    for low, high in pairwise(edges):
        chosen = bright & (deep.z >= low) & (deep.z < high)
        cells = []
        for pair in COLOURS:
            colour = _colour(deep, *pair)[chosen]
            if len(colour) < 10:
                cells.append("–")
                continue
            bottom, median, top = np.quantile(colour, (0.16, 0.5, 0.84))
            cells.append(f"{median:+.2f} ({bottom:+.2f} to {top:+.2f})")
        rows.append([f"{low:g} to {high:g}", str(chosen.sum()), *cells])
    return markdown(["redshift", "galaxies", *(f"{a} − {b}" for a, b in COLOURS)], rows)


def locus_figure(deep: Survey, real: Photometry | None, bands: tuple[str, ...]) -> Figure:
    """Draw colours against redshift; those of the real sources, whose redshifts are unknown, at the right edge."""
    figure = new_figure(10, 3.8)
    bright = deep.mag < LOCUS_MAG
    z = 1 + deep.z[bright]
    edges = np.geomspace(1, 16, 61)
    for axes, pair in zip(figure.subplots(1, 3), COLOURS, strict=True):
        colour = _colour(deep, *pair)[bright]
        low, high = np.quantile(colour, (0.003, 0.997))
        number, across, up = np.histogram2d(z, colour, (edges, np.linspace(low - 0.2, high + 0.2, 61)))
        number /= np.maximum(number.sum(axis=1, keepdims=True), 20)
        axes.pcolormesh(across, up, np.sqrt(number).T, cmap="Greys", rasterized=True)
        middle = np.sqrt(edges[:-1] * edges[1:])
        index = np.digitize(z, edges) - 1
        median = [np.median(colour[index == i]) if (index == i).sum() > 5 else np.nan for i in range(len(middle))]
        axes.plot(middle, median, color=ORANGE, lw=1.5)
        if real is not None and len(real):
            flux = dict(zip(bands, real.flux.T, strict=True))
            sure = (flux[pair[0]] > 0) & (flux[pair[1]] > 0)
            shade = -2.5 * np.log10(flux[pair[0]][sure] / flux[pair[1]][sure])
            axes.plot(np.full(sure.sum(), 15.7), shade, "_", color=BLUE, ms=14, mew=1.6)
        redshift_axis(axes, "x", 15)
        axes.set_ylim(low - 0.2, high + 0.2)
        polish(axes, x="redshift", y=f"{pair[0]} − {pair[1]}")
        axes.tick_params(axis="x", labelsize=7)
    return figure


def neighbour_figure(real: Photometry, mock: Photometry, bands: tuple[str, ...], found: Neighbours) -> Figure:
    """Draw fluxes of each real source and of its nearest mock neighbour, scaled to it."""
    shown = np.argsort(-real.snr)[:12]
    figure = new_figure(9.5, 1.9 * -(-len(shown) // 4) + 0.3)
    panels = figure.subplots(-(-len(shown) // 4), 4, squeeze=False, sharex=True)
    place = np.arange(len(bands))
    for axes, i in zip(panels.flat, shown, strict=False):
        j = found.nearest[i]
        scale = _scale(real.flux[i], real.error[i], mock.flux[[j]])[0]
        axes.axhline(0, color=GREY, lw=0.6)
        axes.errorbar(place - 0.1, real.flux[i], real.error[i], fmt="o", color=BLUE, ms=3.5)
        axes.errorbar(place + 0.1, scale * mock.flux[j], scale * mock.error[j], fmt="s", color=ORANGE, ms=3.5)
        axes.set_xticks(place, [band[1:4] for band in bands])
        polish(axes)
        axes.tick_params(labelsize=7, labelbottom=True)
        axes.set_title(
            f"{real.x[i]:.0f}, {real.y[i]:.0f}: d = {found.distance[i]:.2f}, {found.percentile[i]:.0f} %",
            fontsize=8,
            color=INK,
        )
    for axes in panels.flat[len(shown) :]:
        axes.set_visible(False)
    figure.supylabel("nJy within 0.15″", fontsize=9, color=INK)
    return figure


def _scale(flux: NDArray, error: NDArray, others: NDArray) -> NDArray[np.float64]:
    """Factors (N,) from others (N, band) to the total of a source, bands weighted by its errors; 0 if not positive."""
    weight = error**-2.0
    total = others @ weight
    return np.where(total > 0, (flux @ weight) / np.maximum(total, 1e-30), 0.0)


def _colour(survey: Survey, first: str, second: str) -> NDArray[np.float64]:
    """Colours of all galaxies, (N,)."""
    a, b = (np.maximum(survey.flux[:, BANDS.index(band)], 1e-6) for band in (first, second))
    return -2.5 * np.log10(a / b)


def _colour_text(first: float, second: float) -> str:
    """A colour as text; a dash without positive fluxes."""
    return f"{-2.5 * np.log10(first / second):+.2f}" if first > 0 and second > 0 else "–"


def _magnitude(flux_njy: float) -> float:
    """AB magnitude; inf for a flux that is not positive."""
    return float(31.4 - 2.5 * np.log10(flux_njy)) if flux_njy > 0 else float("inf")
