"""How large is the noise of a matched cutout, and how strongly are neighbouring pixels correlated?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.plots.style import BLUE, GREY, ORANGE, new_figure, polish
from zpix.scenes import draw_scene
from zpix.sources import sigma_nmad

from .detection import empty_sky
from .goals import Goal, every, markdown, percent, within, word
from .matching import Cutout

LAGS = (1, 2, 3, 4, 5)
GOAL = 0.15
_PATCH_PIX = 22  # of the bootstrap: several times the correlation length; the real cutout has 45 patches
_RESAMPLED = 400
_LIKE_EMPTY = 0.1
_CLIP = 4.0


@dataclass(frozen=True)
class Noise:
    """Noise of the empty sky of one cutout in units of the error image, with standard errors.

    Attributes
    ----------
    error_njy : (band,) float64, nJy
        Median of the error image.
    rms, rms_error : (band,) float64
        Noise of a pixel, and its standard error.
    correlation, correlation_error : (band, lag) float64
        Autocorrelation at 1 to 5 pixels along rows and columns, and its standard error.
    """

    error_njy: NDArray[np.float64]
    rms: NDArray[np.float64]
    rms_error: NDArray[np.float64]
    correlation: NDArray[np.float64]
    correlation_error: NDArray[np.float64]


@dataclass(frozen=True)
class Depth:
    """Noise of a shallow field in units of a deep one.

    Attributes
    ----------
    setting : str
        Setting of the simulator.
    asked : float
        Requested ratio of the noise.
    rms_ratio, error_ratio : float
        Measured ratios of the noise and of the error image.
    """

    setting: str
    asked: float
    rms_ratio: float
    error_ratio: float


def measure(cutout: Cutout, *, rng: np.random.Generator) -> Noise:
    """Measure the noise of the empty sky of a cutout, with errors from resampled patches of 22 pixels."""
    free = empty_sky(cutout)
    median = np.array([np.median(image[free]) for image in cutout.error])
    scaled = [
        (image - np.median(image[free])) / np.where(free, error, 1.0)
        for image, error in zip(cutout.flux, cutout.error, strict=True)
    ]
    found = [_band_noise(image, free, rng) for image in scaled]
    rms, rms_error, correlation, correlation_error = (np.array(part) for part in zip(*found, strict=True))
    return Noise(median, rms, rms_error, correlation, correlation_error)


def autocorrelation(values: NDArray[np.float64], used: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Compute the autocorrelation of an image (y, x) of mean 0 at `LAGS`, over pairs of used pixels, (lag,)."""
    sums, counts = _pair_sums(values, used, np.zeros(values.shape, int), 1)
    return (sums[1:, 0] / counts[1:, 0]) / (sums[0, 0] / counts[0, 0])


def typical(parts: list[Noise]) -> Noise:
    """Compute the median over cutouts of one size, with its standard error; a few windows contain bright stars."""
    error = np.median([part.error_njy for part in parts], axis=0)
    rms = np.array([part.rms for part in parts])
    correlation = np.array([part.correlation for part in parts])
    root = np.sqrt(len(parts))
    return Noise(
        error,
        np.median(rms, axis=0),
        1.25 * sigma_nmad(rms, axis=0) / root,
        np.median(correlation, axis=0),
        1.25 * sigma_nmad(correlation, axis=0) / root,
    )


def like(windows: list[Cutout], cutout: Cutout) -> list[Cutout]:
    """Select the windows with as much empty sky as the cutout, within a tenth of all pixels."""
    empty = float(empty_sky(cutout).mean())
    return [window for window in windows if abs(float(empty_sky(window).mean()) - empty) < _LIKE_EMPTY]


def as_one_of(real: Noise, windows: list[Noise]) -> Noise:
    """Return the real noise with errors no smaller than the scatter among mock windows of the same size.

    Resampled patches of one window do not show variations that all its pixels share, such as the wings of a galaxy.
    """
    rms = sigma_nmad([window.rms for window in windows], axis=0)
    correlation = sigma_nmad([window.correlation for window in windows], axis=0)
    return Noise(
        real.error_njy,
        real.rms,
        np.maximum(real.rms_error, rms),
        real.correlation,
        np.maximum(real.correlation_error, correlation),
    )


def measure_depth(bands: tuple[str, ...], *, asked: float, seed: int, size: int) -> Depth:
    """Measure the noise of a field `asked` times as noisy as the deep one, without sources.

    Shallow pointings are simulated if the simulator has them, otherwise the depth of the whole field is set.
    """
    nobody = {"source_density": 0.0, "star_density": 0.0, "brown_dwarf_per_arcmin2": 0.0, "depth_structure": 0.0}
    if "shallow_factor" in SimulationConfig.model_fields:
        setting, shallow = "shallow_factor", {"shallow_fraction": 1.0, "shallow_factor": asked}
    else:
        setting, shallow = "depth_range", {"depth_range": (asked, asked)}
    rms, error = [], []
    for values in (nobody, nobody | shallow):
        config = SimulationConfig(**values)
        pixels = draw_scene(seed, shape=(size, size), bands=bands, config=config).pixels
        rms.append([sigma_nmad(image[seen]) for image, seen in zip(pixels.flux, pixels.valid, strict=True)])
        error.append([np.median(image[seen]) for image, seen in zip(pixels.error, pixels.valid, strict=True)])
    ratio, error_ratio = (float(np.median(np.divide(values[1], values[0]))) for values in (rms, error))
    return Depth(setting, asked, ratio, error_ratio)


def rms_met(real: Noise, mock: Noise) -> list[bool]:
    """Tell whether each band's rms meets the goal."""
    pairs = zip(mock.rms, real.rms, np.hypot(real.rms_error, mock.rms_error), strict=True)
    return [within(m, r, GOAL, error=e) for m, r, e in pairs]


def correlation_met(real: Noise, mock: Noise) -> NDArray[np.bool_]:
    """Tell whether each autocorrelation meets the goal, (band, lag)."""
    error = np.hypot(real.correlation_error, mock.correlation_error)
    met = [
        within(m, r, GOAL, error=e)
        for m, r, e in zip(mock.correlation.flat, real.correlation.flat, error.flat, strict=True)
    ]
    return np.array(met).reshape(error.shape)


def rms_table(bands: tuple[str, ...], real: Noise, mock: Noise) -> str:
    """Tabulate the rms of both in units of the error image."""
    header = [
        "band",
        "error image, nJy: real, mock",
        "rms / error, real",
        "rms / error, mock",
        "mock / real",
        f"{percent(GOAL)}",
    ]
    rows = []
    for i, (band, met) in enumerate(zip(bands, rms_met(real, mock), strict=True)):
        ratio = mock.rms[i] / real.rms[i]
        spread = real.rms_error[i] / real.rms[i]
        rows.append(
            [
                band,
                f"{real.error_njy[i]:.4f}, {mock.error_njy[i]:.4f}",
                f"{real.rms[i]:.3f} ± {real.rms_error[i]:.3f}",
                f"{mock.rms[i]:.3f} ± {mock.rms_error[i]:.3f}",
                f"{ratio:.2f} ± {ratio * spread:.2f}",
                word(met),
            ]
        )
    return markdown(header, rows)


def correlation_table(bands: tuple[str, ...], real: Noise, mock: Noise) -> str:
    """Tabulate the autocorrelations of both at every lag."""
    met = correlation_met(real, mock)
    rows = []
    for i, band in enumerate(bands):
        cells = []
        for j in range(len(LAGS)):
            cell = f"{real.correlation[i, j]:.2f} ± {real.correlation_error[i, j]:.2f} → {mock.correlation[i, j]:.2f}"
            cells.append(cell if met[i, j] else f"**{cell}**")
        rows.append([band, *cells, word(bool(met[i].all()))])
    return markdown(["band", *(f"{lag} pix" for lag in LAGS), f"{percent(GOAL)}"], rows)


def noise_goals(real: Noise, mock: Noise) -> list[Goal]:
    """Check rms and autocorrelation against the real cutout."""
    rms, correlation = rms_met(real, mock), correlation_met(real, mock)
    strict = np.abs(mock.correlation / real.correlation - 1) <= GOAL
    ratio = mock.rms / real.rms
    return [
        Goal(
            1,
            "noise, rms per band",
            f"within {percent(GOAL)} of the real cutout",
            f"{sum(rms)} of {len(rms)} bands, mock / real {ratio.min():.2f} to {ratio.max():.2f}",
            every(rms),
        ),
        Goal(
            1,
            "noise, autocorrelation to 5 pixels",
            f"within {percent(GOAL)} of the real cutout",
            f"{correlation.sum()} of {correlation.size} numbers, {strict.sum()} without their uncertainty",
            bool(correlation.all()),
        ),
    ]


def depth_goal(depth: Depth) -> Goal:
    """Check the noise of the shallow field."""
    met = within(depth.rms_ratio, depth.asked, GOAL) and within(depth.error_ratio, depth.asked, GOAL)
    found = f"rms {depth.rms_ratio:.2f}, error image {depth.error_ratio:.2f}"
    return Goal(
        1,
        "depth of a shallow field is a setting",
        f"{depth.asked:.2f} times the noise, within {percent(GOAL)}",
        found,
        met,
    )


def noise_figure(bands: tuple[str, ...], real: Noise, mock: Noise) -> Figure:
    """Draw the rms of all bands, and the autocorrelation of each."""
    figure = new_figure(9, 7)
    top, below = figure.subfigures(2, 1, height_ratios=(1, 2.4))
    axes = top.subplots()
    place = np.arange(len(bands))
    axes.errorbar(place - 0.08, real.rms, 2 * real.rms_error, fmt="o", color=BLUE, label="real, ± 2σ")
    axes.errorbar(place + 0.08, mock.rms, 2 * mock.rms_error, fmt="s", color=ORANGE, label="mock")
    axes.set_xticks(place, bands)
    axes.legend(fontsize=8, frameon=False)
    polish(axes, y="rms / error image", title="Noise per pixel, matched to F444W")
    rows = -(-len(bands) // 5)
    panels = below.subplots(rows, 5, sharey=True, sharex=True, squeeze=False).flat
    for index, (axes, band) in enumerate(zip(panels, bands, strict=False)):
        axes.axhline(0, color=GREY, lw=0.8)
        axes.errorbar(LAGS, real.correlation[index], 2 * real.correlation_error[index], fmt="o", color=BLUE, ms=4)
        axes.plot(LAGS, mock.correlation[index], "s-", color=ORANGE, ms=4)
        polish(axes, x="pixels", y="autocorrelation" if index % 5 == 0 else "", title=band)
    for axes in panels[len(bands) :]:
        axes.set_visible(False)
    return figure


def _band_noise(
    image: NDArray[np.float64], free: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[float, float, NDArray[np.float64], NDArray[np.float64]]:
    """The rms with its error, and autocorrelation with its errors, of one band (y, x)."""
    values = image - np.median(image[free])
    rms = sigma_nmad(values[free])
    used = free & (np.abs(values) < _CLIP * rms)
    across = -(-image.shape[1] // _PATCH_PIX)
    y, x = np.indices(image.shape) // _PATCH_PIX
    n_patches = int(y.max() + 1) * across
    sums, counts = _pair_sums(values, used, y * across + x, n_patches)
    drawn = rng.integers(0, n_patches, (_RESAMPLED, n_patches))
    mean = sums[:, drawn].sum(axis=2) / np.maximum(counts[:, drawn].sum(axis=2), 1)  # (1 + lag, resampled)
    correlation = autocorrelation(values, used)
    relative = np.sqrt(mean[0]).std() / np.sqrt(mean[0]).mean()
    return rms, float(rms * relative), correlation, (mean[1:] / mean[0]).std(axis=1)


def _pair_sums(
    values: NDArray[np.float64], used: NDArray[np.bool_], patch: NDArray[np.int64], n_patches: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of products of pixels 0 to 5 apart, and numbers of pairs, by patch of the first: (1 + lag, patch)."""
    known = np.where(used, values, 0.0)
    sums, counts = np.zeros((2, 1 + len(LAGS), n_patches))
    for row, lag in enumerate((0, *LAGS)):
        for axis in (0, 1):
            first = tuple(slice(None, -lag or None) if i == axis else slice(None) for i in (0, 1))
            second = tuple(slice(lag, None) if i == axis else slice(None) for i in (0, 1))
            pairs = (used[first] & used[second]).ravel()
            where = patch[first].ravel()
            sums[row] += np.bincount(where, (known[first] * known[second]).ravel(), minlength=n_patches)
            counts[row] += np.bincount(where, pairs, minlength=n_patches)
    return sums, counts
