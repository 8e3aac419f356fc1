"""Kernels between Gaussian PSFs, and windows of a cutout."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.mock import matching
from tests.experiments.mock.scenery import cutout_of, gaussian
from zpix.image import Region


def test_matching_kernels_make_one_psf_of_two():
    stars = np.stack([gaussian(5.0), gaussian(8.0)])
    kernels = matching.matching_kernels(stars, ("F277W", "F444W"), 0.03)
    y, x = np.indices(kernels[0].shape) - kernels.shape[1] // 2
    width = np.sqrt((kernels[0] * x**2).sum())
    assert width == pytest.approx(np.sqrt(8.0**2 - 5.0**2) / 3, rel=0.05)
    assert kernels[1].max() == 1 and kernels.sum(axis=(1, 2)) == pytest.approx([1, 1])
    assert (kernels[0] * y).sum() == pytest.approx(0, abs=1e-6)


def test_windows_of_a_tile_do_not_overlap():
    cutout = cutout_of(np.arange(3 * 250 * 400, dtype=float).reshape(3, 250, 400))
    parts = cutout.parts((110, 195))
    assert len(parts) == 4 and parts[0].valid.shape == (110, 195)
    np.testing.assert_array_equal(parts[3].flux, cutout.part(Region(195, 110, 390, 220)).flux)
