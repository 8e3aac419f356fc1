"""What do template spectra consist of: which continua and lines, how red, how old?

Spectra come onto `rest_grid` with their flux conserved. Lines are what stands out over a running median beside the
wavelengths of `LINES`; what remains is the continuum. A template's age is read from the break at 4000 Å.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from zpix.errors import InputFileError
from zpix.instruments import LN_STEP
from zpix.spectra.emission_lines import H_ALPHA, LINES, LYMAN_ALPHA, OXYGEN_3
from zpix.spectra.template_files import TemplateFile, read_template, read_template_set
from zpix.spectra.wavelengths import pixel_at, rest_grid

#: Groups of lines that are scaled together; Lyα is apart because it escapes by its own laws.
SPIKE_GROUPS = ("hydrogen", "oxygen3", "oxygen2", "lyman_alpha")
_REACH, _LYMAN_REACH = 0.006, 0.02  # in ln λ: how far from its wavelength light is a line's
_RUNNING = 45  # pixels of the running median: 4 %
_STANDS_OUT = 1.04
# ages of simple populations of solar metallicity by the strength of the break (Kauffmann et al. 2003, Fig. 2)
_BREAK, _BREAK_GYR = (1.2, 1.3, 1.45, 1.6, 1.75, 1.9), (0.05, 0.2, 0.7, 1.5, 3.0, 6.0)


@dataclass(frozen=True, eq=False)
class TemplateBasis:
    """Spectra of K templates at E redshifts, normalised to a continuum of 1 at 5500 Å.

    Attributes
    ----------
    redshifts : (E,) float64
        Redshifts at which the set has spectra, increasing; the nearest is used.
    continua : (E, K, W) float32
        f_ν on `rest_grid` without lines.
    spikes : (E, K, group, P) float32
        What the lines of each of `SPIKE_GROUPS` add at `pixels`.
    pixels : (P,) int
        Places in `rest_grid` that lines can reach.
    colour : (E, K) float64, mag
        Continuum at 2800 Å − 5500 Å (AB).
    break_4000 : (E, K) float64
        f_ν at 4000 to 4100 Å over that at 3850 to 3950 Å.
    age : (E, K) float64, Gyr
        Least age of the stars that the break asks for.
    h_alpha, oxygen3 : (E, K) float64, Å
        ∫ f_ν dλ of Hα with [N II], and of [O III] 5008.
    under_h_alpha : (E, K) float64
        Continuum f_ν at Hα.
    """

    redshifts: NDArray[np.float64]
    continua: NDArray[np.float32]
    spikes: NDArray[np.float32]
    pixels: NDArray[np.intp]
    colour: NDArray[np.float64]
    break_4000: NDArray[np.float64]
    age: NDArray[np.float64]
    h_alpha: NDArray[np.float64]
    oxygen3: NDArray[np.float64]
    under_h_alpha: NDArray[np.float64]

    def epoch(self, z: NDArray[np.float64]) -> NDArray[np.intp]:
        """Find the redshift of the set nearest to each galaxy's, as EAZY does.

        Parameters
        ----------
        z : (N,) float64
            Redshifts.

        Returns
        -------
        (N,) int
            Places in `redshifts`.
        """
        return np.asarray(np.abs(z[:, None] - self.redshifts).argmin(axis=1))


def template_basis(path: Path) -> TemplateBasis:
    """Read a list of templates.

    Parameters
    ----------
    path : Path
        The list, in EAZY's format.

    Returns
    -------
    TemplateBasis
        Its spectra.

    Raises
    ------
    InputFileError
        If the list or a spectrum is missing, not in EAZY's format, or dark where galaxies shine.
    """
    files = [(file, read_template(file, factor)) for file, factor in read_template_set([path]).spectra]
    redshifts = np.unique(np.concatenate([template.redshifts for _, template in files]))
    nearest = [np.abs(redshifts[:, None] - template.redshifts).argmin(axis=1) for _, template in files]
    spectra = np.stack([_on_grid(*pair)[rows] for pair, rows in zip(files, nearest, strict=True)], axis=1)
    pixels, groups = line_pixels()
    continua = np.apply_along_axis(_without_spikes, 2, spectra)
    excess = (spectra - continua)[:, :, pixels]
    spikes = np.stack([excess * (groups == group) for group in range(len(SPIKE_GROUPS))], axis=2)
    light = {
        line: excess[:, :, np.abs(np.log(rest_grid()[pixels] / line)) < _REACH].sum(axis=2) * LN_STEP * line
        for line in (H_ALPHA, OXYGEN_3)
    }
    break_4000 = _mean(continua, 4000.0, 4100.0) / _mean(continua, 3850.0, 3950.0)
    return TemplateBasis(
        redshifts=redshifts,
        continua=continua.astype(np.float32),
        spikes=spikes.astype(np.float32),
        pixels=pixels,
        colour=-2.5 * np.log10(_mean(continua, 2700.0, 2900.0) / _mean(continua, 5400.0, 5600.0)),
        break_4000=break_4000,
        age=np.interp(break_4000, _BREAK, _BREAK_GYR, left=0.0),
        h_alpha=light[H_ALPHA],
        oxygen3=light[OXYGEN_3],
        under_h_alpha=continua[:, :, pixel_at(H_ALPHA)],
    )


@cache
def line_pixels() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give the places in `rest_grid` that lines can reach.

    Returns
    -------
    pixels : (P,) int
        Places, increasing.
    group : (P,) int
        Which of `SPIKE_GROUPS` the nearest line is of.
    """
    ln_wave = np.log(rest_grid())
    known = [(LYMAN_ALPHA, "lyman_alpha"), *((wavelength, group) for wavelength, group, _ in LINES)]
    reach = np.array([_LYMAN_REACH if group == "lyman_alpha" else _REACH for _, group in known])
    distance = np.abs(ln_wave[:, None] - np.log([wavelength for wavelength, _ in known]))
    nearest = distance.argmin(axis=1)
    pixels = np.flatnonzero((distance < reach).any(axis=1))
    names = [group if group in SPIKE_GROUPS else "hydrogen" for _, group in known]
    return pixels, np.array([SPIKE_GROUPS.index(names[line]) for line in nearest[pixels]], np.intp)


def _without_spikes(f_nu: NDArray[np.float64]) -> NDArray[np.float64]:
    """`f_nu` with what stands out at the places of lines replaced by the running median."""
    smooth = median_filter(f_nu, _RUNNING, mode="nearest")
    at_lines = np.zeros(len(f_nu), np.bool_)
    at_lines[line_pixels()[0]] = True
    return np.where(at_lines & (f_nu > _STANDS_OUT * smooth), smooth, f_nu)


def _on_grid(path: Path, template: TemplateFile) -> NDArray[np.float64]:
    """f_ν on `rest_grid`, (Z, W), 1 near 5500 Å: means over pixels, so that narrow lines keep their flux."""
    edges = np.exp(np.log(rest_grid()[0]) + LN_STEP * (np.arange(len(rest_grid()) + 1) - 0.5))
    wave = template.wavelength
    photons = template.f_lambda * wave  # ∫ f_ν d ln λ ∝ ∫ f_λ λ dλ
    steps = 0.5 * (photons[:, 1:] + photons[:, :-1]) * np.diff(wave)
    total = np.concatenate([np.zeros((len(photons), 1)), np.cumsum(steps, axis=1)], axis=1)
    f_nu = np.stack([np.diff(np.interp(edges, wave, row)) for row in total]) / LN_STEP
    if (f_nu < 0).any() or not (_mean(f_nu, 5400.0, 5600.0) > 0).all() or not (_mean(f_nu, 2700.0, 2900.0) > 0).all():
        raise InputFileError(f"template '{path}' needs light of galaxies: none below 0, some at 2800 and 5500 Å")
    return np.asarray(f_nu / _mean(f_nu, 5400.0, 5600.0)[:, None])


def _mean(f_nu: NDArray[np.float64], first: float, last: float) -> NDArray[np.float64]:
    """Mean of spectra between two wavelengths in Å."""
    return np.asarray(f_nu[..., pixel_at(first) : pixel_at(last)].mean(axis=-1))
