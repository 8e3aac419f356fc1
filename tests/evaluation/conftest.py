"""A catalogue and its truth, made so that the right answers are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from astropy.table import Table

from zpix.catalogue import Catalogue, Photometry, build_catalogue
from zpix.sources import GALAXY, STAR, ConformalIntervals, Detections, ZMixture

SCALE_DEG = 0.03 / 3600
RA0, DEC0 = 53.1, -27.8


def sky(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of pixels on a small piece of sky, east to the left."""
    dec = DEC0 + y * SCALE_DEG
    return RA0 - x * SCALE_DEG / np.cos(np.deg2rad(DEC0)), dec


@pytest.fixture
def make_mixture() -> Callable[..., ZMixture]:
    def make(n: int, *, k: int = 3, seed: int = 0) -> ZMixture:
        rng = np.random.default_rng(seed)
        return ZMixture(rng.dirichlet(np.ones(k), n), rng.uniform(0.2, 9, (n, k)), rng.uniform(0.05, 0.5, (n, k)))

    return make


def apart(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Positions of n sources on a grid, 40 pixels apart, a box of random sides around each, and the field's side."""
    side = int(np.ceil(np.sqrt(n)))
    x, y = 40.0 * (np.arange(n) % side) + 20, 40.0 * (np.arange(n) // side) + 20
    half = rng.integers(4, 9, (n, 2))
    return x, y, np.stack([x, y, x + 1, y + 1], 1) + np.hstack([-half, half]), 40 * side


@pytest.fixture
def make_pair(make_mixture) -> Callable[..., tuple[Catalogue, Table]]:
    """`make(n)`: a perfect catalogue of n sources 40 pixels apart, and the truth table of a simulation.

    Redshifts are drawn from the catalogue's own PDFs, so the PDFs are right, unless they are too narrow by a factor;
    every tenth source is a star.
    """

    def make(
        n: int = 200, *, seed: int = 0, too_narrow: float = 1.0, conformal: ConformalIntervals | None = None
    ) -> tuple[Catalogue, Table]:
        rng = np.random.default_rng(seed)
        x, y, box, side = apart(n, rng)
        star = np.arange(n) % 10 == 9
        mixture = make_mixture(n, seed=seed)
        z = np.where(star, 0.0, mixture.sample(1, rng)[:, 0])
        magnitude = rng.uniform(24, 29.5, n)
        flux = 10 ** (-0.4 * (magnitude - 31.4))
        detections = Detections(
            box=box.astype(np.float32),
            score=np.full(n, 0.9, np.float32),
            label=np.where(star, STAR, GALAXY),
            class_probability=np.stack([~star, star], axis=1).astype(np.float32),
            mask=np.ones((n, 14, 14), np.float32),
            redshift=ZMixture(mixture.weights, mixture.means, mixture.widths / too_narrow),
        )
        ra, dec = sky(x, y)
        photometry = Photometry(
            centre_xy=np.stack([x, y], 1),
            flux=flux[:, None].astype(np.float32),
            flux_error=np.full((n, 1), 0.5, np.float32),
            n_bands=np.ones(n, np.int16),
            n_pix=np.full(n, 80, np.int32),
            edge=np.zeros(n, bool),
            saturated=np.zeros(n, bool),
        )
        catalogue = build_catalogue(
            detections,
            photometry,
            bands=["F444W"],
            ra=ra,
            dec=dec,
            ebv=np.zeros(n),
            blended=np.zeros(n, bool),
            z_range=(0, 15),
            conformal=conformal,
            meta={"mosaic_shape": [side, side]},
        )
        truth = Table(
            {
                "id": np.arange(n) + 1,
                "ra": ra,
                "dec": dec,
                "x": x,
                "y": y,
                "label": np.where(star, STAR, GALAXY).astype(np.int16),
                "z": z,
                "mag_f444w": magnitude.astype(np.float32),
                **dict(zip(("xmin", "ymin", "xmax", "ymax"), box.astype(np.int32).T, strict=True)),
                "detectable": np.ones(n, bool),
            }
        )
        return catalogue, truth

    return make
