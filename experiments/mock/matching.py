"""How is the mock convolved to the PSF of F444W, as the real cutout was?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from zpix.config import SimulationConfig
from zpix.image import Pixels, Region, open_mosaic
from zpix.scenes import Scene, draw_scene

from .psf import FINE_ARCSEC

#: The band whose PSF all others are convolved to.
TARGET_BAND = "F444W"
_KERNEL_SIZE = 41
_REGULARISATION = 1e-3  # of a transfer function; frequencies of lower transfer are suppressed


@dataclass(frozen=True)
class Cutout:
    """A piece of sky in several bands, all with the PSF of F444W.

    Attributes
    ----------
    bands : tuple of str
        Names of the bands.
    flux : (band, y, x) float64, nJy
        Flux per pixel, 0 where not observed.
    error : (band, y, x) float64, nJy
        Error image of the unmatched mosaic; infinite where not observed.
    valid : (y, x) bool
        Whether pixels were observed in all bands.
    """

    bands: tuple[str, ...]
    flux: NDArray[np.float64]
    error: NDArray[np.float64]
    valid: NDArray[np.bool_]

    def part(self, region: Region) -> Cutout:
        """Return the cutout's pixels in a region."""
        return Cutout(
            self.bands, self.flux[:, *region.slices], self.error[:, *region.slices], self.valid[region.slices]
        )

    def parts(self, shape: tuple[int, int]) -> list[Cutout]:
        """Return whole windows of `shape` (ny, nx), side by side from the first pixel."""
        height, width = self.valid.shape
        corners = [
            (x, y) for y in range(0, height - shape[0] + 1, shape[0]) for x in range(0, width - shape[1] + 1, shape[1])
        ]
        return [self.part(Region(x, y, x + shape[1], y + shape[0])) for x, y in corners]


@dataclass(frozen=True)
class MockTile:
    """A scene of the mock sky, and the same matched to F444W.

    Attributes
    ----------
    scene : Scene
        The scene.
    matched : Cutout
        Its matched pixels.
    margin : int, pixels
        Width of the margin that the matched pixels lack on each side.
    """

    scene: Scene
    matched: Cutout
    margin: int


def read_cutout(folder: Path) -> Cutout:
    """Read the real cutout, which is matched to F444W already."""
    with open_mosaic(folder) as mosaic:
        pixels = mosaic.read(Region.whole(mosaic.shape))
        return _cutout(mosaic.bands, pixels, pixels.flux.astype(float))


def draw_tile(
    seed: int, *, bands: tuple[str, ...], size: int, kernels: NDArray[np.float64], config: SimulationConfig
) -> MockTile:
    """Draw a square scene of `size` pixels, and convolve it with `kernels` (band, y, x).

    The matched pixels are fewer by half a kernel on each side, since nothing is known beyond the edge.
    """
    scene = draw_scene(seed, shape=(size, size), bands=bands, config=config)
    margin = kernels.shape[1] // 2
    inner = Region.whole((size, size)).grown(-margin)
    return MockTile(scene, match(scene.pixels, bands, kernels).part(inner), margin)


def match(pixels: Pixels, bands: tuple[str, ...], kernels: NDArray[np.float64]) -> Cutout:
    """Convolve each band with its kernel (band, y, x)."""
    known = np.where(pixels.valid, pixels.flux, 0.0)
    flux = np.stack([fftconvolve(image, kernel, mode="same") for image, kernel in zip(known, kernels, strict=True)])
    return _cutout(bands, pixels, flux)


def matching_kernels(stars: NDArray[np.float64], bands: tuple[str, ...], pixel_arcsec: float) -> NDArray[np.float64]:
    """Compute kernels (band, y, x) of unit sum from each band's PSF to that of F444W; a point for F444W itself.

    They are ratios of transfer functions, F444W's over the band's, of stars (band, y, x) in pixels of 0.01″, sampled at
    the mosaic's pixels: the ratio has no frequencies that F444W lacks, so that nothing is lost.
    """
    step = round(pixel_arcsec / FINE_ARCSEC)
    transfer = np.fft.rfft2(np.fft.ifftshift(stars, axes=(1, 2)))
    target = transfer[bands.index(TARGET_BAND)]
    kernels = []
    for band, own in zip(bands, transfer, strict=True):
        if band == TARGET_BAND:
            kernel = np.zeros((_KERNEL_SIZE, _KERNEL_SIZE))
            kernel[_KERNEL_SIZE // 2, _KERNEL_SIZE // 2] = 1
        else:
            ratio = target * np.conj(own) / (np.abs(own) ** 2 + _REGULARISATION**2)
            fine = np.fft.fftshift(np.fft.irfft2(ratio, stars.shape[1:]))
            middle, reach = stars.shape[1] // 2, _KERNEL_SIZE // 2 * step
            kernel = fine[middle - reach : middle + reach + 1 : step, middle - reach : middle + reach + 1 : step]
        kernels.append(kernel / kernel.sum())
    return np.stack(kernels)


def _cutout(bands: tuple[str, ...], pixels: Pixels, flux: NDArray[np.float64]) -> Cutout:
    """A cutout of matched fluxes with the errors of the mosaic."""
    error = np.where(pixels.valid, pixels.error, np.inf).astype(float)
    return Cutout(tuple(bands), np.where(pixels.valid, flux, 0.0), error, pixels.valid.all(axis=0))
