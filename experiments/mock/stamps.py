"""How do real and mock sources look side by side, with the same PSF and the same stretch?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpix.plots.style import INK, new_figure
from zpix.sources import sigma_nmad

from .detection import Photometry
from .matching import Cutout

HALF_PIX = 16  # of a stamp: one arcsec across
_SOFTENING, _DARKEST, _BRIGHTEST = 5.0, -2.0, 150.0  # of the stretch, in units of the real cutout's noise


@dataclass(frozen=True)
class Stretch:
    """Scaling of pictures.

    Attributes
    ----------
    noise : tuple of float
        Noise of the three colours, red first.
    """

    noise: tuple[float, float, float]

    @staticmethod
    def of(cutout: Cutout) -> Stretch:
        """Measure the stretch of a cutout's own noise."""
        red, green, blue = (sigma_nmad(channel[cutout.valid]) for channel in _channels(cutout))
        return Stretch((red, green, blue))

    def picture(self, cutout: Cutout) -> NDArray[np.float64]:
        """Make a colour picture, (y, x, 3) from 0 to 1: long bands red, short ones blue, each stretched by asinh."""
        scaled = np.stack([c / n for c, n in zip(_channels(cutout), self.noise, strict=True)], axis=-1)
        top = np.arcsinh((_BRIGHTEST - _DARKEST) / _SOFTENING)
        return np.clip(np.arcsinh((scaled - _DARKEST) / _SOFTENING) / top, 0, 1)


@dataclass(frozen=True)
class Blind:
    """A panel of real and mock stamps in random order, and its key.

    Attributes
    ----------
    figure : Figure
        The panel.
    is_real : tuple of bool
        Whether each stamp is real, in the order of the numbers on the stamps from 1.
    """

    figure: Figure
    is_real: tuple[bool, ...]


def field_figure(real: Cutout, mocks: list[Cutout]) -> Figure:
    """Draw the real cutout and mock windows of its size, with its stretch."""
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
    """Select mock sources as bright as the real ones in `band`, `each` for every real one and none twice."""
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
    """Draw each real source above three mock sources of the same brightness, away from the edge."""
    height, width = mocks[0].valid.shape
    inside = (np.abs(of_mock.x - width / 2) < width / 2 - HALF_PIX) & (
        np.abs(of_mock.y - height / 2) < height / 2 - HALF_PIX
    )
    of_mock = of_mock[np.flatnonzero(inside)]
    order = np.argsort(-of_real.snr)[:9]
    rows = alike(of_real[order], of_mock, band=band, each=3)
    rows = rows[: len(rows) // 3 * 3].reshape(-1, 3)
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


def blind_panel(real: Cutout, mocks: list[Cutout], *, rng: np.random.Generator) -> Blind:
    """Draw pieces of the real cutout and as many of mock windows, in random order and orientation."""
    stretch = Stretch.of(real)
    of_real = _pieces(stretch.picture(real))
    of_mock = [piece for mock in mocks for piece in _pieces(stretch.picture(mock))]
    chosen = rng.choice(len(of_mock), min(len(of_real), len(of_mock)), replace=False)
    pieces = [*((True, piece) for piece in of_real), *((False, of_mock[i]) for i in chosen)]
    shuffled = [pieces[i] for i in rng.permutation(len(pieces))]
    figure = new_figure(9, 1.75 * -(-len(shuffled) // 4))
    panels = figure.subplots(-(-len(shuffled) // 4), 4, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for number, (axes, (_, picture)) in enumerate(zip(panels.flat, shuffled, strict=False), start=1):
        upside, mirrored = rng.choice([-1, 1], 2)
        _show(axes, picture[::upside, ::mirrored], str(number))
    return Blind(figure, tuple(is_real for is_real, _ in shuffled))


def stamp(picture: NDArray[np.float64], x: float, y: float) -> NDArray[np.float64]:
    """Cut the part of a picture (y, x, 3) around a position, (32, 32, 3); grey beyond the edge."""
    padded = np.pad(picture, ((HALF_PIX, HALF_PIX), (HALF_PIX, HALF_PIX), (0, 0)), constant_values=0.35)
    row, column = round(y), round(x)
    return padded[row : row + 2 * HALF_PIX, column : column + 2 * HALF_PIX]


def _pieces(picture: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Halves from bottom to top of thirds from left to right of a picture (y, x, 3), all of one size."""
    height, width = picture.shape[0] // 2, picture.shape[1] // 3
    return [
        picture[row * height : (row + 1) * height, column * width : (column + 1) * width]
        for row in range(2)
        for column in range(3)
    ]


def _channels(cutout: Cutout) -> list[NDArray[np.float64]]:
    """Means of the long, middle and short third of the bands, each without its median, (y, x)."""
    thirds = np.array_split(np.arange(len(cutout.bands)), 3)
    means = [cutout.flux[third].mean(axis=0) for third in reversed(thirds)]
    return [np.where(cutout.valid, mean - np.median(mean[cutout.valid]), 0.0) for mean in means]


def _show(axes: Axes, picture: NDArray[np.float64], title: str) -> None:
    """One picture with its title."""
    axes.imshow(picture, origin="lower", interpolation="nearest")
    axes.set_title(title, fontsize=8, color=INK, pad=2)
