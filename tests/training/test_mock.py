"""Simulated tiles as tiles to learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from zpix.config import SimulationConfig
from zpix.training.mock import MockTile, draw_again, draw_tile


def test_a_mock_tile_labels_all_sources_or_those_with_spectra():
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    config = SimulationConfig(limit_mag=28.0, psf_angle_deg=0.0, star_density=0, brown_dwarf_per_arcmin2=0)
    every, some = (draw_tile(MockTile(3, 9, 384, ("F444W",), config, labels)) for labels in ("all", "spectroscopic"))
    assert np.isfinite(every.redshift).all() and len(every.redshift) == len(some.redshift)
    measured = np.isfinite(some.redshift)
    assert 0 < measured.sum() < len(measured)
    np.testing.assert_array_equal(some.redshift[measured], every.redshift[measured])
    np.testing.assert_array_equal(some.flux, every.flux)


def test_tiles_share_a_psf_and_nothing_else(monkeypatch):
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    from zpix.scenes import Sky

    seen = []
    monkeypatch.setattr(Sky, "realisations", lambda sky, region, **_: seen.append(sky) or iter(()))
    config = SimulationConfig(psf_width_scatter=0.15, psf_shared_tiles=5, band_depth_scatter_mag=0.3)
    for index in (0, 4, 5):
        list(draw_again(MockTile(3, index, 128, ("F200W", "F444W"), config)))
    list(draw_again(MockTile(3, 4, 128, ("F200W", "F444W"), config.model_copy(update={"psf_shared_tiles": 1}))))
    first, same, other, alone = (sky.conditions for sky in seen)
    assert first.stretch == same.stretch != other.stretch and alone.stretch not in (same.stretch, other.stretch)
    assert first.depth_mag != same.depth_mag == alone.depth_mag and seen[1].depth == seen[3].depth


def test_a_spike_whose_star_is_outside_the_tile_is_sky(monkeypatch):
    pytest.importorskip("eazy", reason="the simulator needs the extra 'sim'")
    from zpix.scenes import Population, sky
    from zpix.spectra import STARS, MixedSpectra, StarSpectra

    one = np.ones(1)
    spectra = MixedSpectra.of(STARS, StarSpectra(z=0 * one, teff=4000 * one, colour_scatter=one))
    star = Population.unplaced(kind="star", mag=16 * one, z=0 * one, spectra=spectra, y=64 * one)

    def with_star_at(x):
        placed = replace(star, x=x * one)
        monkeypatch.setattr(
            sky, "_cell_population", lambda seed, config, row, column, _: placed[: (row, column) == (0, 0)]
        )
        config = SimulationConfig(star_haloes=True, psf_angle_deg=0.0)
        return draw_tile(MockTile(3, 9, 128, ("F444W",), config))

    assert with_star_at(64.0).segmentation.all() and len(with_star_at(64.0).label) == 1
    outside = with_star_at(-100.0)
    assert not outside.segmentation.any() and len(outside.label) == 0 and outside.flux.max() > 1
