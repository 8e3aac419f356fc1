"""A head is asked about galaxies in its own bands, whatever the bands that they were drawn in."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from experiments.foreign import sums
from zpix.detector.redshift_head import Mixture, PhotometricHead


class Head(PhotometricHead):
    """Never asked: what it would answer is put in its place."""

    def __init__(self) -> None:
        torch.nn.Module.__init__(self)

    def forward(self, *_inputs):
        raise NotImplementedError

    from_sums = photometric_parameters = forward


class Galaxies:
    """Two galaxies, of which the bands are told apart by numbers."""

    redshift = torch.tensor([1.0, 3.0])

    def __init__(self, bands: torch.Tensor) -> None:
        self.bands = bands

    def in_bands(self, wanted: torch.Tensor) -> Galaxies:
        return Galaxies(self.bands[wanted])


def test_a_head_gets_its_bands_in_its_order_and_each_galaxy_three_spectra(monkeypatch):
    asked = []

    def redrawn(galaxies: Galaxies, *, rng: np.random.Generator, **_settings) -> Galaxies:
        asked.append((galaxies.bands.tolist(), rng.random()))
        return galaxies

    def answer(_head, galaxies: Galaxies, _device) -> Mixture:
        means = galaxies.redshift[:, None] + 0.5
        return Mixture(torch.zeros(2, 1), means, torch.full((2, 1), 0.01), torch.zeros(2, 0))

    monkeypatch.setattr(sums, "redrawn", redrawn)
    monkeypatch.setattr(sums, "predict_sums", answer)
    model = SimpleNamespace(
        config=SimpleNamespace(bands=("F444W", "F150W")), detector=SimpleNamespace(redshift_head=Head())
    )
    told = sums.told_of(model, Galaxies(torch.arange(3)), ("F150W", "F277W", "F444W"), None)
    assert [bands for bands, _ in asked] == [[2, 0]] * 3
    assert len({draw for _, draw in asked}) == 3  # other spectra each time
    assert told.z_true.tolist() == [1.0, 3.0] * 3
    assert told.z_phot == pytest.approx(np.array([1.5, 3.5] * 3), abs=1e-3)
