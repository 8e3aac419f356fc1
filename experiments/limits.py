"""What makes redshifts from pixels worse than the ceiling? Redshifts from less and less ideal photometry.

    python experiments/limits.py --out limits

One network is trained on one set of galaxies of simulated skies, with the uneven exposure of the mock's fields and new
noise in every epoch. From row to row its fluxes are closer to those that an image gives:

1. total fluxes with the noise of an aperture of 0.15 arcsec, whatever the size of the galaxy: the ceiling
2. total fluxes with the noise of a matched filter, the galaxy's own light in each band: the limit of any image
3. sums under the Gaussian weights of the redshift head, of the galaxy's own light
4. the same with its neighbours' light
5. the same with the residual constant of the sky

Galaxies that have less than half of the light at their own centre are left out, since they are not detected. One sky in
ten is for the test. Existing skies are not drawn again.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.config import ModelConfig, SimulationConfig
from zpix.evaluation import redshift_sample, score_redshifts
from zpix.image import JADES_BANDS, Region
from zpix.outputs import whole_file
from zpix.progress import in_order, progress_bar
from zpix.scenes import Population, draw_population
from zpix.scenes.noise import deep_error, draw_noise, electrons_per_njy, noise_over_error
from zpix.scenes.render import Stamp, render
from zpix.scenes.stamp_sizes import drawn_in_parts, stamp_sizes
from zpix.sources import GALAXY
from zpix.sources.rows import Rows

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.ceiling import aperture_noise, relative_errors, summed_noise
from experiments.colour_network import CeilingSettings, ceiling_redshifts, fit_ceiling

_SIDE_PIX, _MARGIN_PIX = 1024, 64  # of a sky; galaxies in its margin lack neighbours
_REACH_PIX = 16  # of the weights, half a cutout
_TEST_EVERY = 10
_LIMITS = ((0.0, 27.0), (0.0, 28.0), (27.0, 28.0), (28.0, 29.0))
_SIGMAS = np.array(ModelConfig().gaussian_sigmas_pix)
_OFFSETS_PIX = np.arange(2 * _REACH_PIX) - _REACH_PIX + 0.5
_ALONG = np.exp(-0.5 * _OFFSETS_PIX**2 / _SIGMAS[:, None] ** 2)  # weights along one axis, (weight, pixel)


@dataclass(frozen=True)
class Light(Rows):
    """Light of N galaxies and of their neighbours.

    Attributes
    ----------
    z, mag : (N,) float64
        Redshift and F444W magnitude.
    total : (N, band) float64, nJy
        Total flux.
    pixels : (N, band) float64
        Noise pixels of the galaxy's own light, 1 / Σ p² of its normalised image.
    own, others : (N, band, weight) float64, nJy
        Sums under Gaussian weights around the galaxy's true centre, of its own and of its neighbours' light.
    own_photons, others_photons : (N, band, weight) float64, nJy²
        Variances of these sums by photon noise.
    """

    z: NDArray[np.float64]
    mag: NDArray[np.float64]
    total: NDArray[np.float64]
    pixels: NDArray[np.float64]
    own: NDArray[np.float64]
    others: NDArray[np.float64]
    own_photons: NDArray[np.float64]
    others_photons: NDArray[np.float64]


def main() -> None:
    """Draw the skies, train and test the network on each photometry, and write the scores."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="directory of skies and scores")
    options.add_argument("--skies", type=int, default=400, help="of 30 × 30 arcsec; one in ten is for the test")
    options.add_argument("--seed", type=int, default=6000)
    options.add_argument("--faintest", type=float, default=29.5, help="F444W magnitude")
    options.add_argument("--epochs", type=int, default=14)
    options.add_argument("--workers", type=int, default=1, help="processes that draw")
    asked = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    asked.out.mkdir(parents=True, exist_ok=True)
    files = drawn(asked.out, skies=asked.skies, seed=asked.seed, faintest=asked.faintest, workers=asked.workers)
    found = measure(files, settings=CeilingSettings(components=8, learning_rate=2e-3, epochs=asked.epochs))
    (asked.out / "limits.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(table(found))


def drawn(out: Path, *, skies: int, seed: int, faintest: float, workers: int) -> list[Path]:
    """Return files of the light of so many skies, which are drawn where they are missing."""
    files = [out / f"light-{seed}-{faintest:g}-{index:05d}.npz" for index in range(skies)]
    missing = [(index, path) for index, path in enumerate(files) if not path.exists()]
    draw = partial(_draw, seed=seed, faintest=faintest)
    with progress_bar("drawing skies", skies, done=skies - len(missing)) as bar:
        for _ in _done(draw, missing, workers):
            bar.advance()
    return files


def _done(draw: Callable[[tuple[int, Path]], None], jobs: list[tuple[int, Path]], workers: int) -> Iterator[None]:
    """Do every job in this process or in several."""
    if workers == 1:
        yield from map(draw, jobs)
        return
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        yield from in_order(pool, draw, iter(jobs), ahead=2 * workers)


def _draw(job: tuple[int, Path], *, seed: int, faintest: float) -> None:
    """Draw one sky into its file."""
    index, path = job
    light = light_of_sky(seed, index, faintest=faintest)
    with whole_file(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, **vars(light))


def light_of_sky(seed: int, index: int, *, faintest: float) -> Light:
    """Draw one sky; return the light of the galaxies that could be detected."""
    config = SimulationConfig()
    rng = np.random.default_rng([seed, index])
    population = draw_population(rng, width_pix=_SIDE_PIX, height_pix=_SIDE_PIX, config=config)
    fluxes = population.fluxes(JADES_BANDS)
    sky = Region.whole((_SIDE_PIX, _SIDE_PIX))
    measured = sky.grown(-_MARGIN_PIX)
    wanted = (population.label == GALAXY) & (population.mag < faintest) & measured.contains(population.x, population.y)
    everything = np.zeros((len(JADES_BANDS), *sky.shape), np.float32)
    rows, pixels, own = [], [], []
    for stamp in _stamps(population, fluxes, config):
        shared = sky.intersection(stamp.region)
        part = stamp.light[(slice(None), *shared.shifted(-stamp.region.x0, -stamp.region.y0).slices)]
        everything[(slice(None), *shared.slices)] += part
        if wanted[stamp.row]:
            rows.append(stamp.row)
            pixels.append(_noise_pixels(stamp.light))
            own.append(_sums(stamp, population.x[stamp.row], population.y[stamp.row]))
    whole = [_sums(Stamp(row, sky, everything), population.x[row], population.y[row]) for row in rows]
    by_kind = (len(rows), 2, len(JADES_BANDS), len(_SIGMAS))
    (light, photons), (all_light, all_photons) = (np.reshape(sums, by_kind).swapaxes(0, 1) for sums in (own, whole))
    weights = deep_error(JADES_BANDS) ** -2.0
    found = np.einsum("nb,b->n", light[:, :, 1] - 0.5 * all_light[:, :, 1], weights) > 0
    return Light(
        z=population.z[rows], mag=population.mag[rows], total=fluxes[rows].astype(float),
        pixels=np.reshape(pixels, (len(rows), len(JADES_BANDS))),
        own=light, others=all_light - light, own_photons=photons, others_photons=all_photons - photons,
    )[found]  # fmt: skip


def _stamps(population: Population, fluxes: NDArray[np.float32], config: SimulationConfig) -> Iterator[Stamp]:
    """Render each source as the mock does."""
    scale, sigma = config.pixel_scale_arcsec, deep_error(JADES_BANDS)
    in_parts = np.flatnonzero(drawn_in_parts(population, fluxes, sigma, bands=JADES_BANDS, pixel_scale_arcsec=scale))
    shares = population[in_parts].part_shares(JADES_BANDS)
    sizes = stamp_sizes(population, fluxes, sigma, bands=JADES_BANDS, pixel_scale_arcsec=scale)
    return render(
        population, fluxes, bands=JADES_BANDS, sizes=sizes,
        pixel_scale_arcsec=scale, psf_angle_deg=0.0, part_shares=dict(zip(in_parts.tolist(), shares, strict=True)),
    )  # fmt: skip


def _noise_pixels(light: NDArray[np.float32]) -> NDArray[np.float64]:
    """Noise pixels of a matched filter, (Σ p)² / Σ p², (band,); where a galaxy is dark, those of the brightest band."""
    flux, squares = light.sum((1, 2), dtype=float), np.square(light, dtype=float).sum((1, 2))
    pixels = flux**2 / np.maximum(squares, 1e-300)
    return np.where(squares > 1e-12 * squares.max(), pixels, pixels[squares.argmax()])


def _sums(stamp: Stamp, x: float, y: float) -> NDArray[np.float64]:
    """Sums of light under Gaussian weights around a position, and their photon variances, (2, band, weight)."""
    middle = Region(round(x) - _REACH_PIX, round(y) - _REACH_PIX, round(x) + _REACH_PIX, round(y) + _REACH_PIX)
    near = middle.intersection(stamp.region)
    light = stamp.light[(slice(None), *near.shifted(-stamp.region.x0, -stamp.region.y0).slices)]
    along_y, along_x = (
        np.exp(-0.5 * (np.arange(low, high) - at) ** 2 / _SIGMAS[:, None] ** 2)
        for low, high, at in ((near.y0, near.y1, y), (near.x0, near.x1, x))
    )
    electrons = electrons_per_njy(JADES_BANDS)[:, None]
    variance = np.einsum("byx,sy,sx->bs", light, along_y**2, along_x**2) / electrons
    return np.stack([np.einsum("byx,sy,sx->bs", light, along_y, along_x), variance])


@cache
def sky_covariance(*, constant: float) -> NDArray[np.float64]:
    """Compute the covariance in nJy² of the noise of sums under the weights, (band, weight, weight).

    Parameters
    ----------
    constant : float
        Rms of the residual constant of the sky, in units of the error image.

    Returns
    -------
    (band, weight, weight) float64, nJy²
        The covariance.
    """
    rng, count = np.random.default_rng(0), 0
    covariance = np.zeros((len(JADES_BANDS), len(_SIGMAS), len(_SIGMAS)))
    for _ in range(16):
        noise = draw_noise(rng, (512, 512), bands=JADES_BANDS, correlated=True)
        windows = noise.reshape(len(noise), 16, 32, 16, 32)
        sums = np.einsum("biyjx,sy,sx->bijs", windows, _ALONG, _ALONG, optimize=True).reshape(
            len(noise), -1, len(_SIGMAS)
        )
        covariance += np.einsum("bns,bnt->bst", sums, sums)
        count += sums.shape[1]
    error = deep_error(JADES_BANDS)
    rms = (error * noise_over_error(JADES_BANDS))[:, None, None]
    area = _ALONG.sum(1) ** 2
    return covariance / count * rms**2 + (constant * error)[:, None, None] ** 2 * np.outer(area, area)


def measure(files: list[Path], *, settings: CeilingSettings) -> dict[str, object]:
    """Train and test the network on each photometry; return the scores as JSON values."""
    lights = [Light(**np.load(path)) for path in files]
    test = Light.concatenate(lights[_TEST_EVERY - 1 :: _TEST_EVERY])
    training = Light.concatenate(
        [light for number, light in enumerate(lights) if number % _TEST_EVERY < _TEST_EVERY - 1]
    )
    scores = {}
    depth, test_depth = (relative_errors(number, len(light)) for number, light in enumerate((training, test)))
    for name, photometry in PHOTOMETRY.items():
        learnt, tested = photometry(training).exposed(depth), photometry(test).exposed(test_depth)
        network = fit_ceiling(
            learnt.flux, learnt.noise, training.z, seed=0, told_njy=learnt.told, settings=settings,
            correlation=learnt.correlation,
        )  # fmt: skip
        mixture = ceiling_redshifts(
            network, tested.flux, tested.noise, seed=1, told_njy=tested.told, correlation=tested.correlation
        )
        sample, rng = redshift_sample(mixture, mixture.least_risk(), test.z), np.random.default_rng(2)
        scores[name] = {
            f"{low:g}-{high:g}" if low else f"< {high:g}": asdict(
                score_redshifts(sample[(test.mag >= low) & (test.mag < high)], rng=rng)
            )
            for low, high in _LIMITS
        }
        logging.info("%s: σ_NMAD %.4f (< 28)", name, scores[name]["< 28"]["sigma_nmad"]["value"])
    return {"galaxies": len(training), "test_galaxies": len(test), "settings": asdict(settings), "scores": scores}


@dataclass(frozen=True)
class Photometry:
    """Photometry of N galaxies before noise is added.

    Attributes
    ----------
    flux, noise : (N, band[, weight]) float64, nJy
        Fluxes and their errors.
    told : array of the same shape, nJy
        Errors without the photon noise of the galaxy, which is unknown.
    correlation : (band, weight, weight) float64, optional
        Correlation of the errors; independent by default.
    """

    flux: NDArray[np.float64]
    noise: NDArray[np.float64]
    told: NDArray[np.float64]
    correlation: NDArray[np.float64] | None = None

    def exposed(self, depth: NDArray[np.float64]) -> Photometry:
        """Scale the errors, which are those of the deep field, by factors (N, band)."""
        factor = np.expand_dims(depth, tuple(range(2, self.noise.ndim)))
        return replace(self, noise=self.noise * factor, told=self.told * factor)


def _aperture(light: Light) -> Photometry:
    """Total fluxes with the noise of an aperture."""
    return Photometry(light.total, aperture_noise(light.total), aperture_noise(0 * light.total))


def _matched(light: Light) -> Photometry:
    """Total fluxes with the noise of a matched filter."""
    size = light.pixels.mean(1, keepdims=True)  # the network is told the mean size, not that of each band
    return Photometry(light.total, summed_noise(light.total, light.pixels), summed_noise(0 * light.total, size))


def _under_weights(light: Light, *, neighbours: bool, constant: float) -> Photometry:
    """Sums under the weights of the redshift head."""
    covariance = sky_covariance(constant=constant)
    rms = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))  # (band, weight)
    # the mock's noise, with that of the photons, is correlated and not that of error images
    white = deep_error(JADES_BANDS)[:, None] ** 2 * np.square(_ALONG).sum(1) ** 2
    more = np.diagonal(sky_covariance(constant=0.0), axis1=1, axis2=2) / white
    photons = more * (light.own_photons + neighbours * light.others_photons)
    return Photometry(
        light.own + neighbours * light.others,
        np.sqrt(rms**2 + np.maximum(photons, 0)),
        np.broadcast_to(rms, photons.shape),
        covariance / (rms[:, :, None] * rms[:, None, :]),
    )


PHOTOMETRY: dict[str, Callable[[Light], Photometry]] = {
    "total fluxes, aperture of 0.15″": _aperture,
    "total fluxes, matched filter": _matched,
    "own light under the weights": partial(_under_weights, neighbours=False, constant=0.0),
    "and neighbours'": partial(_under_weights, neighbours=True, constant=0.0),
    "and what is left of the sky": partial(
        _under_weights, neighbours=True, constant=SimulationConfig().sky_residual_sigma
    ),
}


def table(found: dict) -> str:
    """Format scatter and outliers of each photometry as a Markdown table."""
    names = list(next(iter(found["scores"].values())))
    lines = ["| photometry | " + " | ".join(f"F444W {name}" for name in names) + " |", "|---" * (len(names) + 1) + "|"]
    for photometry, scores in found["scores"].items():
        cells = [
            "{:.4f} ± {:.4f}, {:.3f} ± {:.3f}".format(*(
                scores[name][key][part] for key in ("sigma_nmad", "outlier_fraction") for part in ("value", "error")
            ))
            for name in names
        ]  # fmt: skip
        lines.append(f"| {photometry} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
