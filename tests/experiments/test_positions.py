"""Errors of positions, on numbers whose answer is known."""

import numpy as np

from experiments import positions


def errors() -> positions.Errors:
    """A hundred sources of magnitude 23, blended, and a hundred of magnitude 28.5 whose light was not drawn."""
    n = 100
    bright = np.arange(2 * n) < n
    distance = np.tile(np.arange(n) / 1000, 2)
    return positions.Errors(
        magnitude=np.where(bright, 23.0, 28.5),
        blended=bright,
        from_centre=distance,
        from_light=np.where(bright, distance / 2, np.nan),
        mask_flux=np.where(bright, 0.9, 0.8),
        total_flux=np.full(2 * n, 1.0),
        size=np.where(bright, 1.0, np.nan),
    )


def test_sources_are_told_by_magnitude_with_medians_and_quantiles():
    told = positions.by_magnitude(errors())
    assert told["22 to 24"]["sources"] == told["< 26"]["sources"] == told["< 26, BLENDED"]["sources"] == 100
    np.testing.assert_allclose(told["< 26"]["from_centre_median"], 0.0495)
    np.testing.assert_allclose(told["< 26"]["from_light_95"], 0.047, atol=0.001)
    assert told["< 26"]["from_light_within_aim"] == 1.0
    assert told["28 to 29"]["from_light_95"] is None and told["28 to 29"]["mask_flux_median"] == 0.8
    row = positions.cells("28 to 29", told["28 to 29"])
    assert row[:4] == ["28 to 29", "100", "0.050, 0.094", "-"] and row[-1] == "-"
    assert len(row) == len(positions.HEADER)
