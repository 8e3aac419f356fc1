"""Mosaics of point sources and simple templates, of which the right answer is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import fftconvolve

from zpix.image import Pixels, open_mosaic, tangent_wcs, write_mosaic

SIDE = 51


@dataclass(frozen=True)
class StarField:
    """A mosaic of equal point sources on a grid, its PSFs, and what is true of them."""

    folder: Path
    psfs: dict[str, np.ndarray]
    x: np.ndarray
    y: np.ndarray
    flux_njy: dict[str, float]

    def open(self):
        return open_mosaic(self.folder)


def gaussian_psf(sigma_pix: float) -> np.ndarray:
    """A round PSF (51, 51) of sum 1 whose centre is the middle pixel."""
    axis = np.arange(SIDE) - SIDE // 2
    psf = np.exp(-0.5 * (axis[:, None] ** 2 + axis**2) / sigma_pix**2)
    return psf / psf.sum()


@pytest.fixture(scope="module")
def star_field(tmp_path_factory) -> StarField:
    """64 stars in three bands of different PSF, in noise that neighbours share, on a sky of 0.2 nJy per pixel."""
    rng = np.random.default_rng(3)
    folder = tmp_path_factory.mktemp("stars")
    size, spacing = 400, 48
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(8) * spacing + 30, np.arange(8) * spacing + 30))
    psfs = {"F200W": gaussian_psf(1.2), "F277W": gaussian_psf(1.8), "F444W": gaussian_psf(2.4)}
    flux = {"F200W": 40.0, "F277W": 60.0, "F444W": 50.0}
    images = []
    for band, psf in psfs.items():
        points = np.zeros((size, size))
        points[y, x] = flux[band]
        noise = fftconvolve(rng.normal(0, 1, (size, size)), gaussian_psf(0.7), mode="same")
        images.append(fftconvolve(points, psf, mode="same") + 0.05 * noise / noise.std() + 0.2)
    values = np.array(images, np.float32)
    pixels = Pixels(values, np.full_like(values, 0.05), np.ones(values.shape, bool))
    wcs = tangent_wcs(53.1, -27.8, (size, size), 0.03)
    write_mosaic(folder, pixels, bands=tuple(psfs), wcs=wcs)
    return StarField(folder, psfs, x.astype(float), y.astype(float), flux)


@pytest.fixture
def break_templates(tmp_path) -> Callable[[], list[Path]]:
    """Two spectra with a deep break at 4000 Å and slopes of their own, as EAZY's text files."""

    def make() -> list[Path]:
        angstrom = np.geomspace(500, 60000, 400)
        folder = tmp_path / "set"
        folder.mkdir()
        for number, slope in enumerate((-1.0, -2.2), start=1):
            f_lambda = (angstrom / 4000) ** slope * np.where(angstrom < 4000, 0.15, 1.0)
            np.savetxt(folder / f"break_{number}.dat", np.stack([angstrom, f_lambda], axis=1))
        lines = [f"{number} templates/mine/break_{number}.dat 1.0" for number in (1, 2)]
        (folder / "mine.param").write_text("# my own\n" + "\n".join(lines) + "\n")
        return [folder / "mine.param"]

    return make
