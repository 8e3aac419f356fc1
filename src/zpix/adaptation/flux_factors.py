"""By how much are the fluxes of each band of a field wrong, if its galaxies have spectra such as the model was taught?

The sums of each galaxy with a spectrum are compared with those of simulated galaxies of its brightness and size, with
spectra drawn at its redshift. What of a difference the spectra of galaxies can make themselves says little of the
band; the rest, over many redshifts, is the band's. With y the logarithms of a galaxy's sums less the mean μ of the
simulated ones, and C their covariance, the factors f have the maximum of Σ ln N(y; ln f, C), where galaxies that no
factor explains count less (Student's t). Brightness is free, so the mean of ln f over the bands is zero.

The galaxies of a field are also redder or bluer on average than those of any family, which many spectra do not average
out. So the mean of the colours may be off by a quarter of their scatter, and factors are a few per cent: the estimate m
with covariance V becomes f² (f² + s² C + V)⁻¹ m with f = 5 % and s = 1/4. It keeps what stands out from band to band,
and little of a slope over all bands. The error is by how much it differs from zero by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from zpix.adaptation.field_sources import FieldSources
from zpix.config import ModelConfig, SimulationConfig, override
from zpix.outputs import TextTable
from zpix.scenes.other_spectra import other_fluxes
from zpix.training.separate_sums import GALAXY_KINDS, SeparateSums

Floats = NDArray[np.float64]

_LEAST_SNR = 8.0  # of a sum that is compared
_FEWEST_BANDS = 4
_MOST_GALAXIES = 800  # more do not say more than the families do
_DRAWS = 64  # simulated galaxies for each
_WIDER = 2.0  # by which the scatter of their colours is widened
_USUAL = 0.05  # scatter of factors that is expected
_OFF = 0.25  # by which part of the scatter of colours their mean may be off
_SOFT = 0.03  # scatter of each band that no simulation has
_FREE = 3.0  # scatter of brightness
_FREEDOM = 4.0  # of Student's t
_RESAMPLES = 50
_SIGNIFICANT = 2.0
_LEAST_ERROR = 0.005


@dataclass(frozen=True)
class FluxFactors:
    """What the fluxes of a field are to be divided by.

    Attributes
    ----------
    bands : tuple of str
        Bands of the model.
    factor, error : (band,) float64
        Fluxes over those of the families of spectra, and the error of that; 1 and infinity where not measured.
    applied : (band,) bool
        Whether it is significant and not too large.
    galaxies : int
        Number of galaxies that were compared.
    """

    bands: tuple[str, ...]
    factor: Floats
    error: Floats
    applied: NDArray[np.bool_]
    galaxies: int

    @property
    def divisor(self) -> Floats:
        """What fluxes are divided by, (band,): 1 where nothing is applied."""
        return np.where(self.applied, self.factor, 1.0)

    def remaining(self, simulation: SimulationConfig) -> SimulationConfig:
        """Give the settings of a mock whose zero points are known as well as the factors are.

        Parameters
        ----------
        simulation : SimulationConfig
            Of the mock.

        Returns
        -------
        SimulationConfig
            With zero points that scatter by the errors of the factors where that is less; unchanged without factors.
        """
        known = np.isfinite(self.error)
        if not known.all():
            return simulation
        scatter_mag = 2.5 / np.log(10) * float(np.sqrt(np.mean((self.error / self.factor) ** 2)))
        return override(
            simulation, zero_point_scatter_mag=min(simulation.zero_point_scatter_mag, round(scatter_mag, 4))
        )

    def named(self) -> dict[str, float]:
        """Give the factors that are applied.

        Returns
        -------
        dict of str to float
            By band, to four digits.
        """
        return {
            band: float(f"{factor:.4g}")
            for band, factor, used in zip(self.bands, self.factor, self.applied, strict=True)
            if used
        }

    def table(self) -> TextTable:
        """Tabulate them.

        Returns
        -------
        TextTable
            Title, header and rows.
        """
        rows = [
            [band, f"{factor:.3f} ±{error:.3f}" if np.isfinite(error) else "-", "yes" if used else "no"]
            for band, factor, error, used in zip(self.bands, self.factor, self.error, self.applied, strict=True)
        ]
        title = f"Fluxes over those of the families of spectra, {self.galaxies} galaxies"
        return title, ["band", "factor", "divided by it"], rows

    @staticmethod
    def none(bands: tuple[str, ...]) -> FluxFactors:
        """Give factors of a field that are not known.

        Parameters
        ----------
        bands : tuple of str
            Bands of the model.

        Returns
        -------
        FluxFactors
            Ones.
        """
        n = len(bands)
        return FluxFactors(bands, np.ones(n), np.full(n, np.inf), np.zeros(n, bool), 0)


def solve_flux_factors(
    sources: FieldSources,
    redshift: NDArray[np.floating],
    mock: SeparateSums,
    *,
    model: ModelConfig,
    simulation: SimulationConfig,
    largest: float,
    seed: int,
) -> FluxFactors:
    """Solve for the flux factor of each band.

    Parameters
    ----------
    sources : FieldSources
        N sources with spectra.
    redshift : (N,) float
        Their redshifts.
    mock : SeparateSums
        Simulated galaxies, observed as the field is.
    model : ModelConfig
        Bands, and weights of the photometry.
    simulation : SimulationConfig
        Families of spectra. With several each gives factors of its own, whose scatter is part of the error.
    largest : float
        Largest correction that is applied.
    seed : int
        Of the random choices.

    Returns
    -------
    FluxFactors
        Their values, errors, and which are applied.
    """
    reference = len(model.gaussian_sigmas_pix) - 1  # the widest weight, which a wrong PSF changes least
    rng = np.random.default_rng([seed, 41])
    good = (sources.noise[:, :, reference] > 0) & (
        sources.total[:, :, reference] > _LEAST_SNR * sources.noise[:, :, reference]
    )
    rows = np.flatnonzero(good.sum(1) >= min(_FEWEST_BANDS, len(model.bands)))
    if len(rows) > _MOST_GALAXIES:
        rows = np.sort(rng.choice(rows, _MOST_GALAXIES, replace=False))
    if len(rows) < 2 * len(model.bands):
        return FluxFactors.none(model.bands)
    seen, z, good = sources[rows], np.asarray(redshift, np.float64)[rows], good[rows]
    like = _alike(seen, mock, reference)
    solved, scattered = [], []
    for family in simulation.spectra:
        own = override(simulation, spectra={family[0]: 1.0})
        value, error = _of_family(seen, z, good, mock, like, model, own, reference, rng)
        solved.append(value)
        scattered.append(error)
    families = np.array(solved)
    spread = families.std(0, ddof=1) if len(families) > 1 else 0.0
    log_factor = np.average(families, axis=0, weights=[share for _, share in simulation.spectra])
    error = np.sqrt(np.max(scattered, axis=0) ** 2 + spread**2 + _LEAST_ERROR**2)
    known = good.sum(0) >= max(2 * len(model.bands), 10)
    error = np.where(known, error, np.inf)
    factor = np.where(known, np.exp(log_factor), 1.0)
    applied = (np.abs(log_factor) > _SIGNIFICANT * error) & (np.abs(factor - 1) < largest)
    return FluxFactors(model.bands, factor, error, applied, len(rows))


def _alike(seen: FieldSources, mock: SeparateSums, reference: int) -> NDArray[np.int64]:
    """Rows (N, draw) of simulated galaxies of nearly the brightness and size of each source."""
    total = (mock.response * mock.flux[:, :, None] + mock.others)[:, :, reference].numpy()
    ours = _brightness_and_size(total, mock.sigma[:, :, reference].numpy(), mock.size.numpy())
    theirs = _brightness_and_size(seen.total[:, :, reference], seen.noise[:, :, reference], seen.size)
    _, rows = cKDTree(ours).query(theirs, k=min(_DRAWS, len(ours)))
    return np.asarray(rows).reshape(len(seen), -1)


def _brightness_and_size(
    total: NDArray[np.floating], noise: NDArray[np.floating], size: NDArray[np.floating]
) -> Floats:
    """Places (N, 2) of sources in brightness and size, of like scales."""
    light = np.where(noise > 0, total, 0.0).max(1)
    side = np.log(np.maximum(size, 1.0)).mean(1)
    return np.column_stack([np.log(np.maximum(light, 1e-3)), 2 * side]).astype(np.float64)


def _of_family(
    seen: FieldSources,
    z: Floats,
    good: NDArray[np.bool_],
    mock: SeparateSums,
    like: NDArray[np.int64],
    model: ModelConfig,
    simulation: SimulationConfig,
    reference: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Logarithms of the factors by spectra of one family, and their errors."""
    n, draws = like.shape
    drawn = mock.of(torch.from_numpy(like.ravel()))
    flux = other_fluxes(
        rng, kind=np.array(GALAXY_KINDS)[drawn.kind.numpy()], mag=drawn.magnitude.numpy().astype(float),
        z=np.repeat(z, draws), ebv=np.repeat(seen.dust.astype(float), draws), bands=model.bands, config=simulation,
    )  # fmt: skip
    sums = drawn.response[:, :, reference].numpy() * flux + drawn.others[:, :, reference].numpy()
    floor = 0.1 * np.where(seen.noise[:, :, reference] > 0, seen.noise[:, :, reference], 1.0)
    light = np.log(np.maximum(sums.reshape(n, draws, -1), floor[:, None]))
    noise = seen.noise[:, :, reference] / np.maximum(seen.total[:, :, reference], 1e-6)
    differences, precisions = [], []
    colours, pairs = (np.zeros((len(model.bands),) * 2) for _ in range(2))
    for row in range(n):
        own = np.flatnonzero(good[row])
        shapes = light[row][:, own] - light[row][:, own].mean(1, keepdims=True)
        y = np.log(seen.total[row, own, reference])
        scatter = np.atleast_2d(np.cov(shapes, rowvar=False))
        colours[np.ix_(own, own)] += scatter
        pairs[np.ix_(own, own)] += 1
        covariance = _WIDER**2 * scatter + _FREE**2
        covariance[np.diag_indices(len(own))] += _SOFT**2 + noise[row, own] ** 2
        difference, precision = np.zeros(len(model.bands)), np.zeros((len(model.bands),) * 2)
        difference[own] = y - y.mean() - shapes.mean(0)
        precision[np.ix_(own, own)] = np.linalg.inv(covariance)
        differences.append(difference)
        precisions.append(precision)
    value, scatter = _robust(np.array(differences), np.array(precisions), good.sum(1), rng)
    return _expected(value, scatter, _OFF**2 * colours / np.maximum(pairs, 1))


def _robust(
    difference: Floats, precision: Floats, count: NDArray[np.integer], rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Logarithms of factors, whose mean is zero, from those of N galaxies, and covariance by resampling galaxies."""
    pulled = np.einsum("nij,nj->ni", precision, difference)

    def solved(rows: NDArray[np.integer]) -> Floats:
        value = np.zeros(difference.shape[1])
        for _ in range(15):
            left = difference[rows] - value
            distance = np.einsum("ni,nij,nj->n", left, precision[rows], left)
            weight = (_FREEDOM + count[rows]) / (_FREEDOM + distance)
            matrix = np.einsum("n,nij->ij", weight, precision[rows])
            vector = weight @ pulled[rows]
            value = np.linalg.solve(matrix + 1e-3 * np.ones_like(matrix) + 1e-6 * np.eye(len(matrix)), vector)
            value = value - value.mean()
        return value

    n = len(difference)
    samples = [solved(rng.integers(0, n, n)) for _ in range(_RESAMPLES)]
    return solved(np.arange(n)), np.cov(samples, rowvar=False)


def _expected(value: Floats, scatter: Floats, off: Floats) -> tuple[Floats, Floats]:
    """Logarithms of factors that are to be expected, and by how much they differ from zero by chance."""
    prior = _USUAL**2 * np.eye(len(value))
    size, axes = np.linalg.eigh(off)  # of pairs of bands, each over the galaxies that have both: perhaps no covariance
    off = (axes * np.maximum(size, 0.0)) @ axes.T
    gain = prior @ np.linalg.inv(prior + scatter + off)
    expected = gain @ value
    return expected - expected.mean(), np.sqrt(np.diag(gain @ (scatter + off) @ gain.T))
