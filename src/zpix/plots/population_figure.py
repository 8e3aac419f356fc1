"""How are the sources of a catalogue distributed in redshift, magnitude and colour?"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from zpix.catalogue import Catalogue
from zpix.plots.style import BLUE, ORANGE, new_figure, no_data, polish

_Z_EDGES = np.expm1(np.linspace(0, np.log1p(15), 49))
_ROWS_AT_ONCE = 20000


def population_figure(catalogue: Catalogue, *, band: str) -> Figure:
    """Draw the numbers of galaxies by redshift, of sources by magnitude, and colour against magnitude.

    Parameters
    ----------
    catalogue : Catalogue
        May be empty.
    band : str
        Band of the magnitudes.

    Returns
    -------
    matplotlib.figure.Figure
        Three panels.
    """
    figure = new_figure(11.7, 3.9)
    redshifts, magnitudes, colours = figure.subplots(1, 3)
    galaxies = catalogue[catalogue.has_redshift]
    widths = np.diff(_Z_EDGES)
    if len(galaxies):
        counts = np.histogram(galaxies["z_phot"], _Z_EDGES)[0]
        redshifts.stairs(counts / widths, _Z_EDGES, color=BLUE, fill=True, alpha=0.35, label="z_phot")
        stacked = np.zeros(len(widths))
        for start in range(0, len(galaxies), _ROWS_AT_ONCE):
            stacked += np.diff(galaxies[start : start + _ROWS_AT_ONCE].redshift.cdf(_Z_EDGES), axis=1).sum(0)
        redshifts.stairs(stacked / widths, _Z_EDGES, color=ORANGE, linewidth=1.6, label="sum of the PDFs")
        redshifts.legend(frameon=False, fontsize=8)
    else:
        no_data(redshifts)
    polish(redshifts, x="redshift", y="galaxies per unit redshift", title="Redshifts")
    magnitude = catalogue.magnitude(band)
    seen = np.isfinite(magnitude)
    if seen.any():
        edges = np.arange(np.floor(magnitude[seen].min()), np.ceil(magnitude[seen].max()) + 0.25, 0.25)
        magnitudes.hist(magnitude[seen], edges, color=BLUE, alpha=0.6)
        magnitudes.set_yscale("log")
    else:
        no_data(magnitudes)
    polish(magnitudes, x=f"{band} in the mask (AB)", y="sources per 0.25 mag", title="Magnitudes")
    others = [name for name in catalogue.bands if name != band]
    if others:
        other = others[len(others) // 2]
        colour = catalogue.magnitude(other) - magnitude
        both = seen & np.isfinite(colour)
        points = colours.scatter(
            magnitude[both], colour[both], s=5, c=np.log1p(catalogue["z_phot"][both]), cmap="turbo", vmin=0,
            linewidths=0, rasterized=True,
        )  # fmt: skip
        bar = figure.colorbar(points, ax=colours, label="z_phot")
        bar.set_ticks([float(np.log1p(z)) for z in (0, 1, 2, 4, 8)], labels=["0", "1", "2", "4", "8"])
        if both.any():
            low, high = np.quantile(colour[both], [0.005, 0.995])
            colours.set_ylim(low - 0.3, high + 0.3)
        polish(colours, x=f"{band} (AB)", y=f"{other} − {band}", title="Colours")
    else:
        no_data(colours, "one band")
    return figure
