"""Factors of fluxes are found from spectra, unless they are not significant or too large."""

import numpy as np

from tests.adaptation.scenery import BANDS, MODEL, SKY, mock_of, sources_of
from zpix.adaptation import FluxFactors, solve_flux_factors
from zpix.config import override
from zpix.scenes.other_spectra import other_fluxes


def field(factors: list[float], n: int = 120):
    rng = np.random.default_rng(3)
    mock = mock_of(n, seed=3)
    z = np.random.default_rng(4).uniform(0.5, 4, n)
    flux = other_fluxes(
        rng, kind=np.full(n, "galaxy"), mag=mock.magnitude.numpy().astype(float), z=z, ebv=np.full(n, 0.01),
        bands=BANDS, config=SKY,
    )  # fmt: skip
    sources = sources_of(flux.astype(float), sigma=0.1).divided_by(1 / np.array(factors))
    return type(sources)(**{**vars(sources), "size": mock.size.numpy()}), z


def solved(factors: list[float], monkeypatch) -> FluxFactors:
    from zpix.adaptation import flux_factors

    monkeypatch.setattr(flux_factors, "_FEWEST_BANDS", 3)
    monkeypatch.setattr(flux_factors, "_DRAWS", 12)
    monkeypatch.setattr(flux_factors, "_OFF", 0.0)  # three bands alone say little of shapes
    sources, z = field(factors, n=80)
    return solve_flux_factors(sources, z, mock_of(400), model=MODEL, simulation=SKY, largest=0.15, seed=0)


def test_factors_are_found_within_their_errors(monkeypatch):
    plain, moved = solved([1.0, 1.0, 1.0], monkeypatch), solved([1.0, 1.1, 1.0], monkeypatch)
    assert (np.abs(np.log(plain.factor)) < 3 * plain.error).all()
    change = np.log(moved.factor / plain.factor)  # the mean of the logarithms is zero
    expected = np.log([1.0, 1.1, 1.0]) - np.log(1.1) / 3
    np.testing.assert_allclose(change, expected, atol=0.03)


def test_only_significant_factors_that_are_not_too_large_are_applied():
    factors = FluxFactors(BANDS, np.array([1.01, 0.9, 1.4]), np.array([0.01, 0.02, 0.02]), np.array([0, 1, 0], bool), 9)
    assert factors.divisor.tolist() == [1.0, 0.9, 1.0] and factors.named() == {"F200W": 0.9}
    assert [row[-1] for row in factors.table()[2]] == ["no", "yes", "no"]


def test_too_few_galaxies_give_no_factors():
    sources, z = field([1.0, 1.1, 1.0], n=5)
    factors = solve_flux_factors(sources, z, mock_of(50), model=MODEL, simulation=SKY, largest=0.15, seed=0)
    assert not factors.applied.any() and factors.galaxies == 0


def test_zero_points_of_the_mock_scatter_by_the_errors_of_the_factors():
    sky = override(SKY, zero_point_scatter_mag=0.03)
    n = len(MODEL.bands)
    for error, scatter in ((0.01, 0.0109), (0.05, 0.03), (np.inf, 0.03)):
        factors = FluxFactors(MODEL.bands, np.ones(n), np.full(n, error), np.zeros(n, bool), 100)
        assert factors.remaining(sky).zero_point_scatter_mag == scatter
