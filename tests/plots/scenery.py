"""A catalogue with its truth, and a figure drawn to the end."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from zpix.catalogue import Catalogue, Photometry, build_catalogue
from zpix.evaluation import Truth
from zpix.plots import (
    save_figure,
)
from zpix.sources import GALAXY, STAR, Detections, ZMixture


def drawn(figure: Figure, tmp_path) -> Figure:
    """Save the figure, so that everything in it is laid out and drawn."""
    path = save_figure(tmp_path / "figure.png", figure)
    assert path.read_bytes()[:4] == b"\x89PNG"
    return figure


def some_sources(n: int) -> tuple[Catalogue, Detections, Truth]:
    rng = np.random.default_rng(n)
    corner = rng.uniform(5, 170, (n, 2))
    z = rng.uniform(0.1, 9, n)
    detections = Detections(
        box=np.hstack([corner, corner + rng.uniform(5, 20, (n, 2))]).astype(np.float32),
        score=np.full(n, 0.9, np.float32),
        label=np.where(np.arange(n) % 5 == 4, STAR, GALAXY),
        class_probability=np.zeros((n, 2), np.float32),
        mask=np.ones((n, 14, 14), np.float32),
        redshift=ZMixture(np.ones((n, 1)), z[:, None], np.full((n, 1), 0.2)),
    )
    photometry = Photometry(
        centre_xy=detections.centre_xy.astype(np.float64),
        flux=rng.lognormal(4, 2, (n, 1)).astype(np.float32),
        flux_error=np.ones((n, 1), np.float32),
        n_bands=np.ones(n, np.int16),
        n_pix=np.full(n, 100, np.int32),
        edge=np.zeros(n, bool),
        saturated=np.zeros(n, bool),
    )
    x, y = photometry.centre_xy.T
    ra, dec = 53 - x * 0.03 / 3600, y * 0.03 / 3600
    catalogue = build_catalogue(
        detections,
        photometry,
        bands=["F444W"],
        ra=ra,
        dec=dec,
        ebv=np.zeros(n),
        blended=np.zeros(n, bool),
        z_range=(0, 15),
    )
    truth = Truth(
        ra=ra,
        dec=dec,
        z=z + 0.2 * rng.normal(size=n),
        magnitude=catalogue.magnitude("F444W"),
        is_star=np.zeros(n, bool),
        detectable=np.ones(n, bool),
        xy=np.stack([x, y], 1),
        box=np.full((n, 4), np.nan),
    )
    return catalogue, detections, truth
