"""Detections and catalogues to test with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from astropy.wcs import WCS

from zpix.catalogue import Catalogue, Photometry, build_catalogue
from zpix.sources import GALAXY, STAR, Detections, ZMixture

BANDS = ("F090W", "F277W", "F444W")


def random_mixture(n: int, k: int, rng: np.random.Generator) -> ZMixture:
    """Mixtures of a broad range of redshifts, some reaching below zero."""
    return ZMixture(
        rng.dirichlet(np.ones(k), n).reshape(n, k), rng.uniform(0, 12, (n, k)), rng.uniform(0.02, 0.5, (n, k))
    )


@pytest.fixture
def make_detections() -> Callable[..., Detections]:
    """`make(boxes, masks=None)`: detections with these boxes; masks are full by default."""

    def make(boxes, masks=None, *, score=None, k: int = 3, seed: int = 0) -> Detections:
        rng = np.random.default_rng(seed)
        boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
        n = len(boxes)
        return Detections(
            box=boxes,
            score=np.full(n, 0.9, np.float32) if score is None else np.asarray(score, np.float32),
            label=np.where(np.arange(n) % 4 == 3, STAR, GALAXY).astype(np.int64),
            class_probability=np.stack([np.zeros(n), rng.random(n)], axis=1).astype(np.float32),
            mask=np.ones((n, 28, 28), np.float32) if masks is None else np.asarray(masks, np.float32),
            redshift=random_mixture(n, k, rng),
        )

    return make


@pytest.fixture
def make_catalogue(make_detections) -> Callable[..., Catalogue]:
    """`make(n)`: a catalogue of n sources with a few bands not observed."""

    def make(n: int = 7, *, k: int = 3, detections: Detections | None = None, **options) -> Catalogue:
        rng = np.random.default_rng(n)
        corner = rng.uniform(0, 200, (n, 2))
        boxes = np.hstack([corner, corner + rng.uniform(4, 30, (n, 2))])
        detections = detections or make_detections(boxes, k=k)
        flux = rng.normal(100, 30, (n, 3)).astype(np.float32)
        flux[: n // 2, 0] = np.nan
        photometry = Photometry(
            centre_xy=detections.centre_xy.astype(np.float64),
            flux=flux,
            flux_error=(np.abs(flux) / 10).astype(np.float32),
            n_bands=np.isfinite(flux).sum(1).astype(np.int16),
            n_pix=rng.integers(1, 200, n).astype(np.int32),
            edge=rng.random(n) < 0.3,
            saturated=np.zeros(n, bool),
        )
        return build_catalogue(
            detections,
            photometry,
            bands=BANDS,
            ra=53 + rng.random(n),
            dec=-27 - rng.random(n),
            ebv=np.full(n, 0.01),
            blended=rng.random(n) < 0.3,
            z_range=(0.0, 15.0),
            meta={"model": "a 'quoted' name, " + "long " * 40, "mosaic_shape": [300, 300], "depth": 29.5},
            **options,
        )

    return make


@pytest.fixture
def wcs() -> WCS:
    """North up, east left, 0.03 arcsec per pixel."""
    result = WCS(naxis=2)
    result.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    result.wcs.crval = [53.1, -27.8]
    result.wcs.crpix = [100.5, 100.5]
    result.wcs.cdelt = [-0.03 / 3600, 0.03 / 3600]
    return result
