"""Small files in the formats of surveys."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np


def write_galaxiesml(path: Path, *, count: int, size: int = 64, seed: int = 0) -> Path:
    """GalaxiesML with `count` round galaxies whose colour is their redshift, in noise that differs between bands."""
    rng = np.random.default_rng(seed)
    redshift = rng.uniform(0.05, 3.0, count)
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    profile = np.exp(-0.5 * (x**2 + y**2) / 3**2)
    total = rng.uniform(3, 10, count)[:, None] * 1.7 ** (np.arange(-2, 3) * (redshift[:, None] - 1.5))
    noise = np.array([0.02, 0.03, 0.04, 0.06, 0.1])
    image = total[..., None, None] * noise[:, None, None] * profile
    image += noise[:, None, None] * rng.normal(size=image.shape)
    with h5py.File(path, "w") as file:
        file["image"] = image.astype(np.float32)
        file["specz_redshift"] = redshift.astype(np.float32)
        file["specz_redshift_err"] = np.full(count, 1e-4, np.float32)
        file["object_id"] = np.arange(count) + 36407037083725040
        for band, flux in zip("grizy", (total * noise).T, strict=True):
            file[f"{band}_cmodel_mag"] = (27 - 2.5 * np.log10(flux)).astype(np.float32)
    return path
