"""How are the mock's galaxies drawn beside published counts, redshifts and spectroscopy?"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpix.plots.style import BLUE, GREEN, GREY, ORANGE, RED, new_figure, polish, redshift_axis

from . import literature
from .population import Survey, schechter_density, volume_per_arcmin2


def counts_figure(deep: Survey, wide: Survey) -> Figure:
    """Draw counts in F444W and Ks, and sizes against magnitude."""
    figure = new_figure(9.5, 4)
    left, right = figure.subplots(1, 2)
    edges = np.arange(18.0, 30.6, 0.5)
    for survey, style, label in ((wide, "--", "mock, Ks"), (deep, "-", "mock, F444W")):
        mag = survey.magnitude_at(literature.KS_UM) if survey is wide else survey.mag
        number, _ = np.histogram(mag, edges)
        shown = (number > 0) & (edges[1:] < (25.5 if survey is wide else 30.6))
        middle = 0.5 * (edges[:-1] + edges[1:])
        left.plot(middle[shown], number[shown] / survey.area_arcmin2 / 0.5, style, color=ORANGE, label=label)
    published = 10 ** np.array(literature.K_COUNTS_LOG_PER_MAG_DEG2) / 3600
    left.plot(literature.K_COUNTS_MAG, published, "o", color=BLUE, ms=4, label="COSMOS2020, Ks")
    left.set_yscale("log")
    left.legend(fontsize=8, frameon=False)
    polish(left, x="AB magnitude", y="galaxies per mag and arcmin²", title="Counts")
    steps = np.arange(20.0, 30.6, 1.0)
    for (low, high), colour in zip(((0, 1), (1, 2.5), (2.5, 5), (5, 15)), (BLUE, GREEN, ORANGE, RED), strict=True):
        middle, quantiles = [], []
        for start in steps:
            survey = wide if start < 25 else deep
            chosen = (survey.mag >= start) & (survey.mag < start + 1) & (survey.z >= low) & (survey.z < high)
            if chosen.sum() > 10:
                middle.append(start + 0.5)
                quantiles.append(np.quantile(survey.re_arcsec[chosen], (0.16, 0.5, 0.84)))
        if middle:
            bottom, median, top = np.array(quantiles).T
            right.plot(middle, median, color=colour, label=f"{low:g} < z < {high:g}")
            right.fill_between(middle, bottom, top, color=colour, alpha=0.15, lw=0)
    right.set_yscale("log")
    right.legend(fontsize=8, frameon=False)
    polish(right, x="F444W", y="half-light radius, arcsec", title="Sizes: median and 68 %")
    return figure


def redshift_figure(deep: Survey, wide: Survey) -> Figure:
    """Draw the redshift distribution by magnitude, and the luminosity functions at high redshift."""
    figure = new_figure(9.5, 4)
    left, right = figure.subplots(1, 2)
    edges = np.expm1(np.linspace(0, np.log(16), 41))
    for (bright, faint), colour in zip(
        ((21, 23), (23, 25), (25, 27), (27, 30)), (BLUE, GREEN, ORANGE, RED), strict=True
    ):
        survey = wide if faint <= 25 else deep
        z = survey.z[(survey.mag >= bright) & (survey.mag < faint)]
        density, _ = np.histogram(np.log1p(z), np.log1p(edges), density=True)
        left.stairs(density, 1 + edges, color=colour, label=f"{bright} < F444W < {faint}")
    redshift_axis(left, "x", 15)
    left.legend(fontsize=8, frameon=False)
    polish(left, x="redshift", y="p(ln(1 + z))", title="Redshifts by magnitude")
    uv, steps = deep.uv_magnitude(), np.arange(-22.0, -17.4, 0.5)
    middle = 0.5 * (steps[:-1] + steps[1:])
    colours = (BLUE, GREEN, ORANGE, RED, GREY)
    for function, colour in zip(literature.UV_FUNCTIONS, colours, strict=True):
        near = np.abs(deep.z - function.z) < 0.5
        number, _ = np.histogram(uv[near], steps)
        volume = volume_per_arcmin2(function.z - 0.5, function.z + 0.5) * deep.area_arcmin2
        density = number / volume / 0.5
        error = np.sqrt(number) / volume / 0.5
        some = number > 0
        right.errorbar(
            middle[some], density[some], error[some], fmt="o", ms=4, color=colour, label=f"z ≈ {function.z:g}"
        )
        curve = [(schechter_density(function, m + 0.05) - schechter_density(function, m - 0.05)) / 0.1 for m in middle]
        right.plot(middle, curve, color=colour)
    right.set_yscale("log")
    right.legend(fontsize=8, frameon=False)
    polish(right, x="M_UV", y="Mpc⁻³ mag⁻¹", title="Mock (points), Bouwens et al. 2021 (lines)")
    return figure


def spectra_figure(real: NDArray[np.float64] | None, mock: NDArray[np.float64]) -> Figure:
    """Draw the redshifts of real and of simulated spectroscopy."""
    figure = new_figure(6, 3.4)
    axes = figure.subplots()
    edges = np.linspace(0, np.log(16), 25)
    for z, colour, label in ((real, BLUE, "JADES DR4, GOODS-S"), (mock, ORANGE, "mock")):
        if z is not None and len(z):
            number, _ = np.histogram(np.log1p(z), edges)
            axes.stairs(number / number.sum(), np.exp(edges), color=colour, label=f"{label} ({len(z)})")
    redshift_axis(axes, "x", 15)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, frameon=False)
    polish(axes, x="spectroscopic redshift", y="share", title="Spectroscopic selection")
    return figure
