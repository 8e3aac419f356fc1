"""What do real and mock sources look like side by side, with the same PSF and the same stretch?"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from zpix.outputs import whole_file
from zpix.plots.style import INK, new_figure

from .detection import Photometry, robust_rms
from .matching import Cutout

HALF_PIX = 16  # of a stamp: one arcsec across
_SOFTENING, _DARKEST, _BRIGHTEST = 5.0, -2.0, 150.0  # of the stretch, in units of the real cutout's noise
_PALETTE = 128


@dataclass(frozen=True)
class Stretch:
    """Noise of the three colours, red first, that pictures are scaled by."""

    noise: tuple[float, float, float]

    @staticmethod
    def of(cutout: Cutout) -> Stretch:
        """The stretch of a cutout's own noise."""
        red, green, blue = (robust_rms(channel[cutout.valid]) for channel in _channels(cutout))
        return Stretch((red, green, blue))

    def picture(self, cutout: Cutout) -> NDArray[np.float64]:
        """Colour picture, (y, x, 3) from 0 to 1: long bands red, short ones blue, each stretched by asinh."""
        scaled = np.stack([c / n for c, n in zip(_channels(cutout), self.noise, strict=True)], axis=-1)
        top = np.arcsinh((_BRIGHTEST - _DARKEST) / _SOFTENING)
        return np.clip(np.arcsinh((scaled - _DARKEST) / _SOFTENING) / top, 0, 1)


@dataclass(frozen=True)
class Blind:
    """A panel of real and mock stamps in random order, and its key.

    Attributes
    ----------
    figure : Figure
    is_real : tuple of bool
        In the order of the numbers on the stamps, which count from 1.
    """

    figure: Figure
    is_real: tuple[bool, ...]


def field_figure(real: Cutout, mocks: list[Cutout]) -> Figure:
    """The real cutout and mock windows of its size, with its stretch."""
    stretch = Stretch.of(real)
    pictures = [("real", real), *((f"mock {i}", mock) for i, mock in enumerate(mocks, start=1))]
    figure = new_figure(8.4, 2.5 * -(-len(pictures) // 2))
    panels = figure.subplots(-(-len(pictures) // 2), 2, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, (title, cutout) in zip(panels.flat, pictures, strict=False):
        _show(axes, stretch.picture(cutout), title)
    return figure


def alike(real: Photometry, mock: Photometry, *, band: int, each: int) -> NDArray[np.int64]:
    """Rows of mock sources as bright as the real ones in `band`, `each` for every real one and no row twice."""
    free = np.ones(len(mock), bool)
    rows = []
    for flux in real.flux[:, band]:
        distance = np.abs(np.log(np.maximum(mock.flux[:, band], 1e-6) / max(flux, 1e-6)))
        distance[~free] = np.inf
        chosen = np.argsort(distance)[:each]
        free[chosen] = False
        rows.append(chosen[np.isfinite(distance[chosen])])
    return np.concatenate(rows) if rows else np.zeros(0, np.int64)


def pairs_figure(real: Cutout, mocks: list[Cutout], of_real: Photometry, of_mock: Photometry, band: int) -> Figure:
    """Each real source above, three mock sources of the same brightness below."""
    order = np.argsort(-of_real.snr)[:9]
    rows = alike(of_real[order], of_mock, band=band, each=3).reshape(-1, 3)
    stretch = Stretch.of(real)
    figure = new_figure(9, 4.2)
    panels = figure.subplots(4, max(len(order), 1), squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for column, (source, peers) in enumerate(zip(order, rows, strict=False)):
        _show(panels[0, column], stamp(stretch.picture(real), of_real.x[source], of_real.y[source]), "real")
        for line, row in enumerate(peers, start=1):
            picture = stretch.picture(mocks[of_mock.cutout[row]])
            _show(panels[line, column], stamp(picture, of_mock.x[row], of_mock.y[row]), "mock")
    return figure


def blind_panel(
    real: Cutout, mocks: list[Cutout], of_real: Photometry, of_mock: Photometry, band: int, *, rng: np.random.Generator
) -> Blind:
    """As many mock as real sources, alike in brightness, in random order and turned at random."""
    order = np.argsort(-of_real.snr)[:9]
    rows = alike(of_real[order], of_mock, band=band, each=4).reshape(len(order), -1)
    chosen = [peers[rng.integers(0, len(peers))] for peers in rows if len(peers)]
    stretch = Stretch.of(real)
    stamps = [(True, stamp(stretch.picture(real), of_real.x[i], of_real.y[i])) for i in order]
    for row in chosen:
        picture = stretch.picture(mocks[of_mock.cutout[row]])
        stamps.append((False, stamp(picture, of_mock.x[row], of_mock.y[row])))
    shuffled = [stamps[i] for i in rng.permutation(len(stamps))]
    figure = new_figure(9, 1.15 * -(-len(shuffled) // 6) + 0.3)
    panels = figure.subplots(-(-len(shuffled) // 6), 6, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for number, (axes, (_, picture)) in enumerate(zip(panels.flat, shuffled, strict=False), start=1):
        turned = np.rot90(picture, int(rng.integers(0, 4)))
        _show(axes, turned[:, :: 1 if rng.uniform() < 0.5 else -1], str(number))
    return Blind(figure, tuple(is_real for is_real, _ in shuffled))


def stamp(picture: NDArray[np.float64], x: float, y: float) -> NDArray[np.float64]:
    """The part of a picture (y, x, 3) around a position, (32, 32, 3); grey beyond the edge."""
    padded = np.pad(picture, ((HALF_PIX, HALF_PIX), (HALF_PIX, HALF_PIX), (0, 0)), constant_values=0.35)
    row, column = round(y), round(x)
    return padded[row : row + 2 * HALF_PIX, column : column + 2 * HALF_PIX]


def save_small(path: Path, figure: Figure, *, dpi: int = 110) -> Path:
    """Save a figure as a PNG of few colours, a third of the size."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    image = Image.open(buffer).convert("RGB").quantize(_PALETTE, dither=Image.Dither.NONE)
    with whole_file(path) as temporary:
        image.save(temporary, format="png", optimize=True)
    return path


def _channels(cutout: Cutout) -> list[NDArray[np.float64]]:
    """Means of the long, middle and short third of the bands, each without its median, (y, x)."""
    thirds = np.array_split(np.arange(len(cutout.bands)), 3)
    means = [cutout.flux[third].mean(axis=0) for third in reversed(thirds)]
    return [np.where(cutout.valid, mean - np.median(mean[cutout.valid]), 0.0) for mean in means]


def _show(axes: Axes, picture: NDArray[np.float64], title: str) -> None:
    axes.imshow(picture, origin="lower", interpolation="nearest")
    axes.set_title(title, fontsize=8, color=INK, pad=2)
