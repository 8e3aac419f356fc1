"""How good can redshifts from nine fluxes be, if the population is known and the photometry is perfect?

    python experiments/ceiling.py --out ceiling.json

A network of a few layers is trained on true fluxes with the mock's noise in an aperture of 0.15 arcsec, of as many
galaxies as zpix is trained on, and tested on other galaxies of the same sky. Exposure is as uneven as in the mock's
fields. Populations are drawn but not rendered.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zpix.config import SimulationConfig
from zpix.evaluation import redshift_sample, score_redshifts
from zpix.image import JADES_BANDS, Region
from zpix.scenes import Population, draw_population
from zpix.scenes.coverage import Coverage
from zpix.scenes.noise import deep_error, depth_variation, electrons_per_njy, noise_over_error, white_equivalent
from zpix.sources import GALAXY

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from experiments.colour_network import CeilingSettings, ceiling_redshifts, fit_ceiling

_PIXEL_ARCSEC = 0.03
_CELL_PIX = 8192  # 16.8 arcmin²
#: Share of the light of a point source in F444W within 0.15 arcsec; errors of total fluxes are divided by it.
_ENCLOSED = 0.666
_WINDOW_PIX, _PLACES = 128, 100  # side of a window of the sky, and the number of pixels that errors are taken from
_MAG_BINS = ((0.0, 27.0), (0.0, 28.0), (27.0, 28.0), (28.0, 29.0))
#: Half-light radius in arcsec above which a galaxy is extended: the median of galaxies at the limit.
EXTENDED = 0.15


def draw_galaxies(seed: int, count: int, *, faintest: float) -> Population:
    """Draw `count` galaxies brighter than `faintest` in F444W, with the sky's own distribution of redshifts."""
    config = SimulationConfig(limit_mag=faintest)
    parts, found = [], 0
    for cell in range(10_000):
        rng = np.random.default_rng([seed, cell])
        population = draw_population(rng, width_pix=_CELL_PIX, height_pix=_CELL_PIX, config=config)
        population = population[population.label == GALAXY]
        parts.append(population)
        found += len(population)
        if found >= count:
            break
    return Population.concatenate(parts)[:count]


def relative_errors(seed: int, count: int) -> NDArray[np.float64]:
    """Draw errors at `count` positions of the mock's fields in units of the deep field's, (count, band).

    They vary by dithers, gaps between chips and the smooth variation of depth; positions that lack a band are left out.
    """
    config, window = SimulationConfig(), Region.whole((_WINDOW_PIX, _WINDOW_PIX))
    parts, found = [], 0
    for sky in range(1_000_000):
        rng = np.random.default_rng([seed, sky, 1])
        own_seed, angle = int(rng.integers(1 << 62)), 20.0 * rng.integers(3)
        exposure = Coverage(own_seed, JADES_BANDS, angle, config).exposure(window)
        variation = depth_variation(rng, window, rms=config.depth_structure)
        y, x = rng.integers(0, _WINDOW_PIX, (2, _PLACES))
        time = exposure[:, y, x].T.astype(float)
        seen = (time > 0).all(1)
        parts.append(variation[y, x][seen, None] / np.sqrt(time[seen]))
        found += len(parts[-1])
        if found >= count:
            break
    return np.concatenate(parts)[:count]


def aperture_noise(fluxes: NDArray[np.float64], *, radius_arcsec: float = 0.15) -> NDArray[np.float64]:
    """Compute errors in nJy of total fluxes (N, band) from a circular aperture in the deep field, (N, band)."""
    pixels = np.pi * (radius_arcsec / _PIXEL_ARCSEC) ** 2
    return summed_noise(fluxes * _ENCLOSED, pixels) / _ENCLOSED


def summed_noise(fluxes: NDArray[np.float64], pixels: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the noise in nJy of sums over so many pixels with `fluxes` (N, band), from the sky and the photons.

    It is that of a large aperture. In one of 0.15 arcsec, which is smaller than the correlation length of the noise, it
    is up to a fifth less.
    """
    rms = noise_over_error(JADES_BANDS) * white_equivalent(JADES_BANDS)  # as `Sky` adds it, of the error image
    photons = np.maximum(fluxes, 0) / electrons_per_njy(JADES_BANDS)
    return rms * np.sqrt(deep_error(JADES_BANDS) ** 2 * pixels + photons)


def main() -> None:
    """Draw the galaxies, train and test the network, and write the scores."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="JSON file of the scores")
    options.add_argument("--galaxies", type=int, default=100_000, help="galaxies to train on")
    options.add_argument("--test-galaxies", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=5000, help="of the training sky; the test sky has the next")
    options.add_argument("--faintest", type=float, default=29.5, help="F444W magnitude")
    options.add_argument("--epochs", type=int, default=CeilingSettings.epochs)
    asked = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    settings = CeilingSettings(epochs=asked.epochs)
    found = measure_ceiling(
        galaxies=asked.galaxies, test_galaxies=asked.test_galaxies, seed=asked.seed, faintest=asked.faintest,
        settings=settings,
    )  # fmt: skip
    asked.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for name, scores in found["scores"].items():
        logging.info(
            "F444W %s: %d galaxies, σ_NMAD %.4f ± %.4f, outliers %.4f ± %.4f, in 68 %% %.3f, CRPS %.3f, CDE %.2f",
            name, scores["count"], *scores["sigma_nmad"].values(), *scores["outlier_fraction"].values(),
            scores["coverage_68"]["value"], scores["crps"]["value"], scores["cde_loss"]["value"],
        )  # fmt: skip


def measure_ceiling(
    *,
    galaxies: int,
    test_galaxies: int,
    seed: int,
    faintest: float,
    settings: CeilingSettings,
) -> dict[str, object]:
    """Return scores on the test sky by magnitude and size, and the settings, as JSON values."""
    started = time.monotonic()
    sets = [
        draw_galaxies(seed + offset, count, faintest=faintest) for offset, count in enumerate((galaxies, test_galaxies))
    ]
    fluxes = [population.fluxes(JADES_BANDS).astype(float) for population in sets]
    depth = [relative_errors(seed + offset, len(population)) for offset, population in enumerate(sets)]
    noise, told = (
        [aperture_noise(flux) * errors for flux, errors in zip(seen, depth, strict=True)]
        for seen in (fluxes, [np.zeros_like(flux) for flux in fluxes])  # the network is told the noise of the sky alone
    )
    logging.info("drew %d and %d galaxies in %.0f s", *map(len, sets), time.monotonic() - started)
    network = fit_ceiling(fluxes[0], noise[0], sets[0].z, seed=seed, told_njy=told[0], settings=settings)
    mixture = ceiling_redshifts(network, fluxes[1], noise[1], seed=seed + 2, told_njy=told[1])
    sample = redshift_sample(mixture, mixture.least_risk(), sets[1].z)
    within = {
        f"{low:g}-{high:g}" if low else f"< {high:g}": (sets[1].mag >= low) & (sets[1].mag < high)
        for low, high in _MAG_BINS
    }
    extended = sets[1].re_arcsec >= EXTENDED
    within |= {"27-28, compact": within["27-28"] & ~extended, "27-28, extended": within["27-28"] & extended}
    rng = np.random.default_rng([seed, 2])
    scores = {name: asdict(score_redshifts(sample[own], rng=rng)) for name, own in within.items()}
    return {
        "galaxies": len(sets[0]),
        "test_galaxies": len(sets[1]),
        "seed": seed,
        "faintest": faintest,
        "settings": asdict(settings),
        "noise_njy": dict(zip(JADES_BANDS, np.median(noise[1], axis=0).round(4).tolist(), strict=True)),
        "seconds": round(time.monotonic() - started),
        "scores": scores,
    }


if __name__ == "__main__":
    main()
