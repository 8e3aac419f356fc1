"""How sharp is the mock's PSF compared with real ones? A star is rendered and measured as the real PSFs are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from zpix.config import SimulationConfig
from zpix.image import PIVOT_UM, Region
from zpix.plots.style import BLUE, GREY, ORANGE, new_figure, polish
from zpix.scenes import Sky
from zpix.sources import STAR

from .goals import Goal, every, markdown, percent, within, word

#: Radii of the encircled energy in arcsec, and the radius within which it is 1, which both real sets reach.
RADII_ARCSEC = (0.05, 0.1, 0.2, 0.5)
WHOLE_ARCSEC = 1.9
#: Pixel of the rendered star, in which every band is well sampled.
FINE_ARCSEC = 0.01
GOAL = 0.10
#: Real sets: name, files, pixel in arcsec (grizli-psf-library).
REAL_SETS = (("SMACS 0723", "smacs0723_20mas_psf-smacs0723-{band}.fits", 0.02), ("CEERS", "ceers_*-{band}.fits", 0.04))


@dataclass(frozen=True)
class Sharpness:
    """Sharpness of a PSF.

    Attributes
    ----------
    fwhm_arcsec : float
        Full width at half maximum.
    encircled : tuple of float
        Share of the light within each of `RADII_ARCSEC`.
    """

    fwhm_arcsec: float
    encircled: tuple[float, ...]

    @property
    def numbers(self) -> NDArray[np.float64]:
        """FWHM and encircled energies in one array, shape (1 + radius,)."""
        return np.array([self.fwhm_arcsec, *self.encircled])


@dataclass(frozen=True)
class PsfPair:
    """One band of one real set and the mock, with the same sampling.

    Attributes
    ----------
    real_set, band : str
        Names of the set and the band.
    real, mock : Sharpness
        Sharpness of both.
    """

    real_set: str
    band: str
    real: Sharpness
    mock: Sharpness

    @property
    def difference(self) -> NDArray[np.float64]:
        """(mock − real) / real of FWHM and encircled energies, shape (1 + radius,)."""
        return self.mock.numbers / self.real.numbers - 1

    @property
    def met(self) -> NDArray[np.bool_]:
        """Whether each number meets the goal, shape (1 + radius,)."""
        return np.array([within(m, r, GOAL) for m, r in zip(self.mock.numbers, self.real.numbers, strict=True)])


def render_star(bands: tuple[str, ...], *, seed: int, size: int = 401) -> NDArray[np.float64]:
    """Render a star of the mock sky without noise, of unit flux, centred on the middle pixel, (band, size, size).

    The sky has only a few stars; the first that is alone in its cell and the cells around it is observed with
    negligible noise, in pixels of 0.01″.
    """
    config = SimulationConfig(
        cell_size_pix=1024,
        pixel_scale_arcsec=FINE_ARCSEC,
        limit_mag=26.0,
        source_density=0.0,
        star_density=3.0,
        brown_dwarf_per_arcmin2=0.0,
        depth_range=(1e-4, 1e-4),
        depth_structure=0.0,
        poisson_noise=False,
        sky_residual_sigma=0.0,
        psf_angle_deg=0.0,
    )
    sky = Sky(seed, tuple(bands), config)
    x, y = _lonely_star(sky)
    column, row = round(x), round(y)
    reach = size // 2
    pixels = sky.observe(Region(column - reach, row - reach, column + reach + 1, row + reach + 1)).pixels
    star = np.stack([shifted(image, column - x, row - y) for image in pixels.flux.astype(float)])
    return star / star.sum(axis=(1, 2), keepdims=True)


def shifted(image: NDArray[np.float64], dx: float, dy: float) -> NDArray[np.float64]:
    """Shift an image (y, x) by (dx, dy) pixels, exactly if it is well sampled."""
    fy, fx = np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1])[None]
    turned = np.fft.rfft2(image) * np.exp(-2j * np.pi * (fy * dy + fx * dx))
    return np.fft.irfft2(turned, image.shape)


def sampled(star: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Take every `step`-th pixel of a centred image (y, x), with the middle one."""
    first = (len(star) // 2) % step
    return star[first::step, first::step]


def sampled_like(star: NDArray[np.float64], psf: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Take every `step`-th pixel of a centred image (y, x), with its centre at that of `psf` within a pixel.

    Pixels of 0.04″ are as wide as the core of the sharpest PSFs, so that their values depend on the star's position.
    """
    off_y, off_x = (place - round(place) for place in core_centre(psf))
    return sampled(shifted(star, off_x * step, off_y * step), step)


def sharpness(psf: NDArray[np.float64], pixel_arcsec: float, *, centre: tuple[float, float] | None = None) -> Sharpness:
    """Measure the FWHM of the mean radial profile, and encircled energies.

    Parameters
    ----------
    psf : (y, x) float64
        The PSF.
    pixel_arcsec : float, arcsec
        Side of a pixel.
    centre : (float, float), pixels, optional
        Centre (y, x); the flux-weighted mean of the core by default.

    Returns
    -------
    Sharpness
        Both.
    """
    middle = core_centre(psf) if centre is None else centre
    return Sharpness(fwhm(psf, pixel_arcsec, middle), encircled_energy(psf, pixel_arcsec, middle))


def core_centre(psf: NDArray[np.float64]) -> tuple[float, float]:
    """Compute the flux-weighted mean (y, x) of the pixels above a fifth of the peak."""
    core = np.where(psf > 0.2 * psf.max(), psf, 0)
    y, x = np.indices(psf.shape)
    return float((core * y).sum() / core.sum()), float((core * x).sum() / core.sum())


def fwhm(psf: NDArray[np.float64], pixel_arcsec: float, centre: tuple[float, float]) -> float:
    """Measure twice the radius, in arcsec, at which the mean over angles first falls to half the central value."""
    radius, angle = np.arange(0, 0.5, 0.001), np.linspace(0, 2 * np.pi, 72, endpoint=False)
    steps = radius[:, None] / pixel_arcsec
    place = np.stack([centre[0] + steps * np.sin(angle), centre[1] + steps * np.cos(angle)])
    profile = map_coordinates(psf, place, order=3).mean(axis=1)
    below = int(np.argmax(profile < 0.5 * profile[0]))
    return float(2 * np.interp(-0.5 * profile[0], -profile[below - 1 : below + 1], radius[below - 1 : below + 1]))


def encircled_energy(psf: NDArray[np.float64], pixel_arcsec: float, centre: tuple[float, float]) -> tuple[float, ...]:
    """Measure the light within `RADII_ARCSEC` over that within 1.9″; pixels at the edge count by the part inside."""
    y, x = np.indices(psf.shape)
    parts = (np.arange(10) - 4.5) / 10
    radii = (*RADII_ARCSEC, WHOLE_ARCSEC)
    light = np.zeros(len(radii))
    for dy in parts:
        for dx in parts:
            distance = np.hypot(y + dy - centre[0], x + dx - centre[1]) * pixel_arcsec
            light += [psf[distance < radius].sum() for radius in radii]
    return tuple(float(value) for value in light[:-1] / light[-1])


def read_psf(path: Path) -> NDArray[np.float64]:
    """Read the first image (y, x) of a FITS file."""
    with fits.open(path) as file:
        return next(np.asarray(hdu.data, dtype=float) for hdu in file if hdu.data is not None)


def compare(folder: Path, bands: tuple[str, ...], stars: NDArray[np.float64]) -> list[PsfPair]:
    """Compare the mock's stars (band, y, x) of 0.01″ pixels with every real PSF in `folder`."""
    found = []
    for name, pattern, pixel in REAL_SETS:
        for band, star in zip(bands, stars, strict=True):
            for path in sorted(folder.glob(pattern.format(band=band.lower()))):
                psf = read_psf(path)
                mock = sampled_like(star, psf, round(pixel / FINE_ARCSEC))
                found.append(PsfPair(name, band, sharpness(psf, pixel), sharpness(mock, pixel)))
    return found


def psf_table(comparisons: list[PsfPair]) -> str:
    """Tabulate FWHM and encircled energies of both, band by band."""
    header = [
        "set",
        "band",
        "FWHM ″, real → mock",
        *(f"EE({radius:g}″)" for radius in RADII_ARCSEC),
        f"{percent(GOAL)}",
    ]
    rows = []
    for one in comparisons:
        numbers = zip(one.real.numbers, one.mock.numbers, one.difference, strict=True)
        cells = [f"{r:.3f} → {m:.3f} ({d:+.0%})" for r, m, d in numbers]
        marked = [cell if met else f"**{cell}**" for cell, met in zip(cells, one.met, strict=True)]
        rows.append([one.real_set, one.band, *marked, word(bool(one.met.all()))])
    return markdown(header, rows)


def between_sets_table(comparisons: list[PsfPair]) -> str:
    """Tabulate the difference of the two real sets, CEERS over SMACS 0723 − 1."""
    by_set = {name: {one.band: one for one in comparisons if one.real_set == name} for name, _, _ in REAL_SETS}
    first, second = (by_set[name] for name, _, _ in REAL_SETS)
    rows = []
    for band in first:
        if band in second:
            real = second[band].real.numbers / first[band].real.numbers - 1
            mock = second[band].mock.numbers / first[band].mock.numbers - 1
            rows.append([band, *(f"{r:+.0%} ({m:+.0%})" for r, m in zip(real, mock, strict=True))])
    return markdown(["band", "FWHM", *(f"EE({radius:g}″)" for radius in RADII_ARCSEC)], rows)


def irreconcilable(comparisons: list[PsfPair]) -> str:
    """Count the numbers in which the two real sets differ too much for one mock to meet the goal for both."""
    ratios = {
        name: {one.band: 1 + one.difference for one in comparisons if one.real_set == name} for name, _, _ in REAL_SETS
    }
    first, second = (ratios[name] for name, _, _ in REAL_SETS)
    apart = [np.abs(np.log(first[band] / second[band])) for band in first if band in second]
    far = np.array(apart) > np.log((1 + GOAL) / (1 - GOAL))
    return f"{far.sum()} of {far.size}"


def psf_goals(comparisons: list[PsfPair]) -> list[Goal]:
    """Check each real set and kind of number."""
    goals = []
    for name, _, _ in REAL_SETS:
        mine = [one for one in comparisons if one.real_set == name]
        for kind, columns in (("FWHM", slice(0, 1)), ("encircled energy", slice(1, None))):
            met = [bool(value) for one in mine for value in one.met[columns]]
            worst = max((abs(one.difference[columns]).max() for one in mine), default=np.nan)
            found = f"{sum(met)} of {len(met)} numbers, worst {percent(worst)}" if met else "no real PSFs"
            goals.append(Goal(2, f"PSF, {kind}, beside {name}", f"each within {percent(GOAL)}", found, every(met)))
    return goals


def psf_figure(comparisons: list[PsfPair]) -> Figure:
    """Draw relative differences from both real sets against wavelength."""
    figure = new_figure(9, 5.2)
    names = ["FWHM", *(f"light within {radius:g}″" for radius in RADII_ARCSEC)]
    panels = figure.subplots(2, 3, sharex=True, sharey=True)
    for column, (axes, name) in enumerate(zip(panels.flat, names, strict=False)):
        axes.axhspan(-GOAL, GOAL, color="#E3E6EA", zorder=0)
        for (real_set, _, _), colour in zip(REAL_SETS, (BLUE, ORANGE), strict=True):
            mine = [one for one in comparisons if one.real_set == real_set]
            micron = [PIVOT_UM[one.band] for one in mine]
            axes.plot(micron, [one.difference[column] for one in mine], "o-", color=colour, ms=4, label=real_set)
        axes.axhline(0, color=GREY, lw=0.8)
        axes.tick_params(labelbottom=True)
        polish(axes, x="micron", y="mock / real − 1" if column % 3 == 0 else "", title=name)
    panels[0, 0].legend(fontsize=8, frameon=False)
    panels[1, 2].set_visible(False)
    return figure


def _lonely_star(sky: Sky) -> tuple[float, float]:
    """Position in the sky's pixels of the first star that is alone among 3 × 3 cells."""
    for column in range(3000):
        around = [sky.cell_population(row, column + offset) for row in (-1, 0, 1) for offset in (-1, 0, 1)]
        middle = sky.cell_population(0, column)
        if len(middle) == 1 and middle.label[0] == STAR and sum(map(len, around)) == 1:
            return float(middle.x[0]), float(middle.y[0])
    raise AssertionError("no star stands alone in 3,000 cells")
