"""Simulated tiles as tiles to learn from."""

from __future__ import annotations

import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.training.mock import MockTile, draw_tile


def test_a_mock_tile_labels_all_sources_or_those_with_spectra():
    pytest.importorskip("poppy", reason="the simulator needs the extra 'sim'")
    config = SimulationConfig(limit_mag=28.0, psf_angle_deg=0.0, star_density=0, brown_dwarf_per_arcmin2=0)
    every, some = (draw_tile(MockTile(3, 9, 384, ("F444W",), config, labels)) for labels in ("all", "spectroscopic"))
    assert np.isfinite(every.redshift).all() and len(every.redshift) == len(some.redshift)
    measured = np.isfinite(some.redshift)
    assert 0 < measured.sum() < len(measured)
    np.testing.assert_array_equal(some.redshift[measured], every.redshift[measured])
    np.testing.assert_array_equal(some.flux, every.flux)
